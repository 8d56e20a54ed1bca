// Puts the columns of one step together to rows.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/base/row_schema.h"
#include "common/rl/environment.h"

namespace recbots {

// One step of B users, [B, ...] each (letters as in common/rl/spec.h).
struct StepRows {
  absl::Span<const float> observation;            // float32 [B, U]: what the slate was chosen for
  absl::Span<const int32_t> slates;               // int32 [B, K]
  absl::Span<const float> behaviour_probability;  // float32 [B]
  StepColumns result;
  int64_t weights_version = 0;
  int64_t weights_updates = 0;
  int64_t collected_micros = 0;
};

// Not thread-safe. Allocates only in the constructor.
class TransitionPacker {
 public:
  // `schema` is a TransitionSchema; `discount` multiplies the value of what follows (0 is written where terminated).
  TransitionPacker(const RowSchema& schema, int num_users, double discount);

  // B rows, row-major; valid until the next call.
  absl::string_view Pack(const StepRows& step);

 private:
  // Where a column lies in the row.
  struct Place {
    size_t offset = 0;
    size_t bytes = 0;
  };

  template <typename T>
  void Scatter(const Place& place, absl::Span<const T> values);
  template <typename T>
  void Fill(const Place& place, T value);

  const size_t row_bytes_;
  const size_t num_users_;
  const float discount_;
  Place observation_, next_observation_, slate_, response_, reward_, discount_place_, behaviour_probability_,
      weights_version_, weights_updates_, collected_micros_;
  std::vector<char> rows_;
};

}  // namespace recbots

// Puts the columns of one step together to rows.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/base/row_schema.h"
#include "common/rl/step_buffer.h"

namespace recbots {

// What is stamped on every row of a step.
struct StepStamp {
  int64_t weights_version = 0;
  int64_t weights_updates = 0;
  int64_t collected_micros = 0;
};

// Not thread-safe. Allocates only in the constructor.
class TransitionPacker {
 public:
  // `schema` is a TransitionSchema; `discount` multiplies the value of what follows (0 is written where terminated).
  TransitionPacker(const RowSchema& schema, int num_users, double discount);

  // One row per active user, row-major, of a step that has not been advanced; valid until the next call.
  absl::string_view Pack(const StepBuffer& step, const StepStamp& stamp);
  // Rows of the last Pack.
  int num_rows() const { return num_rows_; }

 private:
  // Where a column lies in the row.
  struct Place {
    size_t offset = 0;
    size_t bytes = 0;
  };

  template <typename T>
  void Scatter(const Place& place, const std::vector<T>& values);
  template <typename T>
  void Fill(const Place& place, T value);
  // Moves the rows of active users to the front.
  void DropInactive(const std::vector<uint8_t>& active);

  const size_t row_bytes_;
  const size_t num_users_;
  const float discount_;
  Place observation_, next_observation_, candidates_, next_candidates_, slate_, response_, reward_, discount_place_,
      behaviour_probability_, weights_version_, weights_updates_, collected_micros_;
  std::vector<char> rows_;
  int num_rows_ = 0;
};

}  // namespace recbots

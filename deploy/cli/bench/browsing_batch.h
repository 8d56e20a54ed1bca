// A prepared batch of document browsing, in the form in which replay delivers it: columns in aligned memory.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/algorithms/algorithm.h"
#include "common/base/row_schema.h"
#include "common/rl/spec.h"

namespace recbots {

// Not thread-safe.
class BrowsingBatch {
 public:
  static constexpr int kItems = 10;
  static EnvironmentSpec Spec();

  // Errors as TransitionSchema.
  static absl::StatusOr<std::unique_ptr<BrowsingBatch>> Make(int64_t rows);

  // Rows that do not end their episode.
  int64_t rows_that_go_on() const { return rows_that_go_on_; }
  // The columns as tensors, which borrow.
  absl::StatusOr<TransitionBatch> Wrap() const;
  // One update. Includes wrapping the columns, which is part of every update of the learner.
  absl::Status Learn(Algorithm& algorithm) const;

 private:
  BrowsingBatch(const RowSchema& schema, int64_t rows);

  struct alignas(RowSchema::kColumnAlignment) Line {
    char bytes[RowSchema::kColumnAlignment] = {};
  };
  template <typename T>
  T* At(absl::string_view column);

  const RowSchema schema_;
  const size_t rows_;
  int64_t rows_that_go_on_ = 0;
  std::vector<Line> lines_;
};

}  // namespace recbots

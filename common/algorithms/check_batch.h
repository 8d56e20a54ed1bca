// What every algorithm asks of a batch before it looks at a number.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/networks/tensor_batch.h"

namespace recbots {

// Letters as in common/networks/tensor_batch.h.
struct BatchShape {
  int num_user_features = 0;                // U
  int num_candidates = 0;                   // N
  int num_candidate_features = 0;           // D; 0: candidates are not looked at
  int slate_size = 1;                       // K
  int num_response_fields = 0;              // Responses have at least this many fields; 0: not checked
  bool next_slate = false;                  // Whether the slates shown next are looked at.
  at::ScalarType value_dtype = at::kFloat;  // Of rewards and discounts.
};

// INVALID_ARGUMENT: a column that is missing, on another device, or of another type or shape; a weight that is negative
// or not finite; a number of td_errors that is neither 0 nor that of the rows. Names column, what it is and what it
// should be. What slates hold is not looked at (CheckSlates).
absl::Status CheckBatch(const TransitionBatch& batch, const BatchShape& shape, absl::Span<const float> td_errors);

// INVALID_ARGUMENT: a position in `slates` int32 [B, K], contiguous, that is not one of 0 .. num_candidates - 1, or
// that stands behind a kNoItem; `name` is the column.
absl::Status CheckSlates(absl::string_view name, const at::Tensor& slates, int num_candidates);

}  // namespace recbots

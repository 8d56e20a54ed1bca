// What every algorithm asks of a batch before it looks at a number.
#pragma once

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/networks/tensor_batch.h"

namespace recbots {

// Letters as in common/networks/tensor_batch.h.
struct BatchShape {
  int num_user_features = 0;       // U
  int num_candidates = 0;          // N
  int num_candidate_features = 0;  // D; 0: candidates are not looked at
  int slate_size = 1;              // K
  bool response = false;           // Whether the responses are looked at, and the slates shown next.
  bool next_slate = false;
  at::ScalarType value_dtype = at::kFloat;  // Of rewards and discounts.
};

// INVALID_ARGUMENT: a column that is missing, on another device, or of another type or shape; a weight that is negative
// or not finite; a number of td_errors that is neither 0 nor that of the rows. Names column, what it is and what it
// should be.
absl::Status CheckBatch(const TransitionBatch& batch, const BatchShape& shape, absl::Span<const float> td_errors);

}  // namespace recbots

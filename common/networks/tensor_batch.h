// The one place where plain memory becomes tensors: dtype and shape are checked, nothing is copied.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/base/row_schema.h"
#include "common/rl/catalogue.h"

namespace recbots {

// B transitions as tensors. Columns that the rows do not have are undefined.
//
// Letters: B rows, U user features, N candidates, D features of a candidate, K slate positions, R response fields.
struct TransitionBatch {
  at::Tensor observation;       // float32 [B, U]; undefined where U is 0
  at::Tensor next_observation;  // float32 [B, U]; undefined where U is 0
  at::Tensor slate;             // int32 [B, K] candidate positions
  at::Tensor reward;            // float32 [B]
  at::Tensor discount;          // float32 [B]: 0 where terminated
  // float32 [B], at least 0: what each row counts in the losses; undefined: all the same. Not a column of the rows.
  at::Tensor importance_weights = {};
  // float32 [B, N, D]; undefined where D is 0. Of a fixed catalogue both are one view, whose rows are the same memory.
  at::Tensor candidates = {};
  at::Tensor next_candidates = {};
  at::Tensor response = {};    // float32 [B, K, R]
  at::Tensor next_slate = {};  // int32 [B, K]; undefined where rows do not hold it (TransitionOptions)
};

// Wraps `rows` rows that lie as columns (RowSchema). The tensors borrow: `columns` outlives them, and they are not
// written. `catalogue`, float32 [N, D], is what every row is offered where rows hold no candidates; undefined: nothing.
//   INVALID_ARGUMENT  no rows, fewer or more bytes than `rows` rows have, columns not aligned to 64 bytes, or a column
//                     that a transition has (common/rl/transition.h) is missing, or one of a pair (observations,
//                     candidates), or of another type or shape
absl::StatusOr<TransitionBatch> WrapTransitions(const RowSchema& schema, absl::string_view columns, int64_t rows,
                                                const at::Tensor& catalogue = {});

// float32 [I, D]; borrows `catalogue`, which outlives it. nullptr: undefined.
absl::StatusOr<at::Tensor> WrapCatalogue(const Catalogue* catalogue);

// One number per row, [B]; borrows as WrapTransitions does.
absl::StatusOr<at::Tensor> WrapRowValues(absl::Span<const float> values);

}  // namespace recbots

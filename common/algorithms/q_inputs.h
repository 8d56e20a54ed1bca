// What the tensor programs of all Q-learners read of a batch (common/networks/program_inputs.h), and what an algorithm
// adds to it.
//
// Letters: B rows, U user features, N candidates, F features of an item. Functions throw c10::Error
// (common/networks/torch_status.h). Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/types/span.h"
#include "common/networks/program_inputs.h"
#include "common/networks/tensor_batch.h"

namespace recbots {

class QInputs {
 public:
  struct Shape {
    int64_t num_user_features = 0, num_candidates = 0, num_item_features = 0;  // U, N, F
    bool item_features = true;  // Otherwise an item's features are its position, one-hot: F = N.
    bool next_is_now = false;   // What comes next is not looked at.
    at::TensorOptions tensors;  // Of everything but indices.
  };
  // More inputs of batches of B rows.
  using More = std::function<std::vector<ProgramInputs::Wanted>(int64_t rows)>;

  QInputs(const Shape& shape, More more) : shape_(shape), more_(std::move(more)) {}

  // Makes room for batches like this one. Returns whether programs read other memory from now on.
  bool Fit(const TransitionBatch& batch);
  // Copies the columns. Beside it, weights and more inputs are to be filled before each Upload.
  void Load(const TransitionBatch& batch);
  // What each row's loss is multiplied with: its weight over the number of rows that count.
  void LoadWeights(absl::Span<const double> weights);
  // Number i of what `more` wanted.
  const at::Tensor& host(size_t i) { return inputs_.host(first_more_ + i); }
  void Upload() { inputs_.Upload(); }

  // As programs read it.
  int64_t rows() const { return rows_; }                                          // B
  const at::Tensor& observation() const { return inputs_.device(kObservation); }  // [B, U]
  const at::Tensor& next_observation() const { return inputs_.device(next_observation_); }
  const at::Tensor& reward() const { return inputs_.device(kReward); }      // [B]
  const at::Tensor& discount() const { return inputs_.device(kDiscount); }  // [B]
  const at::Tensor& weights() const { return inputs_.device(kWeights); }    // [B]
  // [B, N, F]. Of a catalogue, or of positions, a view of one [N, F].
  at::Tensor candidates() const { return of_items(candidates_).expand({rows_, -1, -1}); }
  at::Tensor next_candidates() const { return of_items(next_candidates_).expand({rows_, -1, -1}); }
  // All candidates now, as rows [.., F]; ItemRow says which one is that of a row and a position.
  at::Tensor items() const { return of_items(candidates_).view({-1, shape_.num_item_features}); }
  int64_t ItemRow(int64_t row, int64_t position) const {
    return (one_for_all_ ? 0 : row * shape_.num_candidates) + position;
  }
  const at::Tensor& more(size_t i) const { return inputs_.device(first_more_ + i); }

 private:
  enum : size_t { kObservation, kReward, kDiscount, kWeights };

  // [B, N, F] or [1, N, F]
  const at::Tensor& of_items(size_t i) const { return shape_.item_features ? inputs_.device(i) : positions_; }

  const Shape shape_;
  const More more_;
  int64_t rows_ = 0;
  bool one_for_all_ = false;  // All rows have the same candidates.
  ProgramInputs inputs_;
  size_t next_observation_ = 0, candidates_ = 0, next_candidates_ = 0, first_more_ = 0;
  at::Tensor positions_;  // [1, N, N]
};

// Copies a result of a program, as float32, to `to`, which has a place for each of its numbers. Waits for the device.
void ReadBack(const at::Tensor& result, absl::Span<float> to);

// The column of a batch, contiguous, or, where all rows are the same memory, one of them.
at::Tensor RowsOrOne(const at::Tensor& column);

}  // namespace recbots

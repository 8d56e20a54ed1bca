// What an update of Wolpertinger as a tensor program (tensor_update.h) reads, and the host writes before it: the
// columns of a batch, in the networks' type of numbers, and the draws of the update.
//
// Letters: B rows, U user features, R random candidates, E embedding size.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/algorithms/wolpertinger/options.h"
#include "common/networks/program_inputs.h"
#include "common/networks/tensor_batch.h"

namespace recbots {

// Functions throw c10::Error (torch_status.h). Not thread-safe.
class WolpertingerInputs {
 public:
  WolpertingerInputs() = default;
  // Of batches of this many rows; of `networks` are the type of numbers and the device.
  WolpertingerInputs(const WolpertingerOptions& options, int64_t rows, const at::TensorOptions& networks);

  struct Update {
    uint64_t updates;   // Those done, which choose the draws,
    int64_t first_row;  // and the number of the first row.
    bool actor_is_due;  // Otherwise the actor's draws are not made.
  };
  // Makes them those of this update. The batch has passed CheckBatch, and its items are some of the catalogue.
  void Load(const TransitionBatch& batch, const Update& update);

  int64_t rows() const { return rows_; }
  // [B, U]
  const at::Tensor& observation() const { return inputs_.device(kObservation); }
  const at::Tensor& next_observation() const { return inputs_.device(kNextObservation); }
  // int64 [B]: the items shown.
  const at::Tensor& items() const { return inputs_.device(kItems); }
  // [B]
  const at::Tensor& reward() const { return inputs_.device(kReward); }
  const at::Tensor& discount() const { return inputs_.device(kDiscount); }
  // [B, 1]: 2 / B times the importance weight, which is 1 where the batch has none. A TD error times it is the gradient
  // of the weighted mean of squares.
  const at::Tensor& slope() const { return inputs_.device(kSlope); }
  // int64 [B, R]; of no columns where no search makes candidates of them.
  const at::Tensor& drawn(Draw draw) const { return inputs_.device(draw == Draw::kCandidates ? kDrawn : kTargetDrawn); }
  // [B, E], clipped; of no columns without noise or a search.
  const at::Tensor& noise() const { return inputs_.device(kNoise); }

 private:
  enum Input : size_t {
    kObservation,
    kNextObservation,
    kItems,
    kReward,
    kDiscount,
    kSlope,
    kDrawn,
    kTargetDrawn,
    kNoise,
  };

  template <typename T>
  void LoadAs(const TransitionBatch& batch);
  void DrawItems(const Update& update, Draw draw, const at::Tensor& to) const;
  template <typename T>
  void DrawNoise(const Update& update, const at::Tensor& to) const;

  WolpertingerOptions options_;
  int64_t rows_ = 0;
  ProgramInputs inputs_;
};

}  // namespace recbots

// A small Wolpertinger and batches for it, for tests of updates.
#pragma once

#include <ATen/ATen.h>

#include "common/algorithms/wolpertinger/options.h"
#include "common/base/random.h"
#include "common/networks/tensor_batch.h"

namespace recbots::testing {

inline WolpertingerOptions SmallOptions() {
  WolpertingerOptions options;
  options.shape = {.num_user_features = 7, .num_items = 9, .k = 4, .embedding_size = 3, .hidden_units = 16};
  options.seed = 5;
  return options;
}

inline at::Tensor Normals(at::IntArrayRef sizes, Rng& rng) {
  const at::Tensor values = at::empty(sizes, at::TensorOptions(at::kFloat));
  for (int64_t i = 0; i < values.numel(); ++i) values.data_ptr<float>()[i] = static_cast<float>(rng.Normal());
  return values;
}

// Rows drawn by stream; about half of them end their episode.
inline TransitionBatch MakeBatch(const WolpertingerOptions& options, int64_t rows, uint32_t stream = 0) {
  Rng rng(9, Purpose::kTest, {.stream = stream});
  TransitionBatch batch;
  batch.observation = Normals({rows, options.shape.num_user_features}, rng);
  batch.next_observation = Normals({rows, options.shape.num_user_features}, rng);
  batch.slate = at::empty({rows, 1}, at::TensorOptions(at::kInt));
  for (int64_t i = 0; i < rows; ++i) {
    batch.slate.data_ptr<int32_t>()[i] =
        static_cast<int32_t>(rng.Index(static_cast<uint32_t>(options.shape.num_items)));
  }
  const at::ScalarType dtype = options.double_precision ? at::kDouble : at::kFloat;
  batch.reward = Normals({rows}, rng).to(dtype);
  batch.discount = Normals({rows}, rng).gt(0).to(dtype).mul(0.9);
  return batch;
}

// Importance weights from 0 on.
inline at::Tensor MakeWeights(int64_t rows) {
  Rng rng(9, Purpose::kTest, {.stream = 100});
  const at::Tensor weights = at::empty({rows}, at::TensorOptions(at::kFloat));
  for (int64_t i = 0; i < rows; ++i) weights.data_ptr<float>()[i] = i % 7 == 3 ? 0 : static_cast<float>(rng.Uniform());
  return weights;
}

}  // namespace recbots::testing

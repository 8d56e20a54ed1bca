#include "common/algorithms/wolpertinger/tensor_inputs.h"

#include <algorithm>

namespace recbots {
namespace {

template <typename From, typename To>
void CopyColumn(const at::Tensor& from, const at::Tensor& to) {
  const at::Tensor column = from.contiguous();
  std::copy_n(column.data_ptr<From>(), column.numel(), to.data_ptr<To>());
}

}  // namespace

WolpertingerInputs::WolpertingerInputs(const WolpertingerOptions& options, int64_t rows,
                                       const at::TensorOptions& networks)
    : options_(options), rows_(rows) {
  const WolpertingerShape& shape = options.shape;
  const at::ScalarType type = c10::typeMetaToScalarType(networks.dtype());
  const bool searches = shape.k < shape.num_items;
  const bool regresses = options.actor_objective != ActorObjective::kClimbCritic;
  const int64_t drawn = searches ? options.random_candidates : 0;
  std::vector<ProgramInputs::Wanted> wanted(kNoise + 1);
  wanted[kObservation] = wanted[kNextObservation] = {{rows, shape.num_user_features}, type};
  wanted[kItems] = {{rows}, at::kLong};
  wanted[kReward] = wanted[kDiscount] = {{rows}, type};
  wanted[kSlope] = {{rows, 1}, type};
  wanted[kDrawn] = {{rows, regresses ? drawn : 0}, at::kLong};
  wanted[kTargetDrawn] = {{rows, drawn}, at::kLong};
  wanted[kNoise] = {{rows, searches && options.target_noise > 0 ? shape.embedding_size : 0}, type};
  inputs_ = ProgramInputs(wanted, networks.device());
}

void WolpertingerInputs::Load(const TransitionBatch& batch, const Update& update) {
  CopyColumn<int32_t, int64_t>(batch.slate, inputs_.host(kItems));
  DrawItems(update, Draw::kTargetCandidates, inputs_.host(kTargetDrawn));
  if (update.actor_is_due) DrawItems(update, Draw::kCandidates, inputs_.host(kDrawn));
  if (inputs_.host(kReward).scalar_type() == at::kDouble) {
    LoadAs<double>(batch);
    DrawNoise<double>(update, inputs_.host(kNoise));
  } else {
    LoadAs<float>(batch);
    DrawNoise<float>(update, inputs_.host(kNoise));
  }
  inputs_.Upload();
}

template <typename T>
void WolpertingerInputs::LoadAs(const TransitionBatch& batch) {
  CopyColumn<float, T>(batch.observation, inputs_.host(kObservation));
  CopyColumn<float, T>(batch.next_observation, inputs_.host(kNextObservation));
  CopyColumn<T, T>(batch.reward, inputs_.host(kReward));
  CopyColumn<T, T>(batch.discount, inputs_.host(kDiscount));
  const at::Tensor& slope = inputs_.host(kSlope);
  const T share = static_cast<T>(1.0 / static_cast<double>(rows_));
  T* const to = slope.data_ptr<T>();
  std::fill_n(to, rows_, T{2} * share);
  if (!batch.importance_weights.defined()) return;
  CopyColumn<float, T>(batch.importance_weights, slope);
  for (int64_t row = 0; row < rows_; ++row) to[row] = T{2} * (to[row] * share);
}

void WolpertingerInputs::DrawItems(const Update& update, Draw draw, const at::Tensor& to) const {
  int64_t* item = to.data_ptr<int64_t>();
  for (int64_t row = 0; row < rows_ && to.size(1) > 0; ++row) {
    Rng rng = RowDraws(options_.seed, update.updates, draw, update.first_row + row);
    for (int64_t i = 0; i < to.size(1); ++i) *item++ = rng.Index(static_cast<uint32_t>(options_.shape.num_items));
  }
}

template <typename T>
void WolpertingerInputs::DrawNoise(const Update& update, const at::Tensor& to) const {
  T* value = to.data_ptr<T>();
  for (int64_t row = 0; row < rows_ && to.size(1) > 0; ++row) {
    Rng rng = RowDraws(options_.seed, update.updates, Draw::kNoise, update.first_row + row);
    for (int64_t i = 0; i < to.size(1); ++i) {
      const double draw = options_.target_noise * rng.Normal();
      *value++ = static_cast<T>(std::clamp(draw, -options_.target_noise_clip, options_.target_noise_clip));
    }
  }
}

}  // namespace recbots

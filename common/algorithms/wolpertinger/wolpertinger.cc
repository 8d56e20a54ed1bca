#include "common/algorithms/wolpertinger/wolpertinger.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/algorithms/check_batch.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"
#include "common/networks/torch_status.h"

namespace recbots {
namespace {

absl::Status CheckOptions(const WolpertingerOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckShape(options.shape));
  RECBOTS_RETURN_IF_ERROR(CheckRange("wolpertinger: random_candidates", options.random_candidates, 0, 4096));
  RECBOTS_RETURN_IF_ERROR(CheckRange("wolpertinger: learning_rate", options.learning_rate, 0, 1));
  RECBOTS_RETURN_IF_ERROR(CheckRange("wolpertinger: tau", options.tau, 0, 1));
  RECBOTS_RETURN_IF_ERROR(CheckRange("wolpertinger: actor_delay", options.actor_delay, 1, 1000));
  RECBOTS_RETURN_IF_ERROR(CheckRange("wolpertinger: target_noise", options.target_noise, 0, 10));
  return CheckRange("wolpertinger: target_noise_clip", options.target_noise_clip, 0, 10);
}

int NumCritics(const WolpertingerOptions& options) { return options.twin_critics ? 2 : 1; }

TrainingState MakeState(const WolpertingerOptions& options) {
  const std::vector<TensorSpec> tensors = WolpertingerNetworks::Tensors(options.shape, NumCritics(options));
  const TrainingSpec spec = {
      .tensors = tensors, .num_targets = tensors.size(), .numbers = {{"updates"}, {"actor.steps"}, {"critic.steps"}}};
  return TrainingState(spec, options.double_precision ? at::kDouble : at::kFloat);
}

WolpertingerMemory MemoryOf(const WolpertingerNetworks& networks) {
  WolpertingerMemory memory = {MemoryOf(networks.actor), {}, networks.embeddings.data_ptr<float>()};
  for (size_t c = 0; c < networks.critics.size(); ++c) memory.critics[c] = MemoryOf(networks.critics[c].mlp);
  return memory;
}

// A column of a batch as plain memory, which is copied only if it is not contiguous.
template <typename T>
class PlainColumn {
 public:
  explicit PlainColumn(const at::Tensor& values) : values_(values.defined() ? values.contiguous() : values) {}
  // nullptr: there is no such column.
  const T* data() const { return values_.defined() ? values_.data_ptr<T>() : nullptr; }

 private:
  const at::Tensor values_;
};

absl::Status CheckItems(absl::Span<const int32_t> shown, int num_items) {
  for (size_t row = 0; row < shown.size(); ++row) {
    if (shown[row] >= 0 && shown[row] < num_items) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("batch: slate[", row, "] is item ", shown[row], ", want 0..", num_items - 1));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Wolpertinger>> Wolpertinger::Create(const WolpertingerOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckOptions(options));
  std::unique_ptr<Wolpertinger> algorithm;
  RECBOTS_RETURN_IF_ERROR(RunTorch([&] { algorithm.reset(new Wolpertinger(options)); }));
  return algorithm;
}

Wolpertinger::Wolpertinger(const WolpertingerOptions& options)
    : Algorithm(MakeState(options), PolicyTensors(options.shape)),
      options_(options),
      dtype_(options.double_precision ? at::kDouble : at::kFloat),
      online_(options.shape, NumCritics(options), state().all().parameters),
      target_(options.shape, NumCritics(options), state().all().targets),
      gradients_(options.shape, NumCritics(options), state().all().gradients),
      updates_(state().Number("updates")) {
  online_.Initialize(options.seed);
  target_.arena.flat().copy_(online_.arena.flat());
  const AdamOptions adam = {.learning_rate = options.learning_rate, .around = options.optimizer};
  const absl::Span<const TensorSpec> tensors = online_.arena.layout().tensors();
  const size_t critic = online_.arena.Index(LayerTensor(kCritic, online_.hidden, "w1"));
  actor_part_ = state().Part(tensors.first(critic));
  actor_optimizer_ = Adam(adam, actor_part_, state().Number("actor.steps"));
  critic_part_ = state().Part(tensors.subspan(critic));
  critic_optimizer_ = Adam(adam, critic_part_, state().Number("critic.steps"));
  if (options.double_precision || options.with_libtorch || !options.shape.layers.units.empty()) return;
  fused_ = std::make_unique<FusedUpdate>(options, MemoryOf(online_), MemoryOf(target_), MemoryOf(gradients_));
}

Wolpertinger::Candidates::Candidates(const WolpertingerOptions& options, int64_t batch_size, at::ScalarType dtype)
    : items(at::empty({batch_size, options.shape.k + options.random_candidates}, at::TensorOptions(at::kLong))),
      nearest(items.narrow(1, 0, options.shape.k)),
      random(items.narrow(1, options.shape.k, options.random_candidates)),
      unit(at::empty({0}, at::TensorOptions(dtype))),
      search(dtype),
      critic(dtype),
      best(at::empty({0}, at::TensorOptions(at::kLong))),
      best_value(at::empty({0}, at::TensorOptions(dtype))) {}

Wolpertinger::Scratch::Scratch(const WolpertingerOptions& options, int64_t size, at::ScalarType dtype)
    : batch_size(size),
      ones(at::ones({size}, at::TensorOptions(dtype))),
      items(at::empty({size}, at::TensorOptions(at::kLong))),
      d_climb(at::full({size, 1}, -1.0 / static_cast<double>(size), at::TensorOptions(dtype))),
      actor(dtype),
      target_actor(dtype),
      embeddings(dtype),
      target_embeddings(dtype),
      critic{MlpActivations(dtype), MlpActivations(dtype)},
      climb(dtype),
      candidates(options, size, dtype),
      target_candidates(options, size, dtype),
      target_critic2(dtype) {
  for (at::Tensor* tensor :
       {&target_values, &state[0], &state[1], &td_error[0], &td_error[1], &d_value, &action, &d_action, &best_action,
        &d_proto_action, &distance, &target_state, &target_best_action, &d_unit}) {
    *tensor = at::empty({0}, at::TensorOptions(dtype));
  }
}

absl::Status Wolpertinger::LoadBatch(const TransitionBatch& batch) {
  if (scratch_.batch_size != batch.reward.size(0)) scratch_ = Scratch(options_, batch.reward.size(0), dtype_);
  const PlainColumn<int32_t> slate(batch.slate);
  const absl::Span<const int32_t> shown = {slate.data(), static_cast<size_t>(scratch_.batch_size)};
  RECBOTS_RETURN_IF_ERROR(CheckItems(shown, options_.shape.num_items));
  std::copy(shown.begin(), shown.end(), scratch_.items.data_ptr<int64_t>());
  scratch_.observation = batch.observation.to(dtype_);
  scratch_.next_observation = batch.next_observation.to(dtype_);
  scratch_.reward = batch.reward;
  scratch_.discount = batch.discount;
  // The weights go into what the critics' gradients begin with: nothing else of an update knows of them.
  scratch_.d_td = scratch_.d_climb;
  if (batch.importance_weights.defined()) {
    scratch_.d_td = at::mul(batch.importance_weights.to(dtype_).view({-1, 1}), scratch_.d_climb);
  }
  return absl::OkStatus();
}

absl::Status Wolpertinger::Update(const TransitionBatch& batch, absl::Span<float> td_errors) {
  RECBOTS_RETURN_IF_ERROR(
      CheckBatch(batch, {.num_user_features = options_.shape.num_user_features, .slate_size = 1, .value_dtype = dtype_},
                 td_errors));
  absl::Status learnt;
  RECBOTS_RETURN_IF_ERROR(
      RunTorch([&] { learnt = fused_ == nullptr ? RunTensors(batch, td_errors) : RunFused(batch, td_errors); }));
  return learnt;
}

absl::Status Wolpertinger::RunFused(const TransitionBatch& batch, absl::Span<float> td_errors) {
  const auto rows = static_cast<size_t>(batch.reward.size(0));
  const PlainColumn<float> observation(batch.observation), next_observation(batch.next_observation),
      reward(batch.reward), discount(batch.discount), weights(batch.importance_weights);
  const PlainColumn<int32_t> slate(batch.slate);
  RECBOTS_RETURN_IF_ERROR(CheckItems({slate.data(), rows}, options_.shape.num_items));
  fused_->Run({.rows = static_cast<int>(rows),
               .observation = observation.data(),
               .next_observation = next_observation.data(),
               .items = slate.data(),
               .reward = reward.data(),
               .discount = discount.data(),
               .weights = weights.data(),
               .first_row = FirstRow(static_cast<int64_t>(rows))},
              static_cast<uint64_t>(updates()), actor_is_due());
  if (!actor_is_due()) {
    const at::Tensor& actor = actor_part_.gradients.flat();
    std::fill_n(actor.data_ptr<float>(), actor.numel(), 0.0f);
  }
  WriteTdErrors(td_errors);
  RECBOTS_RETURN_IF_ERROR(ExchangeGradients(batch));
  Step();
  return absl::OkStatus();
}

absl::Status Wolpertinger::RunTensors(const TransitionBatch& batch, absl::Span<float> td_errors) {
  const c10::InferenceMode no_autograd;
  RECBOTS_RETURN_IF_ERROR(LoadBatch(batch));
  ComputeTargets();
  ComputeCriticGradients();
  WriteTdErrors(td_errors);
  if (actor_is_due()) {
    ComputeActorGradients();
  } else {
    actor_part_.gradients.flat().zero_();
  }
  RECBOTS_RETURN_IF_ERROR(ExchangeGradients(batch));
  Step();
  return absl::OkStatus();
}

absl::Status Wolpertinger::ExchangeGradients(const TransitionBatch& batch) {
  if (exchange() == nullptr) return absl::OkStatus();
  const auto rows = static_cast<double>(batch.reward.size(0));
  GradientPart parts[] = {{actor_part_.gradients.flat(), actor_is_due() ? rows : 0.0},
                          {critic_part_.gradients.flat(), rows}};
  if (fused_ != nullptr) {
    parts[0].mean = fused_->mutable_actor_loss();
    parts[1].mean = fused_->mutable_critic_loss();
  } else {
    const Losses own = TensorLosses();
    group_losses_[0].second = own[0].second;
    if (actor_is_due()) group_losses_[1].second = own[1].second;
    parts[0].mean = &group_losses_[1].second;
    parts[1].mean = &group_losses_[0].second;
  }
  parts[1].weighted = batch.importance_weights.defined();
  return exchange()->Exchange(absl::MakeSpan(parts));
}

void Wolpertinger::Step() {
  if (actor_is_due()) {
    actor_optimizer_.StepAndBlend(options_.tau);
  } else {
    actor_optimizer_.BlendTargets(options_.tau);
  }
  critic_optimizer_.StepAndBlend(options_.tau);
  updates_ += 1;
  EndUpdate();
}

at::Tensor Wolpertinger::target_values() const {
  if (fused_ == nullptr) return scratch_.target_values;
  const absl::Span<float> values = fused_->target_values();
  return at::from_blob(values.data(), {static_cast<int64_t>(values.size())});
}

}  // namespace recbots

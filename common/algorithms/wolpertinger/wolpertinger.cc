#include "common/algorithms/wolpertinger/wolpertinger.h"

#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/algorithms/check_batch.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"
#include "common/networks/torch_device.h"
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

// Whether fused_update.h computes.
bool IsFused(const WolpertingerOptions& options) {
  return !options.device.cuda && !options.double_precision && !options.with_libtorch &&
         options.shape.layers.units.empty();
}

TrainingState MakeState(const WolpertingerOptions& options) {
  const std::vector<TensorSpec> tensors = WolpertingerNetworks::Tensors(options.shape, NumCritics(options));
  const TrainingSpec spec = {
      .tensors = tensors, .num_targets = tensors.size(), .numbers = {{"updates"}, {"actor.steps"}, {"critic.steps"}}};
  return TrainingState(
      spec, at::TensorOptions(options.double_precision ? at::kDouble : at::kFloat).device(TorchDevice(options.device)));
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
  RECBOTS_RETURN_IF_ERROR(RunTorch([&] {
    auto program = std::make_unique<TensorProgram>(TorchDevice(options.device), options.precision);
    algorithm.reset(new Wolpertinger(options, std::move(program)));
  }));
  return algorithm;
}

Wolpertinger::Wolpertinger(const WolpertingerOptions& options, std::unique_ptr<TensorProgram> program)
    : Algorithm(MakeState(options), PolicyTensors(options.shape)),
      options_(options),
      dtype_(options.double_precision ? at::kDouble : at::kFloat),
      program_(std::move(program)),
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
  if (IsFused(options)) {
    fused_ = std::make_unique<FusedUpdate>(options, MemoryOf(online_), MemoryOf(target_), MemoryOf(gradients_));
  } else {
    tensors_ = std::make_unique<TensorUpdate>(options, online_, target_, gradients_, *program_);
  }
}

absl::Status Wolpertinger::Update(const TransitionBatch& batch, absl::Span<float> td_errors) {
  RECBOTS_RETURN_IF_ERROR(
      CheckBatch(batch, {.num_user_features = options_.shape.num_user_features, .slate_size = 1, .value_dtype = dtype_},
                 td_errors));
  const PlainColumn<int32_t> slate(batch.slate);
  RECBOTS_RETURN_IF_ERROR(
      CheckItems({slate.data(), static_cast<size_t>(batch.reward.size(0))}, options_.shape.num_items));
  absl::Status learnt;
  RECBOTS_RETURN_IF_ERROR(
      RunTorch([&] { learnt = fused_ == nullptr ? RunTensors(batch, td_errors) : RunFused(batch, td_errors); }));
  return learnt;
}

absl::Status Wolpertinger::RunFused(const TransitionBatch& batch, absl::Span<float> td_errors) {
  const int64_t rows = batch.reward.size(0);
  const PlainColumn<float> observation(batch.observation), next_observation(batch.next_observation),
      reward(batch.reward), discount(batch.discount), weights(batch.importance_weights);
  const PlainColumn<int32_t> slate(batch.slate);
  fused_->Run({.rows = static_cast<int>(rows),
               .observation = observation.data(),
               .next_observation = next_observation.data(),
               .items = slate.data(),
               .reward = reward.data(),
               .discount = discount.data(),
               .weights = weights.data(),
               .first_row = FirstRow(rows)},
              static_cast<uint64_t>(updates()), actor_is_due());
  if (!actor_is_due()) {
    const at::Tensor& actor = actor_part_.gradients.flat();
    std::fill_n(actor.data_ptr<float>(), actor.numel(), 0.0f);
  }
  WriteFusedErrors(td_errors);
  RECBOTS_RETURN_IF_ERROR(ExchangeGradients(batch));
  BeginStep();
  ApplyStep(actor_is_due());
  EndStep();
  return absl::OkStatus();
}

absl::Status Wolpertinger::RunTensors(const TransitionBatch& batch, absl::Span<float> td_errors) {
  const c10::InferenceMode no_autograd;
  const bool with_actor = actor_is_due(), with_errors = !td_errors.empty();
  tensors_->Load(batch, {.updates = static_cast<uint64_t>(updates()),
                         .first_row = FirstRow(batch.reward.size(0)),
                         .actor_is_due = with_actor});
  const auto gradients = [&] {
    tensors_->Compute(with_actor, with_errors);
    if (!with_actor) actor_part_.gradients.flat().zero_();
  };
  // Variants of the program. Other learners' gradients come between two halves of it.
  constexpr int64_t kWithActor = 1, kWithErrors = 2, kGradients = 4, kStep = 8;
  const int64_t variant = (with_actor ? kWithActor : 0) | (with_errors ? kWithErrors : 0);
  if (exchange() == nullptr) {
    BeginStep();
    program_->Run(variant | kGradients | kStep, [&] {
      gradients();
      ApplyStep(with_actor);
    });
    if (with_errors) tensors_->ReadErrors(td_errors);
  } else {
    program_->Run(variant | kGradients, gradients);
    if (with_errors) tensors_->ReadErrors(td_errors);
    RECBOTS_RETURN_IF_ERROR(ExchangeGradients(batch));
    BeginStep();
    program_->Run((variant & kWithActor) | kStep, [&] { ApplyStep(with_actor); });
  }
  EndStep();
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
    const TensorUpdate::Losses own = tensors_->losses();
    group_losses_.critic = own.critic;
    if (actor_is_due()) group_losses_.actor = own.actor;
    parts[0].mean = &group_losses_.actor;
    parts[1].mean = &group_losses_.critic;
  }
  parts[1].weighted = batch.importance_weights.defined();
  return exchange()->Exchange(absl::MakeSpan(parts));
}

void Wolpertinger::BeginStep() {
  if (actor_is_due()) actor_optimizer_.Begin();
  critic_optimizer_.Begin();
}

void Wolpertinger::ApplyStep(bool with_actor) {
  if (with_actor) {
    actor_optimizer_.ApplyAndBlend(options_.tau);
  } else {
    actor_optimizer_.BlendTargets(options_.tau);
  }
  critic_optimizer_.ApplyAndBlend(options_.tau);
}

void Wolpertinger::EndStep() {
  updates_ += 1;
  EndUpdate();
}

void Wolpertinger::WriteFusedErrors(absl::Span<float> td_errors) const {
  if (td_errors.empty()) return;
  std::fill(td_errors.begin(), td_errors.end(), 0.0f);
  for (size_t c = 0; c < online_.critics.size(); ++c) {
    const float* error = fused_->td_errors(c).data();
    for (float& largest : td_errors) {
      const float size = std::abs(*error++);
      // A NaN stays, whichever critic has it.
      if (std::isnan(size) || size > largest) largest = size;
    }
  }
}

Algorithm::Losses Wolpertinger::losses() const {
  TensorUpdate::Losses newest = group_losses_;
  if (fused_ != nullptr) {
    newest = {fused_->critic_loss(), fused_->actor_loss()};
  } else if (exchange() == nullptr) {
    newest = tensors_->losses();
  }
  Losses losses = {{"critic_loss", newest.critic}, {"actor_loss", newest.actor}};
  AddOptimizer("critic", critic_optimizer_, losses);
  AddOptimizer("actor", actor_optimizer_, losses);
  return losses;
}

at::Tensor Wolpertinger::target_values() const {
  if (fused_ == nullptr) return tensors_->target_values();
  const absl::Span<float> values = fused_->target_values();
  return at::from_blob(values.data(), {static_cast<int64_t>(values.size())});
}

}  // namespace recbots

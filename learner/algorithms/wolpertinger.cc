#include "learner/algorithms/wolpertinger.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones.h>
#include <c10/core/InferenceMode.h>
#include <cblas.h>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/networks/torch_status.h"
#include "learner/algorithms/check_batch.h"

namespace recbots {
namespace {

absl::Status CheckRange(absl::string_view field, double value, double min, double max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("wolpertinger: ", field, " ", value, ", want ", min, "..", max));
}

absl::Status CheckOptions(const WolpertingerOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckShape(options.shape));
  RECBOTS_RETURN_IF_ERROR(CheckRange("random_candidates", options.random_candidates, 0, 4096));
  RECBOTS_RETURN_IF_ERROR(CheckRange("learning_rate", options.learning_rate, 0, 1));
  RECBOTS_RETURN_IF_ERROR(CheckRange("tau", options.tau, 0, 1));
  RECBOTS_RETURN_IF_ERROR(CheckRange("actor_delay", options.actor_delay, 1, 1000));
  RECBOTS_RETURN_IF_ERROR(CheckRange("target_noise", options.target_noise, 0, 10));
  return CheckRange("target_noise_clip", options.target_noise_clip, 0, 10);
}

int NumCritics(const WolpertingerOptions& options) { return options.twin_critics ? 2 : 1; }

TrainingState MakeState(const WolpertingerOptions& options) {
  const std::vector<TensorSpec> tensors = WolpertingerNetworks::Layout(options.shape, NumCritics(options)).tensors();
  const TrainingSpec spec = {
      .tensors = tensors, .num_targets = tensors.size(), .numbers = {{"updates"}, {"actor.steps"}, {"critic.steps"}}};
  return TrainingState(spec, options.double_precision ? at::kDouble : at::kFloat);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Wolpertinger>> Wolpertinger::Create(const WolpertingerOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckOptions(options));
  std::unique_ptr<Wolpertinger> algorithm;
  RECBOTS_RETURN_IF_ERROR(RunTorch([&] {
    at::set_num_threads(1);
    openblas_set_num_threads(1);  // The packaged LibTorch computes with it, and does not pass its own setting on.
    algorithm.reset(new Wolpertinger(options));
  }));
  return algorithm;
}

Wolpertinger::Wolpertinger(const WolpertingerOptions& options)
    : Algorithm(MakeState(options)),
      options_(options),
      dtype_(options.double_precision ? at::kDouble : at::kFloat),
      online_(options.shape, NumCritics(options), state().all().parameters),
      target_(options.shape, NumCritics(options), state().all().targets),
      gradients_(options.shape, NumCritics(options), state().all().gradients),
      updates_(state().Number("updates")) {
  online_.Initialize(options.seed);
  target_.arena.flat().copy_(online_.arena.flat());
  const size_t critic = WolpertingerNetworks::kFirstOfCritic;
  const size_t end = online_.arena.layout().tensors().size();
  const AdamOptions adam = {.learning_rate = options.learning_rate};
  actor_optimizer_ = Adam(adam, state().Part("actor.w1", critic), state().Number("actor.steps"));
  critic_optimizer_ = Adam(adam, state().Part("critic.w1", end - critic), state().Number("critic.steps"));
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
  const at::Tensor slate = batch.slate.contiguous();
  const int32_t* shown = slate.data_ptr<int32_t>();
  int64_t* items = scratch_.items.data_ptr<int64_t>();
  for (int64_t row = 0; row < scratch_.batch_size; ++row) {
    if (shown[row] < 0 || shown[row] >= options_.shape.num_items) {
      return absl::InvalidArgumentError(
          absl::StrCat("batch: slate[", row, "] is item ", shown[row], ", want 0..", options_.shape.num_items - 1));
    }
    items[row] = shown[row];
  }
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
  absl::Status loaded;
  RECBOTS_RETURN_IF_ERROR(RunTorch([&] {
    const c10::InferenceMode no_autograd;
    loaded = LoadBatch(batch);
    if (!loaded.ok()) return;
    ComputeTargets();
    ComputeCriticGradients();
    if (!td_errors.empty()) WriteTdErrors(td_errors);
    if (actor_is_due()) {
      ComputeActorGradients();
    } else {
      gradients_.arena.Range(0, WolpertingerNetworks::kFirstOfCritic).zero_();
    }
    Step();
  }));
  return loaded;
}

void Wolpertinger::Step() {
  if (actor_is_due()) actor_optimizer_.Step();
  critic_optimizer_.Step();
  target_.arena.flat().lerp_(online_.arena.flat(), options_.tau);
  updates_ += 1;
}

Rng Wolpertinger::MakeRng(Draw draw, int64_t row) const {
  const auto update = static_cast<uint64_t>(updates());
  return Rng(options_.seed, Purpose::kAlgorithm,
             {.stream = static_cast<uint32_t>(draw) << 24 | static_cast<uint32_t>(row),
              .episode = static_cast<uint32_t>(update >> 32),
              .step = static_cast<uint32_t>(update)});
}

std::string Wolpertinger::EncodeWeights() const {
  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i < PolicyTensors(options_.shape).size(); ++i) tensors.push_back(online_.arena.Export(i));
  return EncodeTensors(tensors);
}

}  // namespace recbots

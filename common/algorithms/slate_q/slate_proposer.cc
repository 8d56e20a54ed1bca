#include "common/algorithms/slate_q/slate_proposer.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sub.h>

#include <algorithm>
#include <utility>

#include "common/algorithms/slate_q/shape.h"
#include "common/base/random.h"
#include "common/inference/nearest.h"
#include "common/networks/initialize.h"

namespace recbots {
namespace {

// Parameters are drawn from streams of their own, not those of the Q-network.
constexpr uint64_t kSeed = 0x5EED0AC702;

TrainingSpec SpecOf(const SlateProposerOptions& options) {
  TrainingSpec spec;
  SlateProposer::Describe(options, spec);
  return spec;
}

}  // namespace

void SlateProposer::Describe(const SlateProposerOptions& options, TrainingSpec& spec) {
  for (TensorSpec& tensor : MlpTensors(kProposalNetwork, options.actor)) spec.tensors.push_back(std::move(tensor));
  spec.numbers.push_back({"actor.steps"});
}

SlateProposer::SlateProposer(const SlateProposerOptions& options, int num_candidates)
    : SlateProposer(options, num_candidates, TrainingState(SpecOf(options), at::kFloat)) {}

SlateProposer::SlateProposer(const SlateProposerOptions& options, int num_candidates, const TrainingState& state)
    : options_(options),
      considered_(std::min(options.k + options.random_candidates, num_candidates)),
      memory_(state),
      part_(memory_.Part(MlpTensors(kProposalNetwork, options.actor))),
      actor_(part_.parameters, kProposalNetwork, options.actor.hidden),
      gradients_(part_.gradients, kProposalNetwork, options.actor.hidden),
      optimizer_({.learning_rate = options.learning_rate, .around = options.optimizer}, part_,
                 memory_.Number("actor.steps")),
      pass_(at::kFloat),
      keys_(static_cast<size_t>(num_candidates)) {
  InitializeMlp(part_.parameters, kProposalNetwork, options.seed ^ kSeed, options.actor.hidden);
}

void SlateProposer::RunActor(const at::Tensor& observation) {
  at::addmm_out(pass_.z1(), actor_.b1, observation, actor_.w1.t());
  Forward(actor_, pass_);
}

void SlateProposer::Pick(const at::Tensor& observation, const float* candidates, uint32_t purpose,
                         absl::Span<int32_t> picked, int64_t first_row) {
  RunActor(observation);
  const auto features = static_cast<size_t>(options_.actor.outputs);
  const float* point = pass_.output.data_ptr<float>();
  const auto update = static_cast<uint64_t>(optimizer_.steps());
  const auto wanted = static_cast<size_t>(considered_);
  for (size_t row = 0; row < picked.size() / wanted; ++row) {
    SortNearest(point + row * features, candidates + row * keys_.size() * features, features, options_.k,
                absl::MakeSpan(keys_));
    Rng rng(options_.seed, Purpose::kAlgorithm,
            {.stream = purpose << 24 | static_cast<uint32_t>(first_row + static_cast<int64_t>(row)),
             .episode = static_cast<uint32_t>(update >> 32),
             .step = static_cast<uint32_t>(update)});
    for (size_t c = static_cast<size_t>(options_.k); c < wanted; ++c) {
      std::swap(keys_[c], keys_[c + rng.Index(static_cast<uint32_t>(keys_.size() - c))]);
    }
    for (size_t c = 0; c < wanted; ++c) picked[row * wanted + c] = PositionOf(keys_[c]);
    std::sort(picked.begin() + static_cast<ptrdiff_t>(row * wanted),
              picked.begin() + static_cast<ptrdiff_t>((row + 1) * wanted));
  }
}

void SlateProposer::Learn(const at::Tensor& observation, const at::Tensor& goals) {
  ComputeGradients(observation, goals);
  Step();
}

void SlateProposer::ComputeGradients(const at::Tensor& observation, const at::Tensor& goals) {
  RunActor(observation);
  const int64_t rows = goals.size(0);
  const at::Tensor distance = at::sub(pass_.output, goals);
  loss_ = distance.square().sum().item<double>() / static_cast<double>(rows);
  const at::Tensor d_output = distance.mul(2.0 / static_cast<double>(rows));
  if (!ones_.defined() || ones_.size(0) != rows) ones_ = at::ones({rows});
  Backward(actor_, d_output, pass_);
  WeightGradients(d_output, pass_, ones_, gradients_);
  at::mm_out(gradients_.w1, pass_.d_z1().t(), observation);
}

}  // namespace recbots

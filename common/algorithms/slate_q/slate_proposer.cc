#include "common/algorithms/slate_q/slate_proposer.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/sub.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/algorithms/slate_q/shape.h"
#include "common/inference/nearest.h"
#include "common/networks/initialize.h"
#include "common/networks/products.h"
#include "common/networks/torch_device.h"

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
    : SlateProposer(options, num_candidates,
                    TrainingState(SpecOf(options), at::TensorOptions(at::kFloat).device(TorchDevice(options.device)))) {
}

SlateProposer::SlateProposer(const SlateProposerOptions& options, int num_candidates, const TrainingState& state)
    : options_(options),
      considered_(std::min(options.k + options.random_candidates, num_candidates)),
      memory_(state),
      tensors_(state.flat().options()),
      part_(memory_.Part(MlpTensors(kProposalNetwork, options.actor))),
      actor_(part_.parameters, kProposalNetwork, options.actor.hidden),
      gradients_(part_.gradients, kProposalNetwork, options.actor.hidden),
      optimizer_({.learning_rate = options.learning_rate, .around = options.optimizer}, part_,
                 memory_.Number("actor.steps")),
      pass_(tensors_),
      keys_(static_cast<size_t>(num_candidates)),
      loss_(tensors_) {
  InitializeMlp(part_.parameters, kProposalNetwork, options.seed ^ kSeed, options.actor.hidden);
}

void SlateProposer::RunActor(const at::Tensor& observation) {
  ProductInto(pass_.z1(), actor_.b1, observation, actor_.w1.t());
  Forward(actor_, pass_);
}

Rng SlateProposer::RowDraws(uint32_t purpose, int64_t row) const {
  const auto update = static_cast<uint64_t>(optimizer_.steps());
  return Rng(options_.seed, Purpose::kAlgorithm,
             {.stream = purpose << 24 | static_cast<uint32_t>(row),
              .episode = static_cast<uint32_t>(update >> 32),
              .step = static_cast<uint32_t>(update)});
}

void SlateProposer::Pick(const at::Tensor& observation, const float* candidates, uint32_t purpose,
                         absl::Span<int32_t> picked, int64_t first_row) {
  RunActor(observation);
  const auto features = static_cast<size_t>(options_.actor.outputs);
  const float* point = pass_.output.data_ptr<float>();
  const auto wanted = static_cast<size_t>(considered_);
  for (size_t row = 0; row < picked.size() / wanted; ++row) {
    SortNearest(point + row * features, candidates + row * keys_.size() * features, features, options_.k,
                absl::MakeSpan(keys_));
    Rng rng = RowDraws(purpose, first_row + static_cast<int64_t>(row));
    for (size_t c = static_cast<size_t>(options_.k); c < wanted; ++c) {
      std::swap(keys_[c], keys_[c + rng.Index(static_cast<uint32_t>(keys_.size() - c))]);
    }
    for (size_t c = 0; c < wanted; ++c) picked[row * wanted + c] = PositionOf(keys_[c]);
    std::sort(picked.begin() + static_cast<ptrdiff_t>(row * wanted),
              picked.begin() + static_cast<ptrdiff_t>((row + 1) * wanted));
  }
}

void SlateProposer::Draw(uint32_t purpose, int64_t first_row, const at::Tensor& draws) const {
  const int64_t count = draws.size(1);
  int64_t* drawn = draws.data_ptr<int64_t>();
  // Of the rest 0, 1, ..., each draw takes one of those that are left, and the first of these takes its place.
  const int64_t rest = static_cast<int64_t>(keys_.size()) - options_.k;
  std::vector<std::pair<int64_t, int64_t>> moved;  // Place, and what lies there now.
  for (int64_t row = 0; row < draws.size(0); ++row, drawn += count) {
    Rng rng = RowDraws(purpose, first_row + row);
    moved.clear();
    const auto lies_at = [&moved](int64_t place) {
      for (auto it = moved.rbegin(); it != moved.rend(); ++it) {
        if (it->first == place) return it->second;
      }
      return place;
    };
    for (int64_t i = 0; i < count; ++i) {
      const int64_t place = i + rng.Index(static_cast<uint32_t>(rest - i));
      drawn[i] = lies_at(place);
      moved.emplace_back(place, lies_at(i));
    }
  }
}

// Not by products of matrices: which items are considered shall not depend on their precision.
at::Tensor SlateProposer::Pick(const at::Tensor& observation, const at::Tensor& candidates, const at::Tensor& draws) {
  RunActor(observation);
  const at::Tensor distances = candidates.sub(pass_.output.unsqueeze(1)).square_().sum(2);  // [B, N]
  const at::Tensor order = std::get<1>(at::sort(distances, /*stable=*/true, /*dim=*/1, /*descending=*/false));
  const at::Tensor nearest = order.narrow(1, 0, options_.k);
  const at::Tensor all = at::cat({nearest, order.gather(1, draws.add(options_.k))}, 1);
  return std::get<0>(at::sort(all, /*dim=*/1));
}

void SlateProposer::Learn(const at::Tensor& observation, const at::Tensor& goals) {
  ComputeGradients(observation, goals);
  TakeResults();
  Step();
}

void SlateProposer::ForgetRows() { pass_ = MlpActivations(tensors_); }

void SlateProposer::ComputeGradients(const at::Tensor& observation, const at::Tensor& goals) {
  RunActor(observation);
  const int64_t rows = goals.size(0);
  const at::Tensor distance = at::sub(pass_.output, goals);
  loss_.tensor().copy_(distance.square().sum().div_(static_cast<double>(rows)));
  const at::Tensor d_output = distance.mul(2.0 / static_cast<double>(rows));
  if (!ones_.defined() || ones_.size(0) != rows) ones_ = at::ones({rows}, tensors_);
  Backward(actor_, d_output, pass_);
  WeightGradients(d_output, pass_, ones_, gradients_);
  ProductInto(gradients_.w1, pass_.d_z1().t(), observation);
}

}  // namespace recbots

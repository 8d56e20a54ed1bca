#include "common/algorithms/slate_q/click_learner.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/algorithms/slate_q/shape.h"
#include "common/base/crc32c.h"
#include "common/networks/initialize.h"

namespace recbots {
namespace {

// Parameters are drawn from streams of their own, not those of the Q-network.
constexpr uint64_t kSeed = 0x5EED0C11C5;

// Log-likelihood of a slate's click; d_score[k] = P(k) - [k was clicked].
double CrossEntropy(const float* score, int32_t size, int32_t clicked, float* d_score) {
  double top = 0;  // The score of none.
  for (int32_t k = 0; k < size; ++k) top = std::max(top, double{score[k]});
  double total = std::exp(-top);
  for (int32_t k = 0; k < size; ++k) total += std::exp(score[k] - top);
  for (int32_t k = 0; k < size; ++k) {
    d_score[k] = static_cast<float>(std::exp(score[k] - top) / total) - (k == clicked ? 1.0f : 0.0f);
  }
  return (clicked < 0 ? 0.0 : double{score[clicked]}) - top - std::log(total);
}

std::vector<TensorSpec> TensorsOf(const ClickLearnerOptions& options) {
  return MlpTensors(kClickNetwork, options.sizes.mlp());
}

TrainingSpec SpecOf(const ClickLearnerOptions& options) {
  TrainingSpec spec;
  ClickLearner::Describe(options, spec);
  return spec;
}

}  // namespace

void ClickLearner::Describe(const ClickLearnerOptions& options, TrainingSpec& spec) {
  for (TensorSpec& tensor : TensorsOf(options)) spec.tensors.push_back(std::move(tensor));
  for (const char* counter : {"click.steps", "click.held_out.count", "click.given.count"}) {
    spec.numbers.push_back({counter});
  }
  for (const char* mean : {"click.held_out.mean", "click.given.mean"})
    spec.numbers.push_back({mean, /*counter=*/false});
}

ClickLearner::ClickLearner(const ClickLearnerOptions& options)
    : ClickLearner(options, TrainingState(SpecOf(options), at::kFloat)) {}

ClickLearner::ClickLearner(const ClickLearnerOptions& options, const TrainingState& state)
    : options_(options),
      memory_(state),
      part_(memory_.Part(TensorsOf(options))),
      critic_(part_.parameters, kClickNetwork, options.sizes.num_user_features, options.sizes.hidden()),
      gradients_(part_.gradients, kClickNetwork, options.sizes.num_user_features, options.sizes.hidden()),
      optimizer_({.learning_rate = options.learning_rate, .around = options.optimizer}, part_,
                 memory_.Number("click.steps")),
      pass_(at::kFloat),
      weigh_pass_(at::kFloat),
      state_(at::empty({0})),
      weigh_state_(at::empty({0})),
      held_out_(memory_.Number("click.held_out.count"), memory_.Number("click.held_out.mean")),
      given_(memory_.Number("click.given.count"), memory_.Number("click.given.mean")) {
  InitializeMlp(part_.parameters, kClickNetwork, options.seed ^ kSeed, options.sizes.hidden());
}

void ClickLearner::Weigh(const at::Tensor& observation, const at::Tensor& items, absl::Span<float> weights) {
  RunState(critic_, observation, weigh_state_);
  RunCriticOnCandidates(critic_, weigh_state_, items, weigh_pass_);
  std::copy_n(weigh_pass_.output.data_ptr<float>(), weights.size(), weights.data());
  ScoresToWeights(weights);
}

bool ClickLearner::IsHeldOut(const ShownSlates& shown, size_t row) const {
  const size_t width = shown.items.size() / shown.clicked.size();
  const auto user_width = static_cast<size_t>(shown.observation.size(1));
  const float* user = shown.observation.data_ptr<float>() + row * user_width;
  const float* items = shown.items.data() + row * width;
  const uint32_t of_user = Crc32c({reinterpret_cast<const char*>(user), user_width * sizeof(float)});
  const uint32_t of_items = Crc32c({reinterpret_cast<const char*>(items), width * sizeof(float)});
  // A checksum is linear: only multiplied it spreads.
  return ((of_user * 0x9E3779B1u) ^ (of_items * 0x85EBCA6Bu)) * 0xC2B2AE35u < options_.held_out * 0x1p32;
}

void ClickLearner::HoldOut(double log_likelihood, const double* given, bool held_out) {
  if (held_out) {
    held_out_.Add(log_likelihood);
    if (given != nullptr) given_.Add(*given);
    return;
  }
  left_held_out_mean_ += (log_likelihood - left_held_out_mean_) / static_cast<double>(++left_held_out_);
  if (given != nullptr) left_given_mean_ += (*given - left_given_mean_) / static_cast<double>(++left_given_);
}

void ClickLearner::Learn(const ShownSlates& shown, absl::Span<const double> given_log_likelihood) {
  ComputeGradients(shown, given_log_likelihood, /*held_out=*/true);
  Step();
}

void ClickLearner::ComputeGradients(const ShownSlates& shown, absl::Span<const double> given_log_likelihood,
                                    bool held_out) {
  const auto rows = static_cast<int64_t>(shown.clicked.size());
  const int64_t features = options_.sizes.num_item_features;
  const int64_t slate_size = static_cast<int64_t>(shown.items.size()) / (rows * features);
  const at::Tensor items = at::from_blob(const_cast<float*>(shown.items.data()), {rows * slate_size, features});
  RunState(critic_, shown.observation, state_);
  RunCriticOnCandidates(critic_, state_, items, pass_);

  const at::Tensor d_score = at::zeros({rows * slate_size, 1});
  const float* score = pass_.output.data_ptr<float>();
  float* gradient = d_score.data_ptr<float>();
  fitted_ = left_held_out_ = left_given_ = 0;
  loss_ = left_held_out_mean_ = left_given_mean_ = 0;
  for (int64_t row = 0; row < rows; ++row, score += slate_size, gradient += slate_size) {
    const auto r = static_cast<size_t>(row);
    const double log_likelihood = CrossEntropy(score, shown.sizes[r], shown.clicked[r], gradient);
    if (IsHeldOut(shown, r)) {
      std::fill_n(gradient, slate_size, 0.0f);
      HoldOut(log_likelihood, given_log_likelihood.empty() ? nullptr : &given_log_likelihood[r], held_out);
    } else {
      loss_ -= log_likelihood;
      ++fitted_;
    }
  }
  if (fitted_ == 0) return;
  loss_ /= static_cast<double>(fitted_);
  d_score.div_(static_cast<double>(fitted_));

  Backward(critic_.mlp, d_score, pass_);
  if (!ones_.defined() || ones_.size(0) != rows * slate_size) ones_ = at::ones({rows * slate_size});
  WeightGradients(d_score, pass_, ones_, gradients_.mlp);
  gradients_.w1_item.copy_(pass_.d_z1().t().mm(items));
  const at::Tensor d_state = pass_.d_z1().view({rows, slate_size, -1}).sum(1);
  gradients_.w1_state.copy_(d_state.t().mm(shown.observation));
}

void ClickLearner::AddParts(std::vector<GradientPart>& parts) {
  parts.push_back({part_.gradients.flat(), static_cast<double>(fitted_), &loss_});
  parts.push_back({{}, static_cast<double>(left_held_out_), &left_held_out_mean_});
  parts.push_back({{}, static_cast<double>(left_given_), &left_given_mean_});
}

void ClickLearner::TakeRows(absl::Span<const GradientPart> parts) {
  fitted_ = std::llround(parts[0].rows);
  left_held_out_ = std::llround(parts[1].rows);
  left_given_ = std::llround(parts[2].rows);
}

void ClickLearner::Step() {
  for (; left_held_out_ > 0; --left_held_out_) held_out_.Add(left_held_out_mean_);
  for (; left_given_ > 0; --left_given_) given_.Add(left_given_mean_);
  if (fitted_ > 0) optimizer_.Step();
}

}  // namespace recbots

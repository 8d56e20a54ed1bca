#include "common/algorithms/slate_q/click_learner.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/algorithms/slate_q/shape.h"
#include "common/base/crc32c.h"
#include "common/networks/initialize.h"
#include "common/networks/products.h"
#include "common/networks/torch_device.h"

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
    : ClickLearner(options,
                   TrainingState(SpecOf(options), at::TensorOptions(at::kFloat).device(TorchDevice(options.device)))) {}

ClickLearner::ClickLearner(const ClickLearnerOptions& options, const TrainingState& state)
    : options_(options),
      memory_(state),
      tensors_(state.flat().options()),
      part_(memory_.Part(TensorsOf(options))),
      critic_(part_.parameters, kClickNetwork, options.sizes.num_user_features, options.sizes.hidden()),
      gradients_(part_.gradients, kClickNetwork, options.sizes.num_user_features, options.sizes.hidden()),
      optimizer_({.learning_rate = options.learning_rate, .around = options.optimizer}, part_,
                 memory_.Number("click.steps")),
      pass_(tensors_),
      weigh_pass_(tensors_),
      state_(at::empty({0}, tensors_)),
      weigh_state_(at::empty({0}, tensors_)),
      log_likelihoods_(at::empty({0}, tensors_)),
      held_out_(memory_.Number("click.held_out.count"), memory_.Number("click.held_out.mean")),
      given_(memory_.Number("click.given.count"), memory_.Number("click.given.mean")),
      loss_(tensors_) {
  InitializeMlp(part_.parameters, kClickNetwork, options.seed ^ kSeed, options.sizes.hidden());
}

at::Tensor ClickLearner::Scores(const at::Tensor& observation, const at::Tensor& items) {
  RunState(critic_, observation, weigh_state_);
  RunCriticOnCandidates(critic_, weigh_state_, items, weigh_pass_);
  return weigh_pass_.output.view({observation.size(0), -1});
}

void ClickLearner::Weigh(const at::Tensor& observation, const at::Tensor& items, absl::Span<float> weights) {
  const at::Tensor scores = Scores(observation, items);
  std::copy_n(scores.data_ptr<float>(), weights.size(), weights.data());
  ScoresToWeights(weights);
}

bool ClickLearner::IsHeldOut(absl::Span<const float> user, absl::Span<const float> items) const {
  const auto checksum = [](absl::Span<const float> values) {
    return Crc32c({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  };
  // A checksum is linear: only multiplied it spreads.
  return ((checksum(user) * 0x9E3779B1u) ^ (checksum(items) * 0x85EBCA6Bu)) * 0xC2B2AE35u < options_.held_out * 0x1p32;
}

bool ClickLearner::IsHeldOut(const ShownSlates& shown, size_t row) const {
  const size_t width = shown.items.size() / shown.clicked.size();
  const auto user_width = static_cast<size_t>(shown.observation.size(1));
  return IsHeldOut({shown.observation.data_ptr<float>() + row * user_width, user_width},
                   shown.items.subspan(row * width, width));
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
  BeginBatch(/*fitted=*/0);
  double& loss = loss_.number();
  loss = 0;
  for (int64_t row = 0; row < rows; ++row, score += slate_size, gradient += slate_size) {
    const auto r = static_cast<size_t>(row);
    const double log_likelihood = CrossEntropy(score, shown.sizes[r], shown.clicked[r], gradient);
    if (IsHeldOut(shown, r)) {
      std::fill_n(gradient, slate_size, 0.0f);
      HoldOut(log_likelihood, given_log_likelihood.empty() ? nullptr : &given_log_likelihood[r], held_out);
    } else {
      loss -= log_likelihood;
      ++fitted_;
    }
  }
  if (fitted_ == 0) return;
  loss /= static_cast<double>(fitted_);
  d_score.div_(static_cast<double>(fitted_));
  Backpropagate(shown.observation, items, d_score);
}

void ClickLearner::Backpropagate(const at::Tensor& observation, const at::Tensor& items, const at::Tensor& d_score) {
  const int64_t rows = observation.size(0);
  Backward(critic_.mlp, d_score, pass_);
  if (!ones_.defined() || ones_.size(0) != d_score.size(0)) ones_ = at::ones({d_score.size(0)}, tensors_);
  WeightGradients(d_score, pass_, ones_, gradients_.mlp);
  gradients_.w1_item.copy_(Product(pass_.d_z1().t(), items));
  const at::Tensor d_state = pass_.d_z1().view({rows, d_score.size(0) / rows, -1}).sum(1);
  gradients_.w1_state.copy_(Product(d_state.t(), observation));
}

void ClickLearner::BeginBatch(int64_t fitted) {
  fitted_ = fitted;
  left_held_out_ = left_given_ = 0;
  left_held_out_mean_ = left_given_mean_ = 0;
}

void ClickLearner::ForgetRows() {
  for (MlpActivations* pass : {&pass_, &weigh_pass_}) *pass = MlpActivations(tensors_);
  for (at::Tensor* state : {&state_, &weigh_state_}) *state = at::empty({0}, tensors_);
}

void ClickLearner::ComputeGradients(const ShownTensors& shown, bool score_only) {
  constexpr double kNever =
      -1e30;  // A score whose exponential is 0; finite, because what is not shown is multiplied with it.
  const int64_t rows = shown.shares.size(0);
  RunState(critic_, shown.observation, state_);
  RunCriticOnCandidates(critic_, state_, shown.items, pass_);
  const at::Tensor scores = pass_.output.view({rows, -1}).masked_fill(shown.shown.logical_not(), kNever);
  const at::Tensor log_shares = at::log_softmax(at::constant_pad_nd(scores, {0, 1}, 0), 1);
  if (log_likelihoods_.size(0) != rows) log_likelihoods_ = at::empty({rows}, tensors_);
  log_likelihoods_.copy_(log_shares.mul(shown.clicked).sum(1));
  loss_.tensor().copy_(log_likelihoods_.mul(shown.shares).sum().neg_());
  if (score_only) return;
  const at::Tensor d_all = log_shares.exp().sub_(shown.clicked).mul_(shown.shares.unsqueeze(1));
  Backpropagate(shown.observation, shown.items, d_all.narrow(1, 0, scores.size(1)).reshape({-1, 1}));
}

void ClickLearner::TakeResults(absl::Span<const int64_t> held_out, absl::Span<const double> given, bool add) {
  loss_.TakeTensor();
  if (held_out.empty()) return;
  const at::Tensor all = log_likelihoods_.to(at::kCPU, at::kDouble);
  for (size_t i = 0; i < held_out.size(); ++i) {
    HoldOut(all.data_ptr<double>()[held_out[i]], given.empty() ? nullptr : &given[i], add);
  }
}

bool ClickLearner::BeginStep() {
  for (; left_held_out_ > 0; --left_held_out_) held_out_.Add(left_held_out_mean_);
  for (; left_given_ > 0; --left_given_) given_.Add(left_given_mean_);
  if (fitted_ == 0) return false;
  optimizer_.Begin();
  return true;
}

void ClickLearner::AddParts(std::vector<GradientPart>& parts) {
  parts.push_back({part_.gradients.flat(), static_cast<double>(fitted_), &loss_.number()});
  parts.push_back({{}, static_cast<double>(left_held_out_), &left_held_out_mean_});
  parts.push_back({{}, static_cast<double>(left_given_), &left_given_mean_});
}

void ClickLearner::TakeRows(absl::Span<const GradientPart> parts) {
  fitted_ = std::llround(parts[0].rows);
  left_held_out_ = std::llround(parts[1].rows);
  left_given_ = std::llround(parts[2].rows);
}

void ClickLearner::Step() {
  if (BeginStep()) ApplyStep();
}

}  // namespace recbots

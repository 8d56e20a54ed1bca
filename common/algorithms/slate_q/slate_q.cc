#include "common/algorithms/slate_q/slate_q.h"

#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/algorithms/check_batch.h"
#include "common/base/status_macros.h"
#include "common/networks/torch_status.h"
#include "common/rl/spec.h"

namespace recbots {
namespace {

int Considered(const SlateQOptions& options) {
  const SlateQShape& shape = options.shape;
  if (shape.proposal_k == 0) return shape.num_candidates;
  return std::min(shape.proposal_k + options.proposer.random_candidates, shape.num_candidates);
}

TrainingState MakeState(const SlateQOptions& options) {
  TrainingSpec spec;
  QLearner::Describe(options.q, spec);
  if (options.shape.learned_clicks) ClickLearner::Describe(options.click, spec);
  if (options.shape.proposal_k > 0) SlateProposer::Describe(options.proposer, spec);
  spec.numbers.push_back({"updates"});
  return TrainingState(spec, options.q.tensors());
}

}  // namespace

absl::StatusOr<std::unique_ptr<SlateQ>> SlateQ::Create(const SlateQOptions& options) {
  std::unique_ptr<SlateQ> algorithm;
  RECBOTS_RETURN_IF_ERROR(RunTorch([&] { algorithm.reset(new SlateQ(options)); }));
  return algorithm;
}

SlateQ::SlateQ(const SlateQOptions& options)
    : Algorithm(MakeState(options), PolicyTensors(options.shape)),
      options_(options),
      q_(options.q, state()),
      now_(options.shape, Considered(options)),
      next_(options.shape, Considered(options)),
      optimizer_(options.shape.click_rule(), Considered(options), options.shape.slate_size),
      updates_(state().Number("updates")) {
  if (options.shape.learned_clicks) clicks_ = std::make_unique<ClickLearner>(options.click, state());
  if (options.shape.proposal_k > 0) {
    proposer_ = std::make_unique<SlateProposer>(options.proposer, options.shape.num_candidates, state());
  }
  if (!q_.fused()) program_ = std::make_unique<SlateQProgram>(options, q_, clicks_.get(), proposer_.get());
}

absl::Status SlateQ::Update(const TransitionBatch& batch, absl::Span<float> td_errors) {
  const SlateQShape& shape = options_.shape;
  RECBOTS_RETURN_IF_ERROR(CheckBatch(batch,
                                     {.num_user_features = shape.q.action.num_user_features,
                                      .num_candidates = shape.num_candidates,
                                      .num_candidate_features = shape.item_features ? shape.num_item_features : 0,
                                      .slate_size = shape.slate_size,
                                      .num_response_fields = options_.click_field + 1,
                                      .next_slate = options_.target == TargetRule::kSarsa},
                                     td_errors));
  absl::Status loaded;
  RECBOTS_RETURN_IF_ERROR(RunTorch([&] {
    const c10::InferenceMode no_autograd;
    loaded = LoadSlates(batch);
    if (!loaded.ok()) return;
    loaded = program_ != nullptr ? UpdateByProgram(batch, td_errors) : UpdateByKernels(batch, td_errors);
    if (loaded.ok()) EndUpdate();
  }));
  return loaded;
}

absl::Status SlateQ::UpdateByProgram(const TransitionBatch& batch, absl::Span<float> td_errors) {
  program_->Load(batch, FirstRow(batch.reward.size(0)));
  if (exchange() == nullptr) {
    program_->Update();
  } else {
    program_->ComputeGradients();
    RECBOTS_RETURN_IF_ERROR(ExchangeGradients(batch, program_->num_learnt()));
    program_->Step();
  }
  ++updates_;
  program_->ReadTdErrors(td_errors);
  return absl::OkStatus();
}

absl::Status SlateQ::UpdateByKernels(const TransitionBatch& batch, absl::Span<float> td_errors) {
  const at::Tensor& next = options_.q.legacy_target_state ? batch.observation : batch.next_observation;
  const int64_t rows = batch.reward.size(0);
  if (rows != now_.rows()) {
    if (clicks_ != nullptr) clicks_->ForgetRows();
    if (proposer_ != nullptr) proposer_->ForgetRows();
  }
  LoadSide(rows, batch.observation, batch.candidates, kNow, now_);
  LoadSide(rows, next, options_.q.legacy_target_state ? batch.candidates : batch.next_candidates, kNext, next_);
  LoadShown(batch);
  ComputeTargets(batch);
  if (proposer_ != nullptr) ComputeProposalGradients();
  ComputeValueGradients(batch, td_errors);
  if (clicks_ != nullptr) ComputeClickGradients();
  RECBOTS_RETURN_IF_ERROR(ExchangeGradients(batch, num_learnt_));
  Step();
  return absl::OkStatus();
}

// All networks have gradients before the first of them steps, so that one exchange serves all.
absl::Status SlateQ::ExchangeGradients(const TransitionBatch& batch, double num_learnt) {
  if (exchange() == nullptr) return absl::OkStatus();
  std::vector<GradientPart> parts = {q_.gradient_part(num_learnt)};
  parts[0].weighted = batch.importance_weights.defined();
  if (proposer_ != nullptr) parts.push_back(proposer_->gradient_part(static_cast<double>(batch.reward.size(0))));
  const size_t clicks = parts.size();
  if (clicks_ != nullptr) clicks_->AddParts(parts);
  RECBOTS_RETURN_IF_ERROR(exchange()->Exchange(absl::MakeSpan(parts)));
  if (clicks_ != nullptr) clicks_->TakeRows(absl::MakeConstSpan(parts).subspan(clicks));
  return absl::OkStatus();
}

void SlateQ::Step() {
  if (proposer_ != nullptr) proposer_->Step();
  q_.Step();
  if (clicks_ != nullptr) clicks_->Step();
  ++updates_;
}

void SlateQ::LoadSide(int64_t rows, const at::Tensor& observation, const at::Tensor& candidates, uint32_t purpose,
                      SlateQBatch& side) {
  side.Load(rows, observation, candidates);
  // Only a proposal looks at what else could have been shown.
  if (purpose == kNow && proposer_ == nullptr) return;
  if (proposer_ != nullptr && side.considered() < static_cast<size_t>(options_.shape.num_candidates)) {
    proposer_->Pick(side.observation(), side.candidates(), purpose, side.picked(), FirstRow(rows));
  }
  side.Gather();
  if (clicks_ != nullptr) {
    clicks_->Weigh(side.observation(), side.Items(), side.weights());
    std::fill(side.no_click_weights().begin(), side.no_click_weights().end(), 1.0);
    return;
  }
  const float* user = side.observation().data_ptr<float>();
  for (size_t row = 0; row < static_cast<size_t>(side.rows()); ++row) {
    side.no_click_weights()[row] = options_.shape.affinity->Weigh(
        user, side.item(row, 0), side.weights().subspan(row * side.considered(), side.considered()));
    user += side.observation().size(1);
  }
}

absl::Status SlateQ::LoadSlates(const TransitionBatch& batch) {
  slates_ = batch.slate.contiguous();
  RECBOTS_RETURN_IF_ERROR(CheckSlates("slate", slates_, options_.shape.num_candidates));
  if (options_.target != TargetRule::kSarsa) return absl::OkStatus();
  next_slates_ = batch.next_slate.contiguous();
  return CheckSlates("next_slate", next_slates_, options_.shape.num_candidates);
}

void SlateQ::LoadShown(const TransitionBatch& batch) {
  const auto rows = static_cast<size_t>(now_.rows());
  const auto slate_size = static_cast<size_t>(options_.shape.slate_size);
  const auto features = static_cast<size_t>(options_.shape.num_item_features);
  const auto num_candidates = static_cast<size_t>(options_.shape.num_candidates);
  const at::Tensor responses = batch.response.contiguous();
  const auto fields = static_cast<size_t>(responses.size(2));
  slate_sizes_.assign(rows, 0);
  clicked_.assign(rows, -1);
  shown_.assign(rows * slate_size * features, 0.0f);
  for (size_t i = 0; i < rows * slate_size; ++i) {
    const int32_t position = slates_.data_ptr<int32_t>()[i];
    const size_t row = i / slate_size;
    if (position == kNoItem) continue;
    ++slate_sizes_[row];
    const float* item = now_.candidates() + (row * num_candidates + static_cast<size_t>(position)) * features;
    std::copy_n(item, features, shown_.data() + i * features);
    const float click = responses.data_ptr<float>()[i * fields + static_cast<size_t>(options_.click_field)];
    if (click != 0 && clicked_[row] < 0) clicked_[row] = static_cast<int32_t>(i % slate_size);
  }
}

void SlateQ::ComputeValueGradients(const TransitionBatch& batch, absl::Span<float> td_errors) {
  const auto rows = targets_.size();
  const auto slate_size = static_cast<size_t>(options_.shape.slate_size);
  const auto features = static_cast<size_t>(options_.shape.num_item_features);
  const at::Tensor importance =
      batch.importance_weights.defined() ? batch.importance_weights.contiguous() : at::Tensor();
  chosen_.resize(rows * now_.action_size());
  row_weights_.resize(rows);
  num_learnt_ = 0;
  for (size_t row = 0; row < rows; ++row) {
    const bool clicked = clicked_[row] >= 0;
    const float* item =
        clicked ? shown_.data() + (row * slate_size + static_cast<size_t>(clicked_[row])) * features : nullptr;
    now_.WriteAction(item, chosen_.data() + row * now_.action_size());
    const bool teaches = clicked || !options_.shape.no_click_is_zero;
    num_learnt_ += teaches ? 1 : 0;
    row_weights_[row] = !teaches ? 0.0f : importance.defined() ? importance.data_ptr<float>()[row] : 1.0f;
  }
  const at::Tensor actions = at::from_blob(chosen_.data(), {now_.rows(), static_cast<int64_t>(now_.action_size())});
  q_.ComputeGradients({.observation = now_.observation(),
                       .actions = actions,
                       .targets = targets_,
                       .weights = row_weights_,
                       .divisor = std::max(1.0, num_learnt_)},
                      td_errors);
}

void SlateQ::ComputeClickGradients() {
  std::vector<double> given;
  const SlateQShape& shape = options_.shape;
  if (shape.affinity.has_value()) {
    given.resize(targets_.size());
    const auto slate_size = static_cast<size_t>(shape.slate_size);
    const auto features = static_cast<size_t>(shape.num_item_features);
    const auto user_width = static_cast<size_t>(shape.q.action.num_user_features);
    for (size_t row = 0; row < given.size(); ++row) {
      given[row] = shape.affinity->LogLikelihood(now_.observation().data_ptr<float>() + row * user_width,
                                                 shown_.data() + row * slate_size * features,
                                                 static_cast<size_t>(slate_sizes_[row]), clicked_[row]);
    }
  }
  clicks_->ComputeGradients(
      {.observation = now_.observation(), .items = shown_, .sizes = slate_sizes_, .clicked = clicked_}, given,
      /*held_out=*/exchange() == nullptr);
}

void SlateQ::ComputeProposalGradients() {
  const at::Tensor values = q_.OnlineValues(now_.observation(), now_.Actions());
  const auto features = static_cast<size_t>(options_.shape.num_item_features);
  std::vector<float> goals(targets_.size() * features, 0.0f);
  int32_t slate[ChoiceModel::kMaxSlate];
  const absl::Span<int32_t> best = {slate, static_cast<size_t>(options_.shape.slate_size)};
  for (size_t row = 0; row < targets_.size(); ++row) {
    optimizer_.Select(options_.shape.serving, now_.Problem(row, values.data_ptr<float>() + row * now_.row_size()),
                      best);
    for (const int32_t place : best) {
      const float* item = now_.item(row, place);
      for (size_t f = 0; f < features; ++f) goals[row * features + f] += item[f] / static_cast<float>(best.size());
    }
  }
  proposer_->ComputeGradients(now_.observation(),
                              at::from_blob(goals.data(), {now_.rows(), static_cast<int64_t>(features)}));
  proposer_->TakeResults();
}

Algorithm::Losses SlateQ::losses() const {
  Losses losses = {{"q_loss", q_.loss()}};
  if (clicks_ != nullptr) {
    losses.emplace_back("click_loss", clicks_->loss());
    losses.emplace_back("click_log_likelihood", clicks_->held_out().mean());
    if (clicks_->given().count() > 0) losses.emplace_back("click_log_likelihood_given", clicks_->given().mean());
  }
  if (proposer_ != nullptr) losses.emplace_back("proposal_loss", proposer_->loss());
  AddOptimizer("q", q_.optimizer(), losses);
  if (clicks_ != nullptr) AddOptimizer("click", clicks_->optimizer(), losses);
  if (proposer_ != nullptr) AddOptimizer("proposal", proposer_->optimizer(), losses);
  return losses;
}

}  // namespace recbots

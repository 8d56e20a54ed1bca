#include "common/algorithms/slate_q/slate_q_program.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>

#include "common/networks/torch_device.h"
#include "common/rl/spec.h"

namespace recbots {
namespace {

// What differs between updates of batches of one size; numbers are sums of these.
constexpr int64_t kGradients = 1, kSteps = 2, kCopiesTarget = 4, kFitsClicks = 8;

QInputs::Shape InputsOf(const SlateQOptions& options) {
  return {.num_user_features = options.shape.q.action.num_user_features,
          .num_candidates = options.shape.num_candidates,
          .num_item_features = options.shape.num_item_features,
          .item_features = options.shape.item_features,
          .next_is_now = options.q.legacy_target_state,
          .tensors = options.q.tensors()};
}

// Writes one row's place of an input of int64.
int64_t* Indices(const at::Tensor& input) { return input.data_ptr<int64_t>(); }
bool* Flags(const at::Tensor& input) { return input.data_ptr<bool>(); }

}  // namespace

SlateQProgram::SlateQProgram(const SlateQOptions& options, QLearner& q, ClickLearner* clicks, SlateProposer* proposer)
    : options_(options),
      q_(q),
      clicks_(clicks),
      proposer_(proposer),
      considered_(proposer == nullptr ? options.shape.num_candidates : proposer->considered()),
      inputs_(InputsOf(options), [this](int64_t rows) { return MoreInputs(rows); }),
      program_(TorchDevice(options.q.device), options.q.precision) {}

std::vector<ProgramInputs::Wanted> SlateQProgram::MoreInputs(int64_t rows) {
  const int64_t slate_size = options_.shape.slate_size;
  const at::ScalarType type = options_.q.tensors().dtype().toScalarType();
  std::vector<ProgramInputs::Wanted> wanted;
  const auto add = [&wanted](const std::vector<int64_t>& sizes, at::ScalarType of) {
    wanted.push_back({sizes, of});
    return wanted.size() - 1;
  };
  places_ = {kUnused, kUnused, kUnused, kUnused, kUnused, kUnused, kUnused, kUnused, kUnused, kUnused};
  places_.chosen = add({rows}, at::kLong);
  places_.chosen_known = add({rows, 1}, type);
  if (options_.target == TargetRule::kSarsa) {
    places_.next_slate = add({rows, slate_size}, at::kLong);
    places_.next_shown = add({rows, slate_size}, at::kBool);
  }
  if (clicks_ != nullptr) {
    places_.shown = add({rows * slate_size}, at::kLong);
    places_.shown_known = add({rows, slate_size}, at::kBool);
    places_.clicked = add({rows, slate_size + 1}, type);
    places_.fit_shares = add({rows}, type);
  }
  if (proposer_ != nullptr && considered_ < options_.shape.num_candidates) {
    places_.draws_now = add({rows, considered_ - options_.shape.proposal_k}, at::kLong);
    places_.draws_next = add({rows, considered_ - options_.shape.proposal_k}, at::kLong);
  }
  return wanted;
}

void SlateQProgram::Load(const TransitionBatch& batch, int64_t first_row) {
  const int64_t rows_before = inputs_.rows();
  if (inputs_.Fit(batch)) {
    program_.Forget();
    targets_ = at::empty({inputs_.rows()}, options_.q.tensors());
    if (inputs_.rows() != rows_before) {
      q_.ForgetRows();
      if (clicks_ != nullptr) clicks_->ForgetRows();
      if (proposer_ != nullptr) proposer_->ForgetRows();
    }
  }
  inputs_.Load(batch);
  LoadClicks(batch);
  LoadWeights(batch);
  if (clicks_ != nullptr) {
    HoldOutRows(batch);
    LoadShown(batch);
  }
  if (places_.next_slate != kUnused) LoadNextSlates(batch);
  if (places_.draws_now != kUnused) {
    proposer_->Draw(kNow, first_row, inputs_.host(places_.draws_now));
    proposer_->Draw(kNext, first_row, inputs_.host(places_.draws_next));
  }
  inputs_.Upload();
}

void SlateQProgram::LoadClicks(const TransitionBatch& batch) {
  const int64_t rows = inputs_.rows(), slate_size = options_.shape.slate_size;
  const at::Tensor slates = batch.slate.contiguous(), responses = batch.response.contiguous();
  const int64_t fields = responses.size(2);
  const int32_t* slate = slates.data_ptr<int32_t>();
  const float* click = responses.data_ptr<float>() + options_.click_field;
  int64_t* const chosen = Indices(inputs_.host(places_.chosen));
  const at::Tensor known = at::empty({rows, 1});
  clicked_.assign(static_cast<size_t>(rows), -1);
  slate_sizes_.assign(static_cast<size_t>(rows), 0);
  for (int64_t row = 0; row < rows; ++row, slate += slate_size) {
    const auto r = static_cast<size_t>(row);
    for (int64_t k = 0; k < slate_size; ++k, click += fields) {
      if (slate[k] == kNoItem) continue;
      ++slate_sizes_[r];
      if (*click != 0 && clicked_[r] < 0) clicked_[r] = static_cast<int32_t>(k);
    }
    chosen[row] = clicked_[r] < 0 ? 0 : inputs_.ItemRow(row, slate[clicked_[r]]);
    known.data_ptr<float>()[row] = clicked_[r] < 0 ? 0.0f : 1.0f;
  }
  inputs_.host(places_.chosen_known).copy_(known);
}

void SlateQProgram::LoadWeights(const TransitionBatch& batch) {
  std::vector<double> weights(clicked_.size(), 1.0);
  const at::Tensor importance =
      batch.importance_weights.defined() ? batch.importance_weights.contiguous() : at::Tensor();
  num_learnt_ = 0;
  for (size_t row = 0; row < weights.size(); ++row) {
    const bool teaches = clicked_[row] >= 0 || !options_.shape.no_click_is_zero;
    num_learnt_ += teaches ? 1 : 0;
    if (importance.defined()) weights[row] = double{importance.data_ptr<float>()[row]};
    if (!teaches) weights[row] = 0;
  }
  for (double& weight : weights) weight /= std::max(1.0, num_learnt_);
  inputs_.LoadWeights(weights);
}

void SlateQProgram::HoldOutRows(const TransitionBatch& batch) {
  const SlateQShape& shape = options_.shape;
  const auto slate_size = static_cast<size_t>(shape.slate_size),
             features = static_cast<size_t>(shape.num_item_features);
  const auto user_width = static_cast<size_t>(shape.q.action.num_user_features);
  const at::Tensor slates = batch.slate.contiguous();
  const at::Tensor users = user_width > 0 ? batch.observation.contiguous() : at::empty({inputs_.rows(), 0});
  const at::Tensor items = shape.item_features ? RowsOrOne(batch.candidates) : at::Tensor();
  std::vector<float> shown(slate_size * features);
  held_out_.clear();
  given_.clear();
  for (size_t row = 0; row < clicked_.size(); ++row) {
    const int32_t* slate = slates.data_ptr<int32_t>() + row * slate_size;
    std::fill(shown.begin(), shown.end(), 0.0f);
    for (size_t k = 0; k < slate_size; ++k) {
      if (slate[k] == kNoItem) continue;
      const auto position = static_cast<size_t>(slate[k]);
      float* const item = shown.data() + k * features;
      const size_t from =
          (items.defined() && items.size(0) > 1 ? row * static_cast<size_t>(shape.num_candidates) : 0) + position;
      items.defined() ? void(std::copy_n(items.data_ptr<float>() + from * features, features, item))
                      : void(item[position] = 1);
    }
    const float* user = users.data_ptr<float>() + row * user_width;
    if (!clicks_->IsHeldOut({user, user_width}, shown)) continue;
    held_out_.push_back(static_cast<int64_t>(row));
    if (!shape.affinity.has_value()) continue;
    const auto size = static_cast<size_t>(slate_sizes_[row]);
    given_.push_back(shape.affinity->LogLikelihood(user, shown.data(), size, clicked_[row]));
  }
}

void SlateQProgram::LoadShown(const TransitionBatch& batch) {
  const int64_t rows = inputs_.rows(), slate_size = options_.shape.slate_size;
  const int64_t fitted = rows - static_cast<int64_t>(held_out_.size());
  clicks_->BeginBatch(fitted);
  const at::Tensor slates = batch.slate.contiguous();
  const int32_t* position = slates.data_ptr<int32_t>();
  int64_t* const shown = Indices(inputs_.host(places_.shown));
  bool* const known = Flags(inputs_.host(places_.shown_known));
  const at::Tensor clicked = at::empty({rows, slate_size + 1}), shares = at::empty({rows});
  clicked.zero_();
  shares.fill_(fitted == 0 ? 0.0 : 1.0 / static_cast<double>(fitted));
  for (int64_t i = 0; i < rows * slate_size; ++i) {
    known[i] = position[i] != kNoItem;
    shown[i] = known[i] ? inputs_.ItemRow(i / slate_size, position[i]) : 0;
  }
  for (int64_t row = 0; row < rows; ++row) {
    const int32_t place = clicked_[static_cast<size_t>(row)];
    clicked.data_ptr<float>()[row * (slate_size + 1) + (place < 0 ? slate_size : place)] = 1;
  }
  for (const int64_t row : held_out_) shares.data_ptr<float>()[row] = 0;
  inputs_.host(places_.clicked).copy_(clicked);
  inputs_.host(places_.fit_shares).copy_(shares);
}

void SlateQProgram::LoadNextSlates(const TransitionBatch& batch) {
  const at::Tensor slates = batch.next_slate.contiguous();
  const int32_t* position = slates.data_ptr<int32_t>();
  int64_t* const next = Indices(inputs_.host(places_.next_slate));
  bool* const shown = Flags(inputs_.host(places_.next_shown));
  for (int64_t i = 0; i < slates.numel(); ++i) {
    shown[i] = position[i] != kNoItem;
    next[i] = shown[i] ? position[i] : 0;
  }
}

void SlateQProgram::Run(bool gradients, bool steps) {
  const bool copies_target = steps && q_.BeginStep();
  if (steps && proposer_ != nullptr) proposer_->BeginStep();
  const auto num_rows = static_cast<size_t>(inputs_.rows());
  const bool fits = clicks_ != nullptr && (steps ? clicks_->BeginStep() : held_out_.size() < num_rows);
  const int64_t variant = (gradients ? kGradients : 0) + (steps ? kSteps : 0) + (copies_target ? kCopiesTarget : 0) +
                          (fits ? kFitsClicks : 0);
  program_.Run(variant, [&] {
    if (gradients) ComputeAllGradients(fits);
    if (!steps) return;
    if (proposer_ != nullptr) proposer_->ApplyStep();
    q_.ApplyStep(copies_target);
    if (fits) clicks_->ApplyStep();
  });
  if (!gradients) return;
  q_.TakeResults();
  if (proposer_ != nullptr) proposer_->TakeResults();
  if (clicks_ != nullptr) clicks_->TakeResults(held_out_, given_, /*add=*/steps);
}

void SlateQProgram::Update() { Run(/*gradients=*/true, /*steps=*/true); }
void SlateQProgram::ComputeGradients() { Run(/*gradients=*/true, /*steps=*/false); }
void SlateQProgram::Step() { Run(/*gradients=*/false, /*steps=*/true); }

void SlateQProgram::ReadTdErrors(absl::Span<float> td_errors) const {
  if (!td_errors.empty()) ReadBack(q_.td_errors(), td_errors);
}

std::vector<float> SlateQProgram::ReadTargets() const {
  std::vector<float> targets(static_cast<size_t>(targets_.numel()));
  ReadBack(targets_, absl::MakeSpan(targets));
  return targets;
}

}  // namespace recbots

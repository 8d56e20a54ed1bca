#include "common/agents/layers/temporal_aggregation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
absl::Status TemporalAggregation::Validate(const TemporalAggregationOptions& options) {
  if (options.aggregation_period < 1 || options.aggregation_period > TemporalAggregationOptions::kMaxPeriod) {
    return absl::InvalidArgumentError(absl::StrCat("aggregation_period ", options.aggregation_period, ", want 1..",
                                                   TemporalAggregationOptions::kMaxPeriod));
  }
  if (!(options.gamma >= 0 && options.gamma <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("gamma ", options.gamma, ", want 0..1"));
  }
  const std::pair<const char*, double> not_negative[] = {{"switching_cost", options.switching_cost},
                                                         {"absolute_tolerance", options.absolute_tolerance},
                                                         {"relative_tolerance", options.relative_tolerance}};
  for (const auto& [name, value] : not_negative) {
    if (value >= 0 && std::isfinite(value)) continue;
    return absl::InvalidArgumentError(absl::StrCat(name, " ", value, ", want a finite number >= 0"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<TemporalAggregation>> TemporalAggregation::Create(
    const TemporalAggregationOptions& options, const EnvironmentSpec& spec, std::unique_ptr<Policy> base) {
  RECBOTS_RETURN_IF_ERROR(Validate(options));
  return absl::WrapUnique(new TemporalAggregation(options, spec, std::move(base)));
}

EnvironmentSpec TemporalAggregation::InnerSpec(const TemporalAggregationOptions& options, const EnvironmentSpec& spec) {
  EnvironmentSpec inner = spec;
  if (options.switching_cost > 0) inner.num_user_features += static_cast<int>(SlateMemory::WidthOf(spec));
  double weight = 0;
  for (int i = 0; i < options.aggregation_period; ++i) weight = 1 + options.gamma * weight;
  // A decision may end early, so its reward may also be that of a single step. 0 * infinity cannot happen, because
  // weight >= 1.
  inner.min_reward = std::min(spec.min_reward, weight * spec.min_reward) - options.switching_cost;
  inner.max_reward = std::max(spec.max_reward, weight * spec.max_reward);
  return inner;
}

double TemporalAggregation::BaseDiscount(const TemporalAggregationOptions& options) {
  return std::pow(options.gamma, options.aggregation_period);
}

TemporalAggregation::TemporalAggregation(const TemporalAggregationOptions& options, const EnvironmentSpec& spec,
                                         std::unique_ptr<Policy> base)
    : options_(options),
      num_user_features_(static_cast<size_t>(spec.num_user_features)),
      candidates_width_(static_cast<size_t>(spec.num_candidates) * static_cast<size_t>(spec.num_candidate_features)),
      slate_size_(static_cast<size_t>(spec.slate_size)),
      num_fields_(spec.response_fields.size()),
      inner_width_(static_cast<size_t>(InnerSpec(options, spec).num_user_features)),
      base_(std::move(base)),
      shown_(spec, options.absolute_tolerance, options.relative_tolerance) {
  RECBOTS_CHECK(base_ != nullptr);
}

void TemporalAggregation::Reserve(size_t num_users) {
  shown_.Reserve(num_users);
  users_.resize(std::max(users_.size(), num_users));
  observation_.resize(num_users * inner_width_);
  candidates_.resize(num_users * candidates_width_);
  positions_.resize(num_users);
  decisions_.resize(num_users * slate_size_);
  behaviour_.resize(num_users);
  position_probability_.resize(num_users * slate_size_);
  next_observation_.resize(num_users * inner_width_);
  response_.resize(num_users * slate_size_ * num_fields_);
  reward_.resize(num_users);
  terminated_.resize(num_users);
  truncated_.resize(num_users);
  active_.resize(num_users);
}

void TemporalAggregation::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size();
  RECBOTS_CHECK(input.observation.size() == num_users * num_user_features_ &&
                input.candidates.size() == num_users * candidates_width_ &&
                output.slates.size() == num_users * slate_size_)
      << "observation " << input.observation.size() << ", candidates " << input.candidates.size() << ", slates "
      << output.slates.size() << ", users " << num_users;
  Reserve(num_users);
  bool any = false;
  for (size_t i = 0; i < num_users; ++i) {
    User& user = users_[i];
    user.decides = user.decides || !user.begun || input.positions[i].step == 0;
    if (user.decides) Ask(i, input);
    any = any || user.decides;
  }
  if (any) {
    base_->Act({.observation = observation_, .positions = positions_, .candidates = candidates_},
               {absl::MakeSpan(decisions_), absl::MakeSpan(behaviour_),
                absl::MakeSpan(position_probability_).subspan(0, output.position_probability.size())});
  }
  for (size_t i = 0; i < num_users; ++i) {
    const bool decides = std::exchange(users_[i].decides, false);
    if (decides) Decide(i, input);
    const absl::Span<const int32_t> slate = shown_.slate(i);
    std::copy(slate.begin(), slate.end(), output.slates.begin() + static_cast<std::ptrdiff_t>(i * slate_size_));
    output.behaviour_probability[i] = decides ? behaviour_[i] : 1.0f;
    if (output.position_probability.empty()) continue;
    for (size_t k = 0; k < slate_size_; ++k) {
      const size_t at = i * slate_size_ + k;
      const float held = slate[k] == kNoItem ? 0.0f : 1.0f;
      output.position_probability[at] = decides ? position_probability_[at] : held;
    }
  }
}

void TemporalAggregation::Ask(size_t i, const PolicyInput& input) {
  User& user = users_[i];
  const absl::Span<const float> candidates = input.candidates.subspan(i * candidates_width_, candidates_width_);
  const bool starts = !user.begun || input.positions[i].step == 0;
  if (starts) {
    user = {.begun = true, .decides = true};
    shown_.SetFirst(i, candidates);
  }
  float* row = observation_.data() + i * inner_width_;
  row = std::copy_n(input.observation.data() + i * num_user_features_, num_user_features_, row);
  if (options_.switching_cost > 0) shown_.Write(i, row);
  std::copy(candidates.begin(), candidates.end(),
            candidates_.begin() + static_cast<std::ptrdiff_t>(i * candidates_width_));
  positions_[i] = input.positions[i];
  positions_[i].step = user.decisions;
}

void TemporalAggregation::Decide(size_t i, const PolicyInput& input) {
  User& user = users_[i];
  const absl::Span<const float> candidates = input.candidates.subspan(i * candidates_width_, candidates_width_);
  const absl::Span<const int32_t> slate = absl::MakeConstSpan(decisions_).subspan(i * slate_size_, slate_size_);
  user.switched = user.decisions > 0 && shown_.Differs(i, slate, candidates);
  shown_.Set(i, slate, candidates);
  ++user.decisions;
  user.steps = 0;
  user.discount = 1;
  user.reward = 0;
}

void TemporalAggregation::Observe(const PolicyFeedback& feedback) {
  const size_t num_users = feedback.reward.size();
  const FeedbackNeeds needs = feedback_needs(), base_needs = base_->feedback_needs();
  RECBOTS_CHECK(num_users == positions_.size() &&
                (!needs.next_observation || feedback.next_observation.size() == num_users * num_user_features_) &&
                (!needs.next_candidates || feedback.next_candidates.size() == num_users * candidates_width_))
      << "users " << num_users << ", acted for " << positions_.size() << ", next_observation "
      << feedback.next_observation.size() << ", next_candidates " << feedback.next_candidates.size();
  bool any = false;
  for (size_t i = 0; i < num_users; ++i) {
    const bool active = feedback.active.empty() || feedback.active[i] != 0;
    const bool over = active && Accumulate(i, feedback);
    active_[i] = over ? 1 : 0;
    Tell(i, feedback);
    if (base_needs.next_observation) TellNext(i, feedback);
    users_[i].decides = users_[i].decides || over;
    any = any || over;
  }
  if (!any) return;
  const absl::Span<const float> next_observation = next_observation_;
  base_->Observe({.slates = decisions_,
                  .response = response_,
                  .reward = reward_,
                  .terminated = terminated_,
                  .truncated = truncated_,
                  .next_observation = base_needs.next_observation ? next_observation : absl::Span<const float>(),
                  .next_candidates = feedback.next_candidates,
                  .active = active_});
}

bool TemporalAggregation::Accumulate(size_t i, const PolicyFeedback& feedback) {
  User& user = users_[i];
  user.reward += user.discount * static_cast<double>(feedback.reward[i]);
  user.discount *= options_.gamma;
  ++user.steps;
  if (feedback.terminated[i] != 0 || feedback.truncated[i] != 0) return true;
  if (user.steps >= options_.aggregation_period) return true;
  absl::Span<const float> candidates;
  if (shown_.finds_by_features()) {
    candidates = feedback.next_candidates.subspan(i * candidates_width_, candidates_width_);
  }
  return !shown_.Find(i, candidates);
}

void TemporalAggregation::Tell(size_t i, const PolicyFeedback& feedback) {
  const bool over = active_[i] != 0;
  const User& user = users_[i];
  reward_[i] = over ? static_cast<float>(user.reward - (user.switched ? options_.switching_cost : 0)) : 0.0f;
  terminated_[i] = over ? feedback.terminated[i] : uint8_t{0};
  truncated_[i] = over ? feedback.truncated[i] : uint8_t{0};
  const size_t response_width = slate_size_ * num_fields_;
  float* const response = response_.data() + i * response_width;
  if (over) {
    std::copy_n(feedback.response.data() + i * response_width, response_width, response);
  } else {
    std::fill_n(response, response_width, 0.0f);
  }
}

void TemporalAggregation::TellNext(size_t i, const PolicyFeedback& feedback) {
  float* row = next_observation_.data() + i * inner_width_;
  row = std::copy_n(feedback.next_observation.data() + i * num_user_features_, num_user_features_, row);
  if (options_.switching_cost > 0) shown_.Write(i, row);
}

}  // namespace recbots

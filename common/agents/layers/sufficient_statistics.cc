#include "common/agents/layers/sufficient_statistics.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"

namespace recbots {

SufficientStatistics::SufficientStatistics(const EnvironmentSpec& spec, std::unique_ptr<UserStatistics> statistics,
                                           std::unique_ptr<Policy> base)
    : num_user_features_(static_cast<size_t>(spec.num_user_features)),
      candidates_width_(static_cast<size_t>(spec.num_candidates) * static_cast<size_t>(spec.num_candidate_features)),
      slate_size_(static_cast<size_t>(spec.slate_size)),
      num_fields_(spec.response_fields.size()),
      statistics_(std::move(statistics)),
      base_(std::move(base)) {
  RECBOTS_CHECK(statistics_ != nullptr && base_ != nullptr);
}

EnvironmentSpec SufficientStatistics::InnerSpec(const EnvironmentSpec& spec, const UserStatistics& statistics) {
  EnvironmentSpec inner = spec;
  inner.num_user_features += statistics.width();
  return inner;
}

void SufficientStatistics::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size();
  RECBOTS_CHECK(input.observation.size() == num_users * num_user_features_)
      << "observation " << input.observation.size() << ", want " << num_users << " x " << num_user_features_;
  if (begun_.size() < num_users) {
    begun_.resize(num_users);
    statistics_->Reserve(num_users);
  }
  for (size_t user = 0; user < num_users; ++user) {
    if (begun_[user] && input.positions[user].step != 0) continue;
    statistics_->Begin(user, ViewOf(user, input.observation, input.candidates));
    begun_[user] = true;
  }
  Wrap(input.observation, num_users);
  base_->Act({.observation = wrapped_, .positions = input.positions, .candidates = input.candidates}, output);
}

void SufficientStatistics::Observe(const PolicyFeedback& feedback) {
  const size_t num_users = feedback.reward.size();
  const FeedbackNeeds needs = feedback_needs();
  RECBOTS_CHECK(num_users <= begun_.size() &&
                (!needs.next_observation || feedback.next_observation.size() == num_users * num_user_features_) &&
                (!needs.next_candidates || feedback.next_candidates.size() == num_users * candidates_width_))
      << "next_observation " << feedback.next_observation.size() << ", next_candidates "
      << feedback.next_candidates.size() << ", users " << num_users << ", acted for " << begun_.size();
  const size_t response_width = slate_size_ * num_fields_;
  for (size_t user = 0; user < num_users; ++user) {
    if (!feedback.active.empty() && feedback.active[user] == 0) continue;
    statistics_->Add(user,
                     {.slate = feedback.slates.subspan(user * slate_size_, slate_size_),
                      .response = feedback.response.subspan(user * response_width, response_width)},
                     ViewOf(user, feedback.next_observation, feedback.next_candidates));
  }
  PolicyFeedback wrapped = feedback;
  wrapped.next_observation = {};
  if (base_->feedback_needs().next_observation) {
    Wrap(feedback.next_observation, num_users);
    wrapped.next_observation = wrapped_;
  }
  base_->Observe(wrapped);
}

UserView SufficientStatistics::ViewOf(size_t user, absl::Span<const float> observation,
                                      absl::Span<const float> candidates) const {
  UserView view;
  if (!observation.empty()) view.observation = observation.subspan(user * num_user_features_, num_user_features_);
  if (!candidates.empty()) view.candidates = candidates.subspan(user * candidates_width_, candidates_width_);
  return view;
}

void SufficientStatistics::Wrap(absl::Span<const float> observation, size_t num_users) {
  const auto width = static_cast<size_t>(statistics_->width());
  wrapped_.resize(num_users * (num_user_features_ + width));
  float* row = wrapped_.data();
  for (size_t user = 0; user < num_users; ++user) {
    row = std::copy_n(observation.data() + user * num_user_features_, num_user_features_, row);
    statistics_->Write(user, absl::MakeSpan(row, width));
    row += width;
  }
}

}  // namespace recbots

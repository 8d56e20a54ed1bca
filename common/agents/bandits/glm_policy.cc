#include "common/agents/bandits/glm_policy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "common/base/check_range.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/policies/greedy_slate.h"

namespace recbots {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

absl::Status Validate(const EnvironmentSpec& spec, const GlmPolicyOptions& options) {
  if (spec.FindResponseField("click") < 0) {
    return absl::InvalidArgumentError(absl::StrCat("environment ", spec.name, " has no response field \"click\""));
  }
  const int max_features = GlmPolicy::kMaxFeatures - (options.intercept ? 1 : 0);
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_candidate_features", spec.num_candidate_features, 1, max_features));
  RECBOTS_RETURN_IF_ERROR(CheckSettings(options));
  return options.horizon == 0 ? absl::OkStatus() : CheckRange("horizon", options.horizon, 1, 1e12);
}

double Horizon(const EnvironmentSpec& spec, const GlmPolicyOptions& options) {
  if (options.horizon > 0) return options.horizon;
  return spec.max_episode_steps > 0 ? static_cast<double>(spec.max_episode_steps) * spec.slate_size : 1000;
}

}  // namespace

GlmPolicy::GlmPolicy(const EnvironmentSpec& spec, const GlmPolicyOptions& options, uint64_t seed)
    : spec_(spec),
      options_(options),
      arm_size_(static_cast<size_t>(spec.num_candidate_features) + (options.intercept ? 1 : 0)),
      seed_(seed),
      click_field_(static_cast<size_t>(spec.FindResponseField("click"))),
      arms_(static_cast<size_t>(spec.num_candidates) * arm_size_),
      index_(static_cast<size_t>(spec.num_candidates)) {}

void GlmPolicy::SetUsers(size_t num_users) {
  if (learners_.size() == num_users) return;
  const LogisticBanditOptions options{
      .sigma0 = options_.sigma0, .refit_growth = options_.refit_growth, .max_history = options_.max_history};
  learners_.clear();
  learners_.resize(num_users, LogisticBandit(arm_size_, options));
  shown_.assign(num_users * static_cast<size_t>(spec_.slate_size) * arm_size_, 0.0);
}

void GlmPolicy::LoadArms(absl::Span<const float> candidates) {
  const auto num_features = static_cast<size_t>(spec_.num_candidate_features);
  for (size_t item = 0; item < index_.size(); ++item) {
    double* arm = &arms_[item * arm_size_];
    std::copy_n(&candidates[item * num_features], num_features, arm);
    if (options_.intercept) arm[num_features] = 1;
  }
}

void GlmPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size();
  const auto slate_size = static_cast<size_t>(spec_.slate_size);
  const size_t row = index_.size() * static_cast<size_t>(spec_.num_candidate_features);
  RECBOTS_CHECK(input.candidates.size() == num_users * row && output.slates.size() == num_users * slate_size)
      << "candidates " << input.candidates.size() << ", slates " << output.slates.size() << ", users " << num_users;
  SetUsers(num_users);
  for (size_t user = 0; user < num_users; ++user) {
    LogisticBandit& learner = learners_[user];
    if (input.positions[user].step == 0) learner.Forget();
    LoadArms(input.candidates.subspan(user * row, row));
    Rng draws(seed_, Purpose::kPolicy, input.positions[user]);
    Indices(learner, arms_, draws, absl::MakeSpan(index_));
    const absl::Span<int32_t> slate = output.slates.subspan(user * slate_size, slate_size);
    absl::Span<float> marginals;
    if (!output.position_probability.empty()) {
      marginals = output.position_probability.subspan(user * slate_size, slate_size);
    }
    const double probability = GreedySlateRandomTies(index_, draws, slate, marginals);
    output.behaviour_probability[user] = knows_probability() ? static_cast<float>(probability) : kUnknown;
    if (!knows_probability()) std::fill(marginals.begin(), marginals.end(), kUnknown);
    for (size_t k = 0; k < slate_size; ++k) {
      std::copy_n(&arms_[static_cast<size_t>(slate[k]) * arm_size_], arm_size_,
                  &shown_[(user * slate_size + k) * arm_size_]);
    }
  }
}

void GlmPolicy::Observe(const PolicyFeedback& feedback) {
  const auto slate_size = static_cast<size_t>(spec_.slate_size);
  const size_t num_fields = spec_.response_fields.size();
  RECBOTS_CHECK(feedback.response.size() == learners_.size() * slate_size * num_fields)
      << "response " << feedback.response.size() << ", users of the last Act " << learners_.size();
  for (size_t user = 0; user < learners_.size(); ++user) {
    if (!feedback.active.empty() && feedback.active[user] == 0) continue;
    for (size_t k = user * slate_size; k < (user + 1) * slate_size; ++k) {
      const double click = feedback.response[k * num_fields + click_field_] > 0.5f ? 1 : 0;
      learners_[user].Observe(absl::MakeConstSpan(&shown_[k * arm_size_], arm_size_), click);
    }
  }
}

UcbGlmPolicy::UcbGlmPolicy(const EnvironmentSpec& spec, const GlmPolicyOptions& options, uint64_t seed)
    : GlmPolicy(spec, options, seed),
      width_(options.optimism_scaling * UcbGlmWidth(arm_size_, Horizon(spec, options))) {}

absl::StatusOr<std::unique_ptr<UcbGlmPolicy>> UcbGlmPolicy::Create(const EnvironmentSpec& spec,
                                                                   const GlmPolicyOptions& options, uint64_t seed) {
  RECBOTS_RETURN_IF_ERROR(Validate(spec, options));
  return std::unique_ptr<UcbGlmPolicy>(new UcbGlmPolicy(spec, options, seed));
}

void UcbGlmPolicy::Indices(LogisticBandit& learner, absl::Span<const double> arms, Rng&, absl::Span<double> index) {
  for (size_t i = 0; i < index.size(); ++i) index[i] = learner.UcbIndex(arms.subspan(i * arm_size_, arm_size_), width_);
}

GlmThompsonPolicy::GlmThompsonPolicy(const EnvironmentSpec& spec, const GlmPolicyOptions& options, uint64_t seed)
    : GlmPolicy(spec, options, seed), sample_(arm_size_) {}

absl::StatusOr<std::unique_ptr<GlmThompsonPolicy>> GlmThompsonPolicy::Create(const EnvironmentSpec& spec,
                                                                             const GlmPolicyOptions& options,
                                                                             uint64_t seed) {
  RECBOTS_RETURN_IF_ERROR(Validate(spec, options));
  return std::unique_ptr<GlmThompsonPolicy>(new GlmThompsonPolicy(spec, options, seed));
}

void GlmThompsonPolicy::Indices(LogisticBandit& learner, absl::Span<const double> arms, Rng& draws,
                                absl::Span<double> index) {
  learner.SampleWeights(options_.optimism_scaling, draws, absl::MakeSpan(sample_));
  for (size_t i = 0; i < index.size(); ++i) {
    const double* arm = &arms[i * arm_size_];
    index[i] = 0;
    for (size_t j = 0; j < arm_size_; ++j) index[i] += arm[j] * sample_[j];
  }
}

}  // namespace recbots

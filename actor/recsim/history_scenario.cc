#include "actor/recsim/history_scenario.h"

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "actor/recsim/history_environment.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// Shows and tells another policy the first features of each user only. Allocates where the number of users grows only.
class FirstFeaturesPolicy final : public Policy {
 public:
  // num_features of num_seen.
  FirstFeaturesPolicy(int num_features, int num_seen, std::unique_ptr<Policy> base)
      : num_features_(static_cast<size_t>(num_features)),
        num_seen_(static_cast<size_t>(num_seen)),
        base_(std::move(base)) {}

  bool learns() const override { return base_->learns(); }
  FeedbackNeeds feedback_needs() const override { return base_->feedback_needs(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    PolicyInput narrow = input;
    narrow.observation = Narrow(input.observation);
    base_->Act(narrow, output);
  }
  void Observe(const PolicyFeedback& feedback) override {
    PolicyFeedback narrow = feedback;
    narrow.next_observation = {};
    if (feedback_needs().next_observation) narrow.next_observation = Narrow(feedback.next_observation);
    base_->Observe(narrow);
  }

 private:
  absl::Span<const float> Narrow(absl::Span<const float> seen) {
    RECBOTS_CHECK(seen.size() % num_seen_ == 0) << "observation " << seen.size() << ", want rows of " << num_seen_;
    const size_t num_users = seen.size() / num_seen_;
    narrow_.resize(num_users * num_features_);
    for (size_t i = 0; i < num_users; ++i) {
      std::copy_n(seen.data() + i * num_seen_, num_features_, narrow_.data() + i * num_features_);
    }
    return narrow_;
  }

  const size_t num_features_, num_seen_;
  const std::unique_ptr<Policy> base_;
  std::vector<float> narrow_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Scenario>> HistoryScenario::Create(std::unique_ptr<Scenario> inner,
                                                                  const HistoryOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const History history, MakeHistory(options, inner->spec()));
  EnvironmentSpec spec = SpecWithHistory(inner->spec(), history);
  return std::unique_ptr<Scenario>(absl::WrapUnique(new HistoryScenario(std::move(inner), options, std::move(spec))));
}

HistoryScenario::HistoryScenario(std::unique_ptr<Scenario> inner, const HistoryOptions& options, EnvironmentSpec spec)
    : inner_(std::move(inner)), options_(options), spec_(std::move(spec)) {}

std::unique_ptr<Environment> HistoryScenario::MakeEnvironment(int num_users, uint32_t first_stream) const {
  return std::make_unique<HistoryEnvironment>(inner_->MakeEnvironment(num_users, first_stream),
                                              MakeHistory(options_, inner_->spec()).value());
}

std::vector<ReferencePolicy> HistoryScenario::MakeReferencePolicies() const {
  std::vector<ReferencePolicy> policies = inner_->MakeReferencePolicies();
  for (ReferencePolicy& reference : policies) {
    reference.policy = std::make_unique<FirstFeaturesPolicy>(inner_->spec().num_user_features, spec_.num_user_features,
                                                             std::move(reference.policy));
  }
  return policies;
}

}  // namespace recbots

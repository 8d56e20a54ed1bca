#include <algorithm>
#include <memory>
#include <utility>

#include "actor/scenarios/known_q/exact_values.h"
#include "actor/scenarios/known_q/model.h"
#include "common/base/log.h"
#include "common/policies/tabular_policy.h"

namespace recbots {
namespace {

constexpr size_t kStates = kKnownQStates;

// The slate [K] that takes an action: its first candidate, then the lowest others.
void WriteSlate(int action, size_t slate_size, int32_t* slate) {
  slate[0] = action;
  int32_t position = 0;
  for (size_t i = 1; i < slate_size; ++i, ++position) {
    if (position == action) ++position;
    slate[i] = position;
  }
}

// Takes the best action for the number of steps that are left.
class HorizonPolicy final : public Policy {
 public:
  HorizonPolicy(KnownQHorizon horizon, int slate_size)
      : horizon_(std::move(horizon)), slate_size_(static_cast<size_t>(slate_size)) {}

  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    const size_t num_users = input.positions.size();
    RECBOTS_CHECK(input.observation.size() == num_users * kStates && output.slates.size() == num_users * slate_size_)
        << "observation " << input.observation.size() << ", slates " << output.slates.size() << ", users " << num_users;
    for (size_t user = 0; user < num_users; ++user) {
      const float* const features = input.observation.data() + user * kStates;
      const auto state = static_cast<size_t>(std::max_element(features, features + kStates) - features);
      const size_t step = std::min<size_t>(input.positions[user].step, horizon_.actions.size() - 1);
      WriteSlate(horizon_.actions[step][state], slate_size_, output.slates.data() + user * slate_size_);
    }
    std::fill(output.behaviour_probability.begin(), output.behaviour_probability.end(), 1.0f);
    std::fill(output.position_probability.begin(), output.position_probability.end(), 1.0f);
  }

 private:
  const KnownQHorizon horizon_;
  const size_t slate_size_;
};

}  // namespace

std::vector<ReferencePolicy> KnownQModel::MakeReferencePolicies(const EnvironmentSpec& spec, uint64_t seed) const {
  static_cast<void>(seed);
  const auto slate_size = static_cast<size_t>(spec.slate_size);
  const KnownQRule myopic = SolveKnownQHorizon(1).actions.front();
  std::vector<int32_t> slates(kStates * slate_size);
  for (size_t s = 0; s < kStates; ++s) WriteSlate(myopic[s], slate_size, slates.data() + s * slate_size);
  std::vector<ReferencePolicy> policies;
  policies.push_back({"myopic", std::make_unique<TabularPolicy>(std::move(slates), spec.slate_size)});
  policies.push_back({"optimal",
                      std::make_unique<HorizonPolicy>(SolveKnownQHorizon(spec.max_episode_steps), spec.slate_size),
                      ReferencePolicy::Known::kOptimalValue});
  return policies;
}

}  // namespace recbots

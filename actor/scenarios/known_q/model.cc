#include "actor/scenarios/known_q/model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/scenarios/known_q/exact_values.h"
#include "common/base/check_range.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/policies/tabular_policy.h"

namespace recbots {
namespace {

constexpr size_t kStates = kKnownQStates;

EnvironmentSpec SpecOf(const KnownQOptions& options) {
  EnvironmentSpec spec;
  spec.name = "known_q";
  spec.num_user_features = kKnownQStates;
  spec.num_candidates = options.num_candidates;
  spec.slate_size = options.slate_size;
  spec.response_fields = {"click", "reward"};
  spec.fixed_catalogue = true;
  spec.min_reward = -10;
  spec.max_reward = 5;
  spec.max_episode_steps = options.max_episode_steps;
  return spec;
}

// The slate [K] that takes an action: its first candidate, then the lowest others.
void WriteSlate(int action, size_t slate_size, int32_t* slate) {
  slate[0] = action;
  int32_t position = 0;
  for (size_t i = 1; i < slate_size; ++i, ++position) {
    if (position == action) ++position;
    slate[i] = position;
  }
}

// What is best with so many steps left.
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

double MeanOf(const std::vector<double>& distribution, const KnownQStateValues& values) {
  double mean = 0;
  for (size_t s = 0; s < kStates; ++s) mean += distribution[s] * values[s];
  return mean;
}

}  // namespace

absl::Status KnownQModel::Validate(const Options& options) {
  RECBOTS_RETURN_IF_ERROR(
      CheckRange("num_candidates", options.num_candidates, kKnownQActions, Options::kMaxCandidates));
  RECBOTS_RETURN_IF_ERROR(CheckRange("slate_size", options.slate_size, 1, options.num_candidates));
  RECBOTS_RETURN_IF_ERROR(CheckRange("max_episode_steps", options.max_episode_steps, 1, Options::kMaxSteps));
  if (options.start_distribution.size() != kStates) {
    return absl::InvalidArgumentError(
        absl::StrCat("start_distribution has ", options.start_distribution.size(), " numbers, want ", kStates));
  }
  double sum = 0;
  for (const double p : options.start_distribution) {
    if (!(p >= 0 && p <= 1)) return absl::InvalidArgumentError(absl::StrCat("start_distribution ", p, ", want 0..1"));
    sum += p;
  }
  if (std::abs(sum - 1) <= 1e-6) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("start_distribution sums to ", sum, ", want 1"));
}

KnownQModel::KnownQModel(const Options& options) : options_(options), spec_(SpecOf(options_)) {
  double sum = 0;
  size_t last = 0;
  for (size_t s = 0; s < kStates; ++s) {
    sum += options_.start_distribution[s];
    cumulative_start_[s] = sum;
    if (options_.start_distribution[s] > 0) last = s;
  }
  std::fill(cumulative_start_.begin() + static_cast<std::ptrdiff_t>(last), cumulative_start_.end(), 1.0);
}

std::vector<ReferencePolicy> KnownQModel::MakeReferencePolicies(const EnvironmentSpec& spec, uint64_t seed) const {
  static_cast<void>(seed);
  const auto slate_size = static_cast<size_t>(spec.slate_size);
  const KnownQRule myopic = SolveKnownQHorizon(1).actions.front();
  std::vector<int32_t> slates(kStates * slate_size);
  for (size_t s = 0; s < kStates; ++s) WriteSlate(myopic[s], slate_size, slates.data() + s * slate_size);
  std::vector<ReferencePolicy> policies;
  policies.push_back({"myopic", std::make_unique<TabularPolicy>(std::move(slates), spec.slate_size)});
  policies.push_back(
      {"optimal", std::make_unique<HorizonPolicy>(SolveKnownQHorizon(spec.max_episode_steps), spec.slate_size)});
  return policies;
}

std::optional<double> KnownQModel::OptimalValue() const {
  return MeanOf(options_.start_distribution, SolveKnownQHorizon(options_.max_episode_steps).v);
}

std::optional<double> KnownQModel::RandomValue() const {
  KnownQTable policy{};
  for (auto& row : policy) {
    for (int32_t i = 0; i < options_.num_candidates; ++i) {
      row[static_cast<size_t>(KnownQAction(i))] += 1.0 / options_.num_candidates;
    }
  }
  return MeanOf(options_.start_distribution, KnownQPolicyValues(policy, options_.max_episode_steps));
}

std::vector<float> KnownQModel::AllObservations() const {
  std::vector<float> observations(kStates * kStates, 0.0f);
  for (size_t s = 0; s < kStates; ++s) observations[s * kStates + s] = 1.0f;
  return observations;
}

absl::StatusOr<double> KnownQModel::ExactValue(absl::Span<const int32_t> slates) const {
  const auto slate_size = static_cast<size_t>(options_.slate_size);
  if (slates.size() != kStates * slate_size) {
    return absl::InvalidArgumentError(
        absl::StrCat("exact value: ", slates.size(), " positions, want ", kStates * slate_size));
  }
  KnownQTable policy{};
  for (size_t s = 0; s < kStates; ++s) {
    for (size_t i = 0; i < slate_size; ++i) {
      const int32_t position = slates[s * slate_size + i];
      if ((position >= 0 && position < options_.num_candidates) || (i > 0 && position == kNoItem)) continue;
      return absl::InvalidArgumentError(absl::StrCat("exact value: slate of state ", s, " names position ", position,
                                                     ", want 0..", options_.num_candidates - 1));
    }
    policy[s][static_cast<size_t>(KnownQAction(slates[s * slate_size]))] = 1;
  }
  return MeanOf(options_.start_distribution, KnownQPolicyValues(policy, options_.max_episode_steps));
}

}  // namespace recbots

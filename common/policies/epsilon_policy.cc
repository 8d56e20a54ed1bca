#include "common/policies/epsilon_policy.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/log.h"
#include "common/policies/policy_seed.h"
#include "common/policies/random_policy.h"
#include "common/rl/spec.h"

namespace recbots {

EpsilonPolicy::EpsilonPolicy(std::unique_ptr<Policy> base, double epsilon, uint64_t seed, int num_candidates,
                             int slate_size)
    : base_(std::move(base)),
      epsilon_(epsilon),
      seed_(PartSeed(seed, PolicyPart::kEpsilon)),
      num_candidates_(static_cast<uint32_t>(num_candidates)),
      slate_size_(static_cast<size_t>(slate_size)),
      random_probability_(RandomSlateProbability(num_candidates, slate_size)),
      taken_(slate_size_) {
  RECBOTS_CHECK(base_ != nullptr);
  SetEpsilon(epsilon);
  RECBOTS_CHECK(slate_size >= 1 && slate_size <= num_candidates)
      << "slate_size " << slate_size << ", want 1.." << num_candidates;
}

void EpsilonPolicy::SetEpsilon(double epsilon) {
  RECBOTS_CHECK(epsilon >= 0 && epsilon <= 1) << "epsilon " << epsilon << ", want 0..1";
  epsilon_ = epsilon;
}

void EpsilonPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size();
  RECBOTS_CHECK(output.slates.size() == num_users * slate_size_ && output.behaviour_probability.size() == num_users)
      << "slates " << output.slates.size() << ", probabilities " << output.behaviour_probability.size() << ", users "
      << num_users;
  base_slates_.resize(num_users * slate_size_);
  base_behaviour_.resize(num_users);
  base_positions_.resize(output.position_probability.size());
  base_->Act(input, {absl::MakeSpan(base_slates_), absl::MakeSpan(base_behaviour_), absl::MakeSpan(base_positions_)});
  std::copy(base_slates_.begin(), base_slates_.end(), output.slates.begin());
  for (size_t user = 0; user < num_users; ++user) {
    Rng draws(seed_, Purpose::kPolicy, input.positions[user]);
    const bool random = draws.Uniform() < epsilon_;
    if (random) {
      DrawRandomSlate(num_candidates_, draws, output.slates.subspan(user * slate_size_, slate_size_),
                      absl::MakeSpan(taken_));
    }
    Mix(user, random, output);
  }
}

void EpsilonPolicy::Mix(size_t user, bool random, const PolicyOutput& output) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const absl::Span<const int32_t> slate = output.slates.subspan(user * slate_size_, slate_size_);
  const absl::Span<const int32_t> base = absl::MakeConstSpan(base_slates_).subspan(user * slate_size_, slate_size_);
  const double base_probability = base_behaviour_[user];
  const bool certain = base_probability == 1;
  // P(slate) = of_base * P(base shows it) + P(random shows it); of_base is 0 if epsilon is 1.
  const auto mix = [&](double of_base, double of_random) {
    if (epsilon_ == 0) return of_base;
    const double base_part = epsilon_ == 1 ? 0 : (1 - epsilon_) * (certain ? of_base : kUnknown);
    return base_part + epsilon_ * of_random;
  };
  const bool full = slate.back() != kNoItem;  // A random slate is never short.
  const double of_base = random ? (base == slate ? 1 : 0) : base_probability;
  output.behaviour_probability[user] = static_cast<float>(mix(of_base, full ? random_probability_ : 0));
  if (output.position_probability.empty()) return;
  for (size_t k = 0; k < slate_size_; ++k) {
    const size_t at = user * slate_size_ + k;
    const bool shown = slate[k] != kNoItem;
    const double position_of_base = random ? (base[k] == slate[k] ? 1 : 0) : base_positions_[at];
    output.position_probability[at] = shown ? static_cast<float>(mix(position_of_base, 1.0 / num_candidates_)) : 0.0f;
  }
}

}  // namespace recbots

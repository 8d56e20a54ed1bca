#include "common/policies/epsilon_policy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "common/base/log.h"
#include "common/policies/given_slates.h"
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
  base_prefix_.assign(output.prefix_probability.size(), std::numeric_limits<float>::quiet_NaN());
  const PolicyOutput of_base = {absl::MakeSpan(base_slates_), absl::MakeSpan(base_behaviour_),
                                absl::MakeSpan(base_positions_), absl::MakeSpan(base_prefix_)};
  base_->Act(input, of_base);
  CompletePrefix(of_base);
  std::copy(base_slates_.begin(), base_slates_.end(), output.slates.begin());
  for (size_t user = 0; user < num_users; ++user) {
    Rng draws(seed_, Purpose::kPolicy, input.positions[user]);
    const bool random = draws.Uniform() < epsilon_;
    if (random) {
      DrawRandomSlate(num_candidates_, draws, output.slates.subspan(user * slate_size_, slate_size_),
                      absl::MakeSpan(taken_));
    }
    Mix(user, random, output);
    if (!output.prefix_probability.empty()) MixPrefix(user, random, output);
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

void EpsilonPolicy::MixPrefix(size_t user, bool random, const PolicyOutput& output) {
  const bool certain = base_behaviour_[user] == 1;
  bool same = true;
  for (size_t k = 0; k < slate_size_; ++k) {
    const size_t at = user * slate_size_ + k;
    same &= base_slates_[at] == output.slates[at];
    const double of_base = random ? (same ? 1 : 0) : static_cast<double>(base_prefix_[at]);
    const double of_random = RandomSlateProbability(static_cast<int>(num_candidates_), static_cast<int>(k) + 1);
    const bool known = certain || epsilon_ == 0;
    const double base_part = epsilon_ == 1 ? 0 : known ? (1 - epsilon_) * of_base : std::nan("");
    const bool shown = output.slates[at] != kNoItem;
    output.prefix_probability[at] = shown ? static_cast<float>(base_part + epsilon_ * of_random) : 0.0f;
  }
}

void EpsilonPolicy::Probability(const PolicyInput& input, const GivenSlates& given) {
  base_->Probability(input, given);
  if (epsilon_ == 0) return;
  const size_t num_users = input.positions.size();
  std::vector<double> slate(1), position(given.position.empty() ? 0 : slate_size_);
  std::vector<double> prefix(given.prefix.empty() ? 0 : slate_size_);
  const auto mix = [this](double of_random, double& of_base) {
    of_base = (epsilon_ == 1 ? 0 : (1 - epsilon_) * of_base) + epsilon_ * of_random;
  };
  for (size_t user = 0; user < num_users; ++user) {
    const size_t first = user * slate_size_;
    RandomProbability(static_cast<int>(num_candidates_), 0,
                      {given.slates.subspan(first, slate_size_), absl::MakeSpan(slate), absl::MakeSpan(position),
                       absl::MakeSpan(prefix)});
    mix(slate[0], given.slate[user]);
    for (size_t k = 0; k < position.size(); ++k) mix(position[k], given.position[first + k]);
    for (size_t k = 0; k < prefix.size(); ++k) mix(prefix[k], given.prefix[first + k]);
  }
}

}  // namespace recbots

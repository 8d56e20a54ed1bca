#include "actor/scenarios/long_term_satisfaction/policies.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "actor/scenarios/long_term_satisfaction/model.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/policies/greedy_slate.h"

namespace recbots {
namespace {

void CheckSizes(const EnvironmentSpec& spec, const PolicyInput& input, const PolicyOutput& output) {
  const size_t users = input.positions.size();
  RECBOTS_CHECK(input.candidates.size() == users * static_cast<size_t>(spec.num_candidates) &&
                output.slates.size() == users * static_cast<size_t>(spec.slate_size) &&
                output.behaviour_probability.size() == users)
      << "candidates " << input.candidates.size() << ", slates " << output.slates.size() << ", users " << users;
}

void SetCertain(const PolicyOutput& output) {
  std::fill(output.behaviour_probability.begin(), output.behaviour_probability.end(), 1.0f);
  std::fill(output.position_probability.begin(), output.position_probability.end(), 1.0f);
}

bool Follows(const StreamPosition& position, const StreamPosition& before) {
  return position.stream == before.stream && position.episode == before.episode && position.step == before.step + 1;
}

}  // namespace

LtsReference::LtsReference(const LongTermSatisfactionOptions& options)
    : options_(options), solvable_(LtsMdp::Solvable(options)) {}

absl::StatusOr<const LtsReference::Solution*> LtsReference::Solve(const StopQuestion& stop) const {
  if (!solvable_) return nullptr;
  return solution_.Get([&]() -> absl::StatusOr<Solution> {
    LtsMdp mdp(options_, options_.num_candidates, /*refinement=*/1, stop);
    RECBOTS_ASSIGN_OR_RETURN(LtsMdp::Optimum optimum, mdp.Solve(stop));
    return Solution{std::move(mdp), std::move(optimum)};
  });
}

absl::StatusOr<std::optional<double>> LtsReference::RandomValue(const StopQuestion& stop) const {
  if (!solvable_) return std::nullopt;
  const LtsMdp mdp(options_, options_.num_candidates, /*refinement=*/1, stop);
  RECBOTS_ASSIGN_OR_RETURN(const double value, mdp.ValueOf(mdp.RandomRule(), stop));
  return value;
}

absl::StatusOr<const LtsMdp::Constant*> LtsReference::BestConstant(const StopQuestion& stop) const {
  if (!solvable_) return nullptr;
  return constant_.Get([&]() -> absl::StatusOr<LtsMdp::Constant> {
    const LtsMdp mdp(options_, options_.num_candidates, /*refinement=*/1, stop);
    RECBOTS_ASSIGN_OR_RETURN(LtsMdp::Constant best, mdp.BestConstant(stop));
    best.target = options_.Clickbait(best.target);
    return best;
  });
}

NearestClickbaitPolicy::NearestClickbaitPolicy(const EnvironmentSpec& spec, double target)
    : spec_(spec), target_(target), scores_(static_cast<size_t>(spec.num_candidates)) {}

NearestClickbaitPolicy::NearestClickbaitPolicy(const EnvironmentSpec& spec,
                                               std::shared_ptr<const LtsReference> reference)
    : spec_(spec), reference_(std::move(reference)), scores_(static_cast<size_t>(spec.num_candidates)) {
  RECBOTS_CHECK(reference_->solvable()) << "no exact values, hence no best constant";
}

void NearestClickbaitPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  CheckSizes(spec_, input, output);
  const double target = reference_ != nullptr ? (*reference_->BestConstant())->target : target_;
  const size_t n = scores_.size();
  const auto k = static_cast<size_t>(spec_.slate_size);
  for (size_t user = 0; user < input.positions.size(); ++user) {
    const float* candidates = input.candidates.data() + user * n;
    for (size_t i = 0; i < n; ++i) scores_[i] = -std::abs(candidates[i] - target);
    GreedySlate(scores_, output.slates.subspan(user * k, k));
  }
  SetCertain(output);
}

LtsOptimalPolicy::LtsOptimalPolicy(const LongTermSatisfactionOptions& options, const EnvironmentSpec& spec,
                                   uint64_t seed, std::shared_ptr<const LtsReference> reference)
    : options_(options),
      spec_(spec),
      seed_(seed),
      reference_(std::move(reference)),
      scores_(static_cast<size_t>(spec.num_candidates)) {
  RECBOTS_CHECK(reference_->solvable()) << "no exact values, hence no optimal policy";
}

double LtsOptimalPolicy::ExposureAt(const StreamPosition& position, const Followed& before) const {
  if (position.step == 0) {
    Rng draws(seed_, Purpose::kUser, position);
    return DrawFirstUser(options_, draws).exposure;
  }
  if (before.clickbait < 0 || !Follows(position, before.position)) return 0;
  Rng draws(seed_, Purpose::kTransition, before.position);
  return DrawNextUser(options_, {.exposure = before.exposure, .time_left = 0}, before.clickbait, draws).exposure;
}

void LtsOptimalPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  CheckSizes(spec_, input, output);
  const LtsReference::Solution& solution = **reference_->Solve();
  const size_t n = scores_.size();
  const auto k = static_cast<size_t>(spec_.slate_size);
  users_.resize(input.positions.size());
  candidates_.assign(input.candidates.begin(), input.candidates.end());
  for (size_t user = 0; user < users_.size(); ++user) {
    const StreamPosition position = input.positions[user];
    const double exposure = ExposureAt(position, users_[user]);
    const auto step = std::min(static_cast<int>(position.step), EpisodeSteps(options_) - 1);
    const float* candidates = candidates_.data() + user * n;
    for (size_t i = 0; i < n; ++i) {
      scores_[i] = solution.mdp.Score(solution.optimum, step, exposure, static_cast<double>(candidates[i]));
    }
    const auto slate = output.slates.subspan(user * k, k);
    GreedySlate(scores_, slate);
    users_[user] = {.position = position, .exposure = exposure, .clickbait = candidates[slate[0]]};
  }
  SetCertain(output);
}

void LtsOptimalPolicy::Observe(const PolicyFeedback& feedback) {
  const auto k = static_cast<size_t>(spec_.slate_size);
  RECBOTS_CHECK(feedback.slates.size() == users_.size() * k)
      << "slates " << feedback.slates.size() << ", users " << users_.size();
  for (size_t user = 0; user < users_.size(); ++user) {
    const auto shown = static_cast<size_t>(feedback.slates[user * k]);
    users_[user].clickbait = candidates_[user * scores_.size() + shown];
  }
}

}  // namespace recbots

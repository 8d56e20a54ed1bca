#include "common/policies/softmax_policy.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/policies/policy_seed.h"

namespace recbots {

SoftmaxPolicy::SoftmaxPolicy(std::unique_ptr<SlateScorer> scorer, double temperature, uint64_t seed, int num_candidates,
                             int slate_size)
    : scorer_(std::move(scorer)),
      temperature_(temperature),
      seed_(PartSeed(seed, PolicyPart::kSoftmax)),
      num_candidates_(static_cast<size_t>(num_candidates)),
      slate_size_(static_cast<size_t>(slate_size)),
      model_(num_candidates),
      prefix_(slate_size_),
      position_(slate_size_) {
  RECBOTS_CHECK(scorer_ != nullptr);
  RECBOTS_CHECK(temperature >= kMinTemperature && temperature <= kMaxTemperature)
      << "temperature " << temperature << ", want " << kMinTemperature << ".." << kMaxTemperature;
  RECBOTS_CHECK(slate_size >= 1 && slate_size <= num_candidates)
      << "slate_size " << slate_size << ", want 1.." << num_candidates;
}

void SoftmaxPolicy::Score(const PolicyInput& input) {
  scores_.resize(input.positions.size() * num_candidates_);
  scorer_->Score(input, absl::MakeSpan(scores_));
  for (double& score : scores_) score /= temperature_;
}

absl::Span<const double> SoftmaxPolicy::ScoresOf(size_t user) const {
  return absl::MakeConstSpan(scores_).subspan(user * num_candidates_, num_candidates_);
}

void SoftmaxPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  Score(input);
  for (size_t user = 0; user < input.positions.size(); ++user) {
    model_.SetScores(ScoresOf(user));
    Rng draws(seed_, Purpose::kPolicy, input.positions[user]);
    const absl::Span<int32_t> slate = output.slates.subspan(user * slate_size_, slate_size_);
    model_.Draw(draws, slate);
    model_.PrefixProbability(slate, absl::MakeSpan(prefix_));
    output.behaviour_probability[user] = static_cast<float>(prefix_.back());
    if (!output.position_probability.empty()) model_.PositionProbability(slate, absl::MakeSpan(position_));
    for (size_t k = 0; k < slate_size_; ++k) {
      const size_t at = user * slate_size_ + k;
      if (!output.position_probability.empty()) output.position_probability[at] = static_cast<float>(position_[k]);
      if (!output.prefix_probability.empty()) output.prefix_probability[at] = static_cast<float>(prefix_[k]);
    }
  }
}

void SoftmaxPolicy::Probability(const PolicyInput& input, const GivenSlates& given) {
  Score(input);
  for (size_t user = 0; user < input.positions.size(); ++user) {
    model_.SetScores(ScoresOf(user));
    const size_t first = user * slate_size_;
    const absl::Span<const int32_t> slate = given.slates.subspan(first, slate_size_);
    model_.PrefixProbability(slate, absl::MakeSpan(prefix_));
    given.slate[user] = prefix_.back();
    if (!given.prefix.empty()) std::copy(prefix_.begin(), prefix_.end(), given.prefix.begin() + first);
    if (!given.position.empty()) model_.PositionProbability(slate, given.position.subspan(first, slate_size_));
  }
}

}  // namespace recbots

#include "common/policies/slate_scorer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/log.h"
#include "common/rl/spec.h"

namespace recbots {

void ItemScorer::Score(const PolicyInput& input, absl::Span<double> scores) {
  RECBOTS_CHECK(scores.size() == input.positions.size() * scores_.size())
      << "scores " << scores.size() << ", users " << input.positions.size() << ", candidates " << scores_.size();
  for (size_t user = 0; user < input.positions.size(); ++user) {
    std::copy(scores_.begin(), scores_.end(), scores.begin() + static_cast<ptrdiff_t>(user * scores_.size()));
  }
}

RankScorer::RankScorer(std::unique_ptr<Policy> base, int num_candidates, int slate_size)
    : base_(std::move(base)),
      num_candidates_(static_cast<size_t>(num_candidates)),
      slate_size_(static_cast<size_t>(slate_size)) {
  RECBOTS_CHECK(base_ != nullptr);
  RECBOTS_CHECK(slate_size >= 1 && slate_size <= num_candidates)
      << "slate_size " << slate_size << ", want 1.." << num_candidates;
}

void RankScorer::Score(const PolicyInput& input, absl::Span<double> scores) {
  const size_t num_users = input.positions.size();
  slates_.resize(num_users * slate_size_);
  behaviour_.resize(num_users);
  base_->Act(input, {absl::MakeSpan(slates_), absl::MakeSpan(behaviour_)});
  std::fill(scores.begin(), scores.end(), 0.0);
  for (size_t user = 0; user < num_users; ++user) {
    for (size_t k = 0; k < slate_size_; ++k) {
      const int32_t item = slates_[user * slate_size_ + k];
      if (item == kNoItem) continue;
      scores[user * num_candidates_ + static_cast<size_t>(item)] = static_cast<double>(slate_size_ - k);
    }
  }
}

}  // namespace recbots

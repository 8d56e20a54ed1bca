#include "common/policies/random_policy.h"

#include "common/base/log.h"

namespace recbots {

RandomPolicy::RandomPolicy(uint64_t seed, int num_candidates, int slate_size)
    : seed_(seed),
      num_candidates_(static_cast<uint32_t>(num_candidates)),
      slate_size_(static_cast<size_t>(slate_size)),
      taken_(slate_size_) {
  RECBOTS_CHECK(slate_size >= 1 && slate_size <= num_candidates)
      << "slate_size " << slate_size << ", want 1.." << num_candidates;
  double probability = 1;
  for (uint32_t k = 0; k < slate_size_; ++k) probability /= num_candidates_ - k;
  probability_ = static_cast<float>(probability);
}

void RandomPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size();
  RECBOTS_CHECK(output.slates.size() == num_users * slate_size_ && output.behaviour_probability.size() == num_users)
      << "slates " << output.slates.size() << ", probabilities " << output.behaviour_probability.size() << ", users "
      << num_users;
  int32_t* slate = output.slates.data();
  for (size_t user = 0; user < num_users; ++user) {
    Rng rng(seed_, Purpose::kPolicy, input.positions[user]);
    for (uint32_t k = 0; k < slate_size_; ++k) {
      // The r-th of the candidates not yet taken: step over those taken up to there, and keep them sorted.
      uint32_t position = rng.Index(num_candidates_ - k);
      size_t rank = 0;
      while (rank < k && taken_[rank] <= position) {
        ++rank;
        ++position;
      }
      for (size_t i = k; i > rank; --i) taken_[i] = taken_[i - 1];
      taken_[rank] = position;
      *slate++ = static_cast<int32_t>(position);
    }
    output.behaviour_probability[user] = probability_;
  }
}

}  // namespace recbots

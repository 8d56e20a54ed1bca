#include "common/policies/random_policy.h"

#include <algorithm>

#include "common/base/log.h"

namespace recbots {

void DrawRandomSlate(uint32_t num_candidates, Rng& draws, absl::Span<int32_t> slate, absl::Span<uint32_t> taken) {
  for (uint32_t k = 0; k < slate.size(); ++k) {
    // Finds the r-th candidate that is not yet taken by stepping over the taken ones, which are kept sorted.
    uint32_t position = draws.Index(num_candidates - k);
    size_t rank = 0;
    while (rank < k && taken[rank] <= position) {
      ++rank;
      ++position;
    }
    for (size_t i = k; i > rank; --i) taken[i] = taken[i - 1];
    taken[rank] = position;
    slate[k] = static_cast<int32_t>(position);
  }
}

double RandomSlateProbability(int num_candidates, int slate_size) {
  double probability = 1;
  for (int k = 0; k < slate_size; ++k) probability /= num_candidates - k;
  return probability;
}

void RandomProbability(int num_candidates, size_t user, const GivenSlates& given) {
  const size_t slate_size = given.slates.size() / given.slate.size();
  const absl::Span<const int32_t> slate = given.slates.subspan(user * slate_size, slate_size);
  double prefix = 1;
  for (size_t k = 0; k < slate_size; ++k) {
    const bool possible = slate[k] >= 0 && slate[k] < num_candidates;
    const bool again = std::find(slate.begin(), slate.begin() + k, slate[k]) != slate.begin() + k;
    prefix *= possible && !again ? 1.0 / (num_candidates - static_cast<int>(k)) : 0;
    const size_t at = user * slate_size + k;
    if (!given.position.empty()) given.position[at] = possible ? 1.0 / num_candidates : 0;
    if (!given.prefix.empty()) given.prefix[at] = prefix;
  }
  given.slate[user] = prefix;
}

RandomPolicy::RandomPolicy(uint64_t seed, int num_candidates, int slate_size)
    : seed_(seed),
      num_candidates_(static_cast<uint32_t>(num_candidates)),
      slate_size_(static_cast<size_t>(slate_size)),
      probability_(static_cast<float>(RandomSlateProbability(num_candidates, slate_size))),
      taken_(slate_size_) {
  RECBOTS_CHECK(slate_size >= 1 && slate_size <= num_candidates)
      << "slate_size " << slate_size << ", want 1.." << num_candidates;
}

void RandomPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size();
  RECBOTS_CHECK(output.slates.size() == num_users * slate_size_ && output.behaviour_probability.size() == num_users)
      << "slates " << output.slates.size() << ", probabilities " << output.behaviour_probability.size() << ", users "
      << num_users;
  for (size_t user = 0; user < num_users; ++user) {
    Rng rng(seed_, Purpose::kPolicy, input.positions[user]);
    DrawRandomSlate(num_candidates_, rng, output.slates.subspan(user * slate_size_, slate_size_),
                    absl::MakeSpan(taken_));
    output.behaviour_probability[user] = probability_;
  }
  std::fill(output.position_probability.begin(), output.position_probability.end(),
            1.0f / static_cast<float>(num_candidates_));
  for (size_t at = 0; at < output.prefix_probability.size(); ++at) {
    const auto shown = static_cast<int>(at % slate_size_) + 1;
    output.prefix_probability[at] =
        static_cast<float>(RandomSlateProbability(static_cast<int>(num_candidates_), shown));
  }
}

void RandomPolicy::Probability(const PolicyInput& input, const GivenSlates& given) {
  for (size_t user = 0; user < input.positions.size(); ++user) {
    RandomProbability(static_cast<int>(num_candidates_), user, given);
  }
}

}  // namespace recbots

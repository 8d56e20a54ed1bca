#include "common/policies/policy.h"

#include <limits>
#include <vector>

#include "common/policies/given_slates.h"

namespace recbots {

void Policy::Probability(const PolicyInput& input, const GivenSlates& given) {
  const size_t num_users = input.positions.size();
  if (num_users == 0) return;
  std::vector<int32_t> shown(given.slates.size());
  std::vector<float> behaviour(num_users);
  Act(input, {absl::MakeSpan(shown), absl::MakeSpan(behaviour)});
  for (size_t user = 0; user < num_users; ++user) {
    if (behaviour[user] == 1) {
      CompareWithCertain(shown, user, given);
    } else {
      FillGiven(user, num_users, std::numeric_limits<double>::quiet_NaN(), given);
    }
  }
}

}  // namespace recbots

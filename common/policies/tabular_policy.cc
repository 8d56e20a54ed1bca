#include "common/policies/tabular_policy.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/rl/spec.h"

namespace recbots {

TabularPolicy::TabularPolicy(std::vector<int32_t> slates, int slate_size)
    : slates_(std::move(slates)),
      slate_size_(static_cast<size_t>(slate_size)),
      num_states_(slate_size >= 1 ? slates_.size() / slate_size_ : 0) {
  RECBOTS_CHECK(num_states_ >= 1 && num_states_ * slate_size_ == slates_.size())
      << "slates " << slates_.size() << ", slate_size " << slate_size;
}

void TabularPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = output.behaviour_probability.size();
  RECBOTS_CHECK(input.observation.size() == num_users * num_states_ && output.slates.size() == num_users * slate_size_)
      << "observation " << input.observation.size() << ", slates " << output.slates.size() << ", users " << num_users;
  for (size_t user = 0; user < num_users; ++user) {
    const float* const features = input.observation.data() + user * num_states_;
    const auto state = static_cast<size_t>(std::max_element(features, features + num_states_) - features);
    std::copy_n(slates_.data() + state * slate_size_, slate_size_, output.slates.data() + user * slate_size_);
    output.behaviour_probability[user] = 1.0f;
  }
  for (size_t i = 0; i < output.position_probability.size(); ++i) {
    output.position_probability[i] = output.slates[i] == kNoItem ? 0.0f : 1.0f;
  }
}

}  // namespace recbots

// Asks a policy outside an environment.
#pragma once

#include <cstdint>
#include <vector>

#include "common/policies/policy.h"

namespace recbots::testing {

struct Answer {
  std::vector<int32_t> slates;
  std::vector<float> behaviour, position;
};

inline Answer Ask(Policy& policy, const PolicyInput& input, size_t slate_size) {
  const size_t num_users = input.positions.size();
  Answer answer{std::vector<int32_t>(num_users * slate_size, -7), std::vector<float>(num_users, -7),
                std::vector<float>(num_users * slate_size, -7)};
  policy.Act(input, {absl::MakeSpan(answer.slates), absl::MakeSpan(answer.behaviour), absl::MakeSpan(answer.position)});
  return answer;
}

// `count` users at the start of an episode each.
inline std::vector<StreamPosition> FirstSteps(uint32_t count, uint32_t episode = 0) {
  std::vector<StreamPosition> positions;
  for (uint32_t i = 0; i < count; ++i) positions.push_back({i, episode, 0});
  return positions;
}

// Answers the same to everybody, with probabilities of its own choice.
class ConstantPolicy final : public Policy {
 public:
  ConstantPolicy(std::vector<int32_t> slate, float behaviour, float position)
      : slate_(std::move(slate)), behaviour_(behaviour), position_(position) {}

  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    for (size_t i = 0; i < output.slates.size(); ++i) output.slates[i] = slate_[i % slate_.size()];
    for (size_t i = 0; i < input.positions.size(); ++i) output.behaviour_probability[i] = behaviour_;
    for (float& position : output.position_probability) position = position_;
  }
  void Observe(const PolicyFeedback& feedback) override { observed += feedback.reward.size(); }
  bool learns() const override { return true; }

  size_t observed = 0;

 private:
  const std::vector<int32_t> slate_;
  const float behaviour_, position_;
};

}  // namespace recbots::testing

// Algorithms of every kind, and batches that all of them can learn from: what every algorithm is tried with
// (algorithm_conformance_test.cc, device_conformance_test.cc).
#pragma once

#include <ATen/ATen.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "common/algorithms/algorithm_list.h"
#include "common/base/random.h"
#include "common/networks/tensor_batch.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots::testing {

inline constexpr int64_t kItems = 5, kUser = 7, kRows = 32;
inline constexpr double kTwoHotRange = 8;

// Every option of it, so that updates before and behind a checkpoint are in every part of the schedule.
inline const std::string kOptimizer =
    "optimizer { clip_norm: 0.1 weight_decay: 0.1 schedule: COSINE warmup_steps: 4 decay_steps: 16 final_share: 0.1 }";

struct Case {
  std::string name;
  std::string config;  // AlgorithmConfig, whose first word is the algorithm.
  int slate_size = 1;
  // The network whose value of an item the policy maximises and TD errors are made of; empty: there is not only one.
  std::string network = {};
};

inline void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

inline std::string TwoHotHead(int atoms) {
  return " value_head: TWO_HOT value_range: " + std::to_string(kTwoHotRange) + " value_atoms: " + std::to_string(atoms);
}

inline std::string Layers(const std::string& units, const std::string& activation, bool layer_norm) {
  return "network { hidden_layers: [ " + units + " ] activation: " + activation +
         (layer_norm ? " layer_norm: true }" : " }");
}

inline std::vector<Case> AllCases() {
  const std::string sizes = "hidden_units: 16 learning_rate: 0.01";
  const std::string q = "q { second_hidden_units: 16 " + sizes;
  std::vector<Case> cases = {
      {"Wolpertinger", "wolpertinger { k: 5 " + sizes + " }", 1, "critic"},
      {"WolpertingerTwin", "wolpertinger { k: 2 twin_critics: true actor_delay: 2 target_noise: 0.1 " + sizes + " }"},
      {"SlateQ", "slate_q { " + q + " } }", 1, "q"},
      {"SlateQDueling", "slate_q { target: SARSA " + q + " dueling: true target_update_period: 3 } }", 1, "q"},
      {"SlateQProposal", "slate_q { " + q + " } proposal { k: 2 random_candidates: 2 " + sizes + " } }"},
      {"SlateQLearned", "slate_q { click_model { learned: true choice {} held_out: 0.2 " + sizes + " } " + q + " } }",
       2},
      {"FullSlateQ", "full_slate_q { " + q + " } }", 1, "q"},
      {"FullSlateQPairs", "full_slate_q { " + q + " huber_delta: 0.5 } }", 2},
      {"Dqn", "dqn { " + q + " double_q: false } }", 1, "q"},
      {"WolpertingerOptimizer", "wolpertinger { k: 5 actor_delay: 3 " + sizes + " } " + kOptimizer, 1, "critic"},
      {"SlateQOptimizer",
       "slate_q { click_model { learned: true choice {} held_out: 0.2 " + sizes + " } " + q + " } proposal { k: 2 " +
           sizes + " } } " + kOptimizer,
       2},
      {"WolpertingerDeep", "wolpertinger { k: 5 " + sizes + " } " + Layers("12, 8, 8", "SILU", true), 1, "critic"},
      {"WolpertingerUnequal", "wolpertinger { k: 5 " + sizes + " } " + Layers("12, 8", "RELU", false), 1, "critic"},
      {"SlateQDeep", "slate_q { " + q + " dueling: true } } " + Layers("12, 8, 8", "SILU", true), 1, "q"},
      {"SlateQDeepLearned",
       "slate_q { click_model { learned: true choice {} held_out: 0.2 " + sizes + " } " + q + " } proposal { k: 2 " +
           sizes + " } } " + Layers("8", "TANH", true),
       2},
      {"FullSlateQDeep", "full_slate_q { " + q + " dueling: true } } " + Layers("8, 8, 8", "TANH", false), 1, "q"},
      {"DqnQuantile", "dqn { " + q + " value_head: QUANTILE value_atoms: 9 dueling: true huber_delta: 0.5 } }", 1, "q"},
      {"DqnTwoHot", "dqn { " + q + TwoHotHead(9) + " dueling: true } }", 1, "q"},
      {"SlateQQuantile", "slate_q { " + q + " value_head: QUANTILE value_atoms: 10 } }", 1, "q"},
      {"SlateQTwoHotDeep", "slate_q { " + q + TwoHotHead(10) + " } } " + Layers("12, 8, 8", "SILU", true), 1, "q"},
      {"SlateQTwoHotDueling", "slate_q { " + q + TwoHotHead(11) + " dueling: true } }", 1, "q"},
      {"FullSlateQQuantilePairs",
       "full_slate_q { " + q + " value_head: QUANTILE value_atoms: 4 } } " + Layers("12", "TANH", false), 2},
      {"DqnShallow", "dqn { " + q + " } } " + Layers("24", "SILU", false), 1, "q"},
      {"DqnOptimizer", "dqn { " + q + " } } " + kOptimizer, 1, "q"},
  };
  for (const std::string& name : AlgorithmNames()) cases.push_back({"Default_" + name, name + " {}"});
  return cases;
}

inline EnvironmentSpec SpecOf(const Case& c) {
  EnvironmentSpec spec;
  spec.name = "bandit";
  spec.num_user_features = kUser;
  spec.num_candidates = kItems;
  spec.num_candidate_features = kItems;
  spec.slate_size = c.slate_size;
  spec.response_fields = {"click"};
  return spec;
}

inline v1::AlgorithmConfig ConfigOf(const Case& c) {
  v1::AlgorithmConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(c.config, &config)) << c.config;
  return config;
}

// Users like every item alike (their first features are 1) and differ in the last two.
inline at::Tensor Users(Rng& rng, int64_t rows = kRows) {
  const at::Tensor users = at::ones({rows, kUser});
  for (int64_t i = 0; i < rows * kUser; ++i) {
    if (i % kUser >= kItems) users.data_ptr<float>()[i] = static_cast<float>(rng.Uniform(-1, 1));
  }
  return users;
}

inline at::Tensor Slates(Rng& rng, int64_t slate_size) {
  const at::Tensor slates = at::empty({kRows, slate_size}, at::TensorOptions(at::kInt));
  for (int64_t row = 0; row < kRows; ++row) {
    const auto first = static_cast<int32_t>(rng.Index(kItems));
    for (int64_t k = 0; k < slate_size; ++k) {
      slates.data_ptr<int32_t>()[row * slate_size + k] = static_cast<int32_t>((first + k) % kItems);
    }
  }
  return slates;
}

// Everything is clicked, items are one-hot. Rewards and discounts are random.
inline TransitionBatch MakeBatch(const Case& c, uint32_t stream) {
  Rng rng(5, Purpose::kTest, {.stream = stream});
  const at::Tensor items = at::eye(kItems).expand({kRows, kItems, kItems}).contiguous();
  TransitionBatch batch = {.observation = Users(rng),
                           .next_observation = Users(rng),
                           .slate = Slates(rng, c.slate_size),
                           .reward = at::empty({kRows}),
                           .discount = at::full({kRows}, 0.9),
                           .candidates = items,
                           .next_candidates = items,
                           .response = at::ones({kRows, c.slate_size, 1}),
                           .next_slate = Slates(rng, c.slate_size)};
  for (int64_t i = 0; i < kRows; ++i) batch.reward.data_ptr<float>()[i] = static_cast<float>(rng.Normal());
  return batch;
}

}  // namespace recbots::testing

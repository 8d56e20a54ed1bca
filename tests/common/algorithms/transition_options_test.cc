#include "common/algorithms/transition_options.h"

#include <gtest/gtest.h>

#include "common/config/config.h"
#include "common/rl/spec.h"

namespace recbots {
namespace {

v1::AlgorithmConfig SlateQ(v1::SlateQConfig::TargetRule target) {
  v1::AlgorithmConfig config;
  config.mutable_slate_q()->set_target(target);
  config.mutable_slate_q()->mutable_q()->set_discount(1);
  config.mutable_slate_q()->mutable_q()->set_n_step(5);
  return config;
}

void ExpectOptions(const v1::AlgorithmConfig& config, double discount, int n_step, bool next_slate) {
  const TransitionOptions options = TransitionOptionsOf(config);
  EXPECT_EQ(options.discount, discount) << config.DebugString();
  EXPECT_EQ(options.n_step, n_step) << config.DebugString();
  EXPECT_EQ(options.next_slate, next_slate) << config.DebugString();
}

TEST(TransitionOptionsTest, AreThoseOfTheAlgorithm) {
  v1::AlgorithmConfig config;
  ExpectOptions(config, 0.99, 1, false);
  config.mutable_wolpertinger()->set_discount(0.8);
  ExpectOptions(config, 0.8, 1, false);
  config.mutable_wolpertinger()->set_n_step(4);
  ExpectOptions(config, 0.8, 4, false);
  ExpectOptions(SlateQ(v1::SlateQConfig::SARSA), 1, 5, true);
  for (const auto target :
       {v1::SlateQConfig::TARGET_TOP_K, v1::SlateQConfig::TARGET_GREEDY, v1::SlateQConfig::TARGET_OPTIMAL}) {
    ExpectOptions(SlateQ(target), 1, 5, false);
  }
  config.mutable_full_slate_q()->mutable_q()->set_n_step(3);
  ExpectOptions(config, 0.99, 3, false);
  config.mutable_dqn()->mutable_q()->set_discount(0.5);
  ExpectOptions(config, 0.5, 1, false);
}

// What a row needs is counted with the columns that the algorithm asks for: 100 of next_slate, 4 bytes each.
TEST(TransitionOptionsTest, CountInTheSizeOfARow) {
  EnvironmentSpec spec;
  spec.name = "test";
  spec.num_user_features = 10;
  spec.num_candidates = 100;
  spec.slate_size = 100;
  spec.response_fields = {"click"};
  v1::ExperimentConfig config;
  *config.mutable_algorithm() = SlateQ(v1::SlateQConfig::TARGET_OPTIMAL);
  const auto plain = static_cast<int32_t>(TransitionSchema(spec)->row_bytes());
  config.mutable_actor()->set_block_bytes(plain);
  EXPECT_EQ(CheckTraining(config, spec), absl::OkStatus());
  *config.mutable_algorithm() = SlateQ(v1::SlateQConfig::SARSA);
  EXPECT_EQ(CheckTraining(config, spec).message(), "actor.block_bytes " + std::to_string(plain) + ", want at least " +
                                                       std::to_string(plain + 400) + " (one row)");
}

}  // namespace
}  // namespace recbots

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "common/algorithms/algorithm.h"
#include "common/algorithms/make_algorithm.h"

namespace recbots {
namespace {

TEST(MakeAlgorithmTest, RefusesImpossibleOptions) {
  EnvironmentSpec spec;
  spec.name = "test";
  spec.num_user_features = 10;
  spec.num_candidates = 10;
  const auto refused = [&](const std::function<void(v1::WolpertingerConfig&)>& change, const std::string& message) {
    v1::AlgorithmConfig config;
    change(*config.mutable_wolpertinger());
    const absl::Status status = MakeAlgorithm(config, spec, {.seed = 1}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(message));
  };
  refused([](auto& c) { c.set_k(11); }, "k 11, want 1..10, the number of items");
  refused([](auto& c) { c.set_random_candidates(-1); }, "random_candidates -1, want 0..4096");
  refused([](auto& c) { c.set_learning_rate(2); }, "learning_rate 2, want 0..1");
  refused([](auto& c) { c.set_learning_rate(std::nan("")); }, "learning_rate nan, want 0..1");
  refused([](auto& c) { c.set_tau(-0.1); }, "tau -0.1, want 0..1");
  refused([](auto& c) { c.set_actor_delay(0); }, "actor_delay 0, want 1..1000");
  refused([](auto& c) { c.set_target_noise(11); }, "target_noise 11, want 0..10");
  refused([](auto& c) { c.set_target_noise_clip(-1); }, "target_noise_clip -1, want 0..10");
  refused([](auto& c) { c.set_actor_objective(v1::WolpertingerConfig::ACTOR_OBJECTIVE_UNSPECIFIED); },
          "actor_objective");
  EXPECT_FALSE(MakeAlgorithm({}, spec, {.seed = 1}).ok());
  v1::AlgorithmConfig config;
  config.mutable_wolpertinger();
  EXPECT_TRUE(MakeAlgorithm(config, spec, {.seed = 1}).ok());
}

}  // namespace
}  // namespace recbots

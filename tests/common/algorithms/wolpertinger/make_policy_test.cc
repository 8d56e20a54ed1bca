#include "common/algorithms/make_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace recbots {
namespace {

TEST(MakePolicyTest, RefusesWhatDoesNotFitTheEnvironment) {
  EnvironmentSpec spec;
  spec.name = "test";
  spec.num_user_features = 6;
  spec.num_candidates = 8;
  const auto refused = [&](const std::function<void(v1::WolpertingerConfig&, EnvironmentSpec&)>& change,
                           const std::string& message) {
    v1::AlgorithmConfig config;
    EnvironmentSpec changed = spec;
    change(*config.mutable_wolpertinger(), changed);
    const absl::Status status = MakePolicy(config, changed, 16, 1).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(message));
  };
  refused([](auto& config, auto&) { config.set_k(9); }, "k 9, want 1..8, the number of items");
  refused([](auto& config, auto&) { config.set_k(0); }, "k 0, want 1..8");
  refused([](auto& config, auto&) { config.set_hidden_units(0); }, "hidden_units 0, want 1..4096");
  refused([](auto& config, auto&) { config.set_embedding_size(257); }, "embedding_size 257, want 1..256");
  refused([](auto& config, auto&) { config.set_search_space(v1::WolpertingerConfig::SEARCH_SPACE_UNSPECIFIED); },
          "search_space");
  refused([](auto&, auto& changed) { changed.slate_size = 2; }, "slate_size 2, want 1");
  refused([](auto&, auto& changed) { changed.fixed_catalogue = false; }, "fixed_catalogue false, want true");
  EXPECT_FALSE(MakePolicy({}, spec, 16, 1).ok());
  v1::AlgorithmConfig config;
  config.mutable_wolpertinger();
  EXPECT_FALSE(MakePolicy(config, spec, 0, 1).ok());
  EXPECT_TRUE(MakePolicy(config, spec, 16, 1).ok());
}

}  // namespace
}  // namespace recbots

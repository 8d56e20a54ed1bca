// Bins and updates of tabular Q-learning against the reference (tests/golden/recsim/tabular_*.json).
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "common/agents/tabular_q_policy.h"
#include "common/agents/tabular_q_table.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using ::recbots::testing::GoldenValue;

constexpr int kStates = 6, kActions = 4;

TEST(TabularQGoldenTest, BinsAreExact) {
  const testing::Golden golden("recsim/tabular_digitize.json");
  size_t num_cases = 0;
  for (const GoldenValue& item : golden.at("cases")) {
    ++num_cases;
    const GoldenValue& in = item.at("in");
    const Digitizer digitizer(in.at("lo").get<double>(), in.at("hi").get<double>(), in.at("bins").get<int>());
    std::vector<int> index;
    for (const GoldenValue& x : in.at("x")) index.push_back(digitizer.Index(x.get<double>()));
    EXPECT_EQ(index, item.at("out").at("index").get<std::vector<int>>()) << item;
  }
  EXPECT_EQ(num_cases, golden.at("cases").size());
  EXPECT_GT(num_cases, 0U);
}

// The known-Q environment: one user feature (the state), four candidates with one feature (the action).
EnvironmentSpec Spec() {
  EnvironmentSpec spec;
  spec.num_user_features = 1;
  spec.num_candidates = kActions;
  spec.num_candidate_features = 1;
  return spec;
}

const std::vector<float> kCandidates = {0, 1, 2, 3};

// Takes the policy through visits [state, action, reward], whatever it would have shown itself.
void Replay(TabularQPolicy& policy, const GoldenValue& visits, double final_state) {
  std::vector<int32_t> slate(1);
  std::vector<float> probability(1);
  const std::vector<uint8_t> no(1, 0);
  for (size_t i = 0; i < visits.size(); ++i) {
    const std::vector<StreamPosition> positions = {{0, 0, static_cast<uint32_t>(i)}};
    const std::vector<float> observation = {visits[i][0].get<float>()};
    const double next = i + 1 < visits.size() ? visits[i + 1][0].get<double>() : final_state;
    policy.Act({.observation = observation, .positions = positions, .candidates = kCandidates},
               {absl::MakeSpan(slate), absl::MakeSpan(probability)});
    slate[0] = visits[i][1].get<int32_t>();
    const std::vector<float> reward = {visits[i][2].get<float>()};
    ASSERT_EQ(static_cast<double>(reward[0]), visits[i][2].get<double>()) << "rewards pass as float32";
    policy.Observe({.slates = slate,
                    .response = {},
                    .reward = reward,
                    .terminated = no,
                    .truncated = no,
                    .next_observation = {static_cast<float>(next)},
                    .next_candidates = kCandidates,
                    .active = {}});
  }
}

// Of an entry [action, state, what is known of them].
std::pair<int, int> PairOf(const GoldenValue& entry) { return {entry[0].get<int>(), entry[1].get<int>()}; }

TEST(TabularQGoldenTest, UpdatesAgreeWithTheReference) {
  const testing::Golden golden("recsim/tabular_updates.json");
  size_t num_cases = 0;
  for (const GoldenValue& item : golden.at("cases")) {
    ++num_cases;
    const GoldenValue& in = item.at("in");
    auto policy = TabularQPolicy::Create(
        Spec(), {.learning_rate = in.at("learning_rate").get<double>(), .gamma = in.at("gamma").get<double>()}, 1);
    ASSERT_TRUE(policy.ok()) << policy.status();
    Replay(**policy, in.at("visits"), in.at("final_state").get<double>());
    std::map<std::pair<int, int>, double> values;  // {action, state}
    std::map<std::pair<int, int>, int64_t> visits;
    for (const GoldenValue& entry : item.at("out").at("q")) values[PairOf(entry)] = entry[2].get<double>();
    for (const GoldenValue& entry : item.at("out").at("n")) visits[PairOf(entry)] = entry[2].get<int64_t>();
    for (int state = 0; state < kStates; ++state) {
      for (int action = 0; action < kActions; ++action) {
        const QEntry entry = (*policy)->Find({static_cast<float>(state)}, kCandidates, {}, {action});
        const auto pair = std::make_pair(action, state);
        EXPECT_NEAR(entry.value, values[pair], 1e-12) << state << ' ' << action << ' ' << item;
        EXPECT_EQ(entry.visits, visits[pair]) << state << ' ' << action << ' ' << item;
      }
    }
    EXPECT_EQ((*policy)->num_pairs(), item.at("out").at("n").size());
  }
  EXPECT_EQ(num_cases, golden.at("cases").size());
  EXPECT_GT(num_cases, 0U);
}

}  // namespace
}  // namespace recbots

// UCB1 and KL-UCB against the reference's indices (tests/golden/recsim/bandit_index.json).
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "common/agents/bandits/bandit.h"
#include "common/base/status_macros.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using ::recbots::testing::GoldenValue;

double NumberOf(const GoldenValue& value) {
  if (!value.is_string()) return value.get<double>();
  const auto text = value.get<std::string>();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> IndicesOf(const GoldenValue& in, BanditKind kind, bool legacy) {
  const auto bandit =
      MakeBandit({.kind = kind, .optimism_scaling = in.at("optimism_scaling").get<double>(), .legacy_kl_ucb = legacy});
  if (!bandit.ok()) {
    ADD_FAILURE() << bandit.status();
    return {};
  }
  const auto pulls = in.at("pulls").get<std::vector<double>>();
  std::vector<double> index(pulls.size());
  Rng draws(1, Purpose::kTest, {});
  (*bandit)->Indices(pulls, in.at("rewards").get<std::vector<double>>(), in.at("t").get<double>(), draws,
                     absl::MakeSpan(index));
  return index;
}

// UCB1 that has seen what the case says.
absl::StatusOr<MultiArmedBandit> WithState(const GoldenValue& in) {
  const auto pulls = in.at("pulls").get<std::vector<double>>();
  RECBOTS_ASSIGN_OR_RETURN(MultiArmedBandit bandit,
                           MultiArmedBandit::Create({.optimism_scaling = in.at("optimism_scaling").get<double>()},
                                                    static_cast<int>(pulls.size())));
  RECBOTS_RETURN_IF_ERROR(bandit.SetState(pulls, in.at("rewards").get<std::vector<double>>()));
  return bandit;
}

// Within `tolerance` plus `share` of each arm's distance from its mean to 1.
void ExpectIndices(const GoldenValue& item, const std::vector<double>& ours, const char* name, double tolerance,
                   double share) {
  const GoldenValue& theirs = item.at("out").at(name);
  ASSERT_EQ(ours.size(), theirs.size()) << item;
  for (size_t arm = 0; arm < ours.size(); ++arm) {
    const double expected = NumberOf(theirs[arm]);
    if (std::isinf(expected) || std::isnan(expected)) {
      EXPECT_TRUE(ours[arm] == expected || (std::isnan(ours[arm]) && std::isnan(expected))) << name << ' ' << item;
      continue;
    }
    const double pulls = item.at("in").at("pulls")[arm].get<double>();
    const double mean = pulls > 0 ? item.at("in").at("rewards")[arm].get<double>() / pulls : 0;
    EXPECT_NEAR(ours[arm], expected, tolerance + share * (1 - mean)) << name << " arm " << arm << ": " << item;
  }
}

TEST(BanditGoldenTest, IndicesAgreeWithTheReference) {
  const testing::Golden golden("recsim/bandit_index.json");
  size_t num_cases = 0;
  for (const GoldenValue& item : golden.at("cases")) {
    ++num_cases;
    if (item.at("out").contains("error")) {
      EXPECT_FALSE(WithState(item.at("in")).ok()) << item;
      continue;
    }
    const std::vector<double> ucb1 = IndicesOf(item.at("in"), BanditKind::kUcb1, false);
    ExpectIndices(item, ucb1, "ucb1", 1e-9, 0);
    EXPECT_EQ(FirstArgmax(ucb1), item.at("out").at("ucb1_arm").get<int>()) << item;
    ExpectIndices(item, IndicesOf(item.at("in"), BanditKind::kKlUcb, false), "klucb_textbook", 1e-4, 0x1p-16);
    ExpectIndices(item, IndicesOf(item.at("in"), BanditKind::kKlUcb, true), "klucb_as_coded", 1e-9, 0);
  }
  EXPECT_EQ(num_cases, golden.at("cases").size());
  EXPECT_GT(num_cases, 0U);
}

TEST(BanditGoldenTest, ABanditWithStateChoosesTheReferencesArm) {
  const testing::Golden golden("recsim/bandit_index.json");
  for (const GoldenValue& item : golden.at("cases")) {
    if (item.at("out").contains("error")) continue;
    auto bandit = WithState(item.at("in"));
    ASSERT_TRUE(bandit.ok()) << bandit.status();
    Rng draws(1, Purpose::kTest, {});
    EXPECT_EQ(bandit->GetArm(item.at("in").at("t").get<double>(), draws), item.at("out").at("ucb1_arm").get<int>());
  }
}

}  // namespace
}  // namespace recbots

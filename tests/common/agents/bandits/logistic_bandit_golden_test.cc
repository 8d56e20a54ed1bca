// The logistic bandit against the reference's weights, Gram matrix and UCB-GLM indices
// (tests/golden/recsim/glm_bandit.json).
#include <gtest/gtest.h>

#include <vector>

#include "common/agents/bandits/bandit.h"
#include "common/agents/bandits/logistic_bandit.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using ::recbots::testing::GoldenValue;

constexpr double kTolerance = 1e-8;

LogisticBandit Learn(const GoldenValue& in) {
  const auto arms = in.at("arms").get<std::vector<std::vector<double>>>();
  const auto rewards = in.at("rewards").get<std::vector<double>>();
  const size_t num_features = in.at("candidates").at(0).size();
  LogisticBandit bandit(num_features,
                        {.sigma0 = in.at("sigma0").get<double>(), .refit_growth = 1, .max_history = 1 << 20});
  for (size_t i = 0; i < arms.size(); ++i) bandit.Observe(arms[i], rewards[i]);
  return bandit;
}

TEST(LogisticBanditGoldenTest, WeightsGramAndIndicesAgreeWithTheReference) {
  const testing::Golden golden("recsim/glm_bandit.json");
  size_t num_cases = 0;
  for (const GoldenValue& item : golden.at("cases")) {
    ++num_cases;
    const GoldenValue& in = item.at("in");
    const GoldenValue& out = item.at("out");
    LogisticBandit bandit = Learn(in);
    const size_t d = bandit.weights().size();
    ASSERT_EQ(out.at("w").size(), d);
    for (size_t i = 0; i < d; ++i) {
      EXPECT_NEAR(bandit.weights()[i], out.at("w")[i].get<double>(), kTolerance) << item;
      for (size_t j = 0; j < d; ++j) {
        EXPECT_NEAR(bandit.gram()[i * d + j], out.at("gram")[i][j].get<double>(), kTolerance) << item;
      }
    }
    const double width = in.at("optimism_scaling").get<double>() * UcbGlmWidth(d, in.at("horizon").get<double>());
    std::vector<double> index;
    for (const GoldenValue& candidate : in.at("candidates")) {
      index.push_back(bandit.UcbIndex(candidate.get<std::vector<double>>(), width));
      EXPECT_NEAR(index.back(), out.at("index")[index.size() - 1].get<double>(), kTolerance) << item;
    }
    ASSERT_EQ(index.size(), out.at("index").size());
    EXPECT_EQ(FirstArgmax(index), out.at("arm").get<int>()) << item;
  }
  EXPECT_EQ(num_cases, golden.at("cases").size());
  EXPECT_GT(num_cases, 0U);
}

}  // namespace
}  // namespace recbots

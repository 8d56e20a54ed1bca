// Document browsing against the reference simulator and an independent solution (tests/golden).
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "actor/scenarios/document_browsing/exact_values.h"
#include "tests/actor/scenarios/document_browsing/browsing_support.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using ::recbots::testing::GoldenDir;
using ::recbots::testing::GoldenValue;
using ::recbots::testing::MakeScenarioOf;
using ::recbots::testing::OptionsOf;

TEST(BrowsingGoldenTest, StepsAreExact) {
  const DocumentBrowsingOptions defaults;
  const double stay_accepted = StayThreshold(defaults.exit_probability_accepted);
  const double stay_refused = StayThreshold(defaults.exit_probability_refused);
  const testing::Golden golden("recsim/browse_step.json");
  ASSERT_FALSE(golden.at("cases").empty());
  for (const auto& item : golden.at("cases")) {
    const auto& in = item.at("in");
    const auto& out = item.at("out");
    in.Ignore("current");  // w_row is its row.
    const auto doc = in.at("doc").get<int32_t>();
    const bool accepted =
        AcceptsDocument(in.at("w_row").at(static_cast<size_t>(doc)).get<double>(), in.at("u_accept").get<double>());
    const BrowsingUser user = NextBrowsingUser(accepted, doc, in.value("next_if_refused", -1),
                                               in.at("u_exit").get<double>(), stay_accepted, stay_refused);
    EXPECT_EQ(accepted, out.at("accepted").get<bool>()) << item;
    EXPECT_EQ(user.document, out.at("next").get<int32_t>()) << item;
    EXPECT_EQ(!user.active, out.at("terminal").get<bool>()) << item;
    EXPECT_EQ(accepted ? 1.0 : 0.0, out.at("reward").get<double>()) << item;
  }
}

void ExpectNear(const std::vector<double>& ours, const GoldenValue& theirs, const char* what) {
  ASSERT_EQ(ours.size(), theirs.size()) << what;
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i].get<double>(), 1e-9) << what << ' ' << i;
}

std::vector<double> AsProbabilities(const std::vector<int32_t>& documents) {
  std::vector<double> policy(documents.size() * documents.size(), 0.0);
  for (size_t i = 0; i < documents.size(); ++i) {
    policy[i * documents.size() + static_cast<size_t>(documents[i])] = 1.0;
  }
  return policy;
}

TEST(BrowsingGoldenTest, ExactValuesAgreeWithAnIndependentSolution) {
  const testing::Golden golden("recsim/browse_mdp.json");
  ASSERT_FALSE(golden.at("cases").empty());
  for (const auto& item : golden.at("cases")) {
    const auto& out = item.at("out");
    const DocumentBrowsingOptions options = OptionsOf(item.at("in").at("w"));
    const BrowsingMdp mdp(options, item.at("in").at("gamma").get<double>());
    const BrowsingSolution solution = *IterateValues(mdp);
    EXPECT_TRUE(solution.attained);
    ExpectNear(solution.values, out.at("v"), "v");
    EXPECT_EQ(solution.documents, out.at("policy").get<std::vector<int32_t>>());
    ExpectNear(QRow(mdp, solution.values, 0), out.at("q0"), "q0");
    EXPECT_NEAR(MeanValue(solution.values), out.at("mean_optimal").get<double>(), 1e-9);
    const std::vector<double> random = UniformPolicy(mdp);
    const std::vector<double> argmax = AsProbabilities(RowArgmax(mdp));
    EXPECT_NEAR(MeanValue(SolvePolicy(mdp, random).value()), out.at("mean_random").get<double>(), 1e-9);
    EXPECT_NEAR(MeanValue(SolvePolicy(mdp, argmax).value()), out.at("mean_argmax").get<double>(), 1e-9);
    EXPECT_NEAR(MeanValue(*TruncatedValues(mdp, random)), out.at("mean_random").get<double>(), 1e-9);
    EXPECT_NEAR(MeanValue(*TruncatedValues(mdp, RowArgmax(mdp))), out.at("mean_argmax").get<double>(), 1e-9);
  }
}

TEST(BrowsingGoldenTest, MatrixFilesGiveTheOptimumTheyName) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GoldenDir() + "/browse")) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("W_", 0) != 0 || entry.path().extension() != ".json") continue;
    ++files;
    SCOPED_TRACE(name);
    const testing::Golden golden("browse/" + name);
    DocumentBrowsingOptions options;
    options.num_documents = static_cast<int>(golden.at("W").size());
    options.acceptance = ReadAcceptanceFile(entry.path().string(), options.num_documents).value();
    const auto scenario = MakeScenarioOf(options);
    EXPECT_NEAR(scenario->OptimalValue().value(), golden.at("optimal_mean_value").get<double>(), 1e-9);
    EXPECT_NEAR(scenario->RandomValue().value(), golden.at("uniform_random_mean_value").get<double>(), 1e-9);
    const BrowsingSolution solution = *IterateValues(BrowsingMdp(options));
    EXPECT_EQ(solution.documents, golden.at("optimal_action").get<std::vector<int32_t>>());
    ExpectNear(solution.values, golden.at("optimal_value_by_state"), "optimal_value_by_state");
    EXPECT_NEAR(scenario->ExactValue(solution.documents, {}).value(), *scenario->OptimalValue(), 1e-9);
  }
  EXPECT_GT(files, 0);
}

}  // namespace
}  // namespace recbots

// What readers of golden files do with parameters that they do not know.
#include "tests/support/golden.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/golden_choice.h"
#include "tests/support/rollout_statistics.h"

namespace recbots {
namespace {

using ::nlohmann::json;
using testing::ChoiceOf;
using testing::Golden;
using testing::GoldenValue;

const json kTwoCases = json::parse(R"({
  "about": "prose",
  "cases": [{"in": {"x": 1, "model": {"gain": 2}, "docs": [{"length": 3}, {"length": 4, "colour": 5}]}, "out": {"y": 1}},
            {"in": {"x": 2, "model": {"gain": 2}, "docs": []}, "out": {"y": 2}}]})");

// Asks for all but the gain and the colour.
void ReadMost(const Golden& golden) {
  for (const GoldenValue item : golden.at("cases")) {
    EXPECT_GT(item.at("in").at("x").get<int>(), 0);
    EXPECT_EQ(item.at("in").contains("model"), true);
    for (const GoldenValue document : item.at("in").at("docs")) EXPECT_GT(document.at("length").get<int>(), 0);
  }
}

TEST(GoldenTest, AParameterThatIsNotAskedForFailsTheTest) {
  EXPECT_NONFATAL_FAILURE(
      {
        const Golden golden("two.json", kTwoCases);
        ReadMost(golden);
        EXPECT_EQ(golden["cases"][0].at("in").at("docs")[1].at("colour").get<int>(), 5);
      },
      "two.json: this test does not know the parameter cases[].in.model.gain");
  EXPECT_NONFATAL_FAILURE(
      {
        const Golden golden("two.json", kTwoCases);
        ReadMost(golden);
        golden["cases"][0].at("in").at("model").Ignore("gain");
      },
      "two.json: this test does not know the parameter cases[].in.docs[].colour");
}

TEST(GoldenTest, WhatIsAskedForInOneCaseIsKnown) {
  const Golden golden("two.json", kTwoCases);
  ReadMost(golden);
  EXPECT_EQ(golden["cases"][1]["in"]["model"].value("gain", 0), 2);
  EXPECT_EQ(golden["cases"][1]["in"]["model"].value("loss", 7), 7);
  EXPECT_EQ(golden["cases"][0]["in"]["docs"][1]["colour"].get<int>(), 5);
}

TEST(GoldenTest, CasesThatAreLeftOutNeedNotBeKnown) {
  const Golden golden("two.json", kTwoCases);
  EXPECT_EQ(golden.at("cases").size(), 2U);
}

GoldenValue ParamsOf(const Golden& golden) { return golden.at("params"); }

TEST(GoldenChoiceTest, EveryModelIsMappedOrRefused) {
  const std::pair<const char*, ChoiceKind> kinds[] = {{"logit", ChoiceKind::kMultinomialLogit},
                                                      {"proportional", ChoiceKind::kMultinomialProportional},
                                                      {"exponential_cascade", ChoiceKind::kExponentialCascade},
                                                      {"proportional_cascade", ChoiceKind::kProportionalCascade}};
  for (const auto& [name, kind] : kinds) {
    const Golden golden("choice.json",
                        {{"params", {{"choice", name}, {"no_click_mass", 2.0}, {"min_normalizer", -1.0}}}});
    const ChoiceModelOptions options = ChoiceOf(ParamsOf(golden));
    EXPECT_EQ(options.kind, kind) << name;
    EXPECT_EQ(options.no_click_mass, 2);
    EXPECT_EQ(options.min_normalizer, -1);
    EXPECT_EQ(options.score_scaling, 0.05);
    EXPECT_EQ(options.attention_prob, 0.65);
  }
  const Golden other("choice.json", {{"params", {{"choice", "lottery"}}}});
  EXPECT_THROW(ChoiceOf(ParamsOf(other)), std::invalid_argument);
}

// A folder of other cases, for the time of a test.
class GoldenFolder {
 public:
  explicit GoldenFolder(const json& rollouts) {
    std::filesystem::create_directories(path_ + "/recsim");
    std::ofstream(path_ + "/recsim/rollout_statistics.json") << json{{"rollouts", rollouts}};
    setenv("RECBOTS_GOLDEN_DIR", path_.c_str(), 1);
  }
  ~GoldenFolder() { unsetenv("RECBOTS_GOLDEN_DIR"); }

 private:
  const std::string path_ = ::testing::TempDir() + "/golden_folder";
};

TEST(RolloutsTest, UnknownEnvironmentsAndPoliciesFailTheTest) {
  const json rollout = {
      {"environment", "interest_evolution"}, {"policy", "oracle"}, {"name", "a"}, {"params", {{"F", 20}}}};
  const GoldenFolder folder(json::array({rollout}));
  EXPECT_NONFATAL_FAILURE(testing::Rollouts().Of("interest_evolution"), "does not play the policy oracle of \"a\"");
  EXPECT_EQ(testing::Rollouts().Of("interest_evolution", {"oracle"}).size(), 1U);
  EXPECT_EQ(testing::Rollouts().Of("interest_exploration").size(), 0U);
  json elsewhere = rollout;
  elsewhere["environment"] = "casino";
  const GoldenFolder another(json::array({elsewhere}));
  EXPECT_NONFATAL_FAILURE(testing::Rollouts().Of("interest_evolution"), "no test plays the environment casino");
}

}  // namespace
}  // namespace recbots

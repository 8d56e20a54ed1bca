// Long-term satisfaction against the reference simulator (tests/golden/recsim), case by case.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/actor/scenarios/long_term_satisfaction/long_term_satisfaction_support.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using ::recbots::testing::GoldenValue;
using ::recbots::testing::MakeScenarioOf;

bool MustBeRefused(const GoldenValue& item) { return item.at("out").value("error", false); }

void ExpectClose(double ours, const GoldenValue& theirs, const char* what) {
  const auto want = theirs.get<double>();
  EXPECT_NEAR(ours, want, 1e-12 * std::max(1.0, std::abs(want))) << what;
}

// Runs all cases of a file through `check`.
template <typename Check>
void RunAll(const std::string& name, const Check& check) {
  const testing::Golden golden("recsim/" + name + ".json");
  size_t run = 0;
  for (const GoldenValue& item : golden.at("cases")) {
    SCOPED_TRACE(item.dump());
    check(item);
    ++run;
  }
  EXPECT_EQ(run, golden.at("cases").size());
  EXPECT_GT(run, 0U);
}

LongTermSatisfactionOptions OptionsOf(const GoldenValue& params) {
  LongTermSatisfactionOptions options;
  options.memory_discount = params.at("memory_discount").get<double>();
  options.sensitivity = params.at("sensitivity").get<double>();
  options.innovation_stddev = params.value("innovation_stddev", options.innovation_stddev);
  options.choc_mean = params.value("choc_mean", options.choc_mean);
  options.choc_stddev = params.value("choc_stddev", options.choc_stddev);
  options.kale_mean = params.value("kale_mean", options.kale_mean);
  options.kale_stddev = params.value("kale_stddev", options.kale_stddev);
  return options;
}

TEST(LongTermSatisfactionGoldenTest, UsersStartAsTheyShould) {
  RunAll("lts_initial", [](const GoldenValue& item) {
    const LongTermSatisfactionOptions options = OptionsOf(item.at("in"));
    EXPECT_EQ(Validate(options).ok(), !MustBeRefused(item));
    if (MustBeRefused(item)) return;
    const LtsUser user = FirstUser(options, item.at("in").at("u").get<double>());
    ExpectClose(user.exposure, item.at("out").at("npe"), "npe");
    ExpectClose(Satisfaction(options, user.exposure), item.at("out").at("satisfaction"), "satisfaction");
  });
}

// What the environment refuses before the model sees it.
void ExpectNoEmptySlates(const LongTermSatisfactionOptions& options) {
  const auto scenario = MakeScenarioOf<LongTermSatisfactionModel>(options);
  const auto environment = scenario->MakeEnvironment(1, 0);
  StepBuffer buffer(scenario->spec(), 1);
  buffer.Reset(*environment);
  buffer.slates = {kNoItem};
  EXPECT_EQ(buffer.Step(*environment).code(), absl::StatusCode::kInvalidArgument);
}

void ExpectStep(const GoldenValue& in, const GoldenValue& out) {
  LongTermSatisfactionOptions options = OptionsOf(in.at("params"));
  const auto clickbait = in.at("clickbait").get<std::vector<double>>();
  options.num_candidates = options.slate_size = static_cast<int>(clickbait.size());
  ASSERT_TRUE(Validate(options).ok()) << Validate(options);
  const LtsUser before{.exposure = in.at("npe").get<double>(), .time_left = in.at("time_budget").get<int>()};
  const double satisfaction = Satisfaction(options, before.exposure);
  ExpectClose(satisfaction, out.at("satisfaction_before"), "satisfaction_before");
  const LtsResponse response{.clicked = true,
                             .engagement = Engagement(options, satisfaction, clickbait[0], in.at("z1").get<double>())};
  ExpectClose(response.engagement, out.at("engagement"), "engagement");
  ExpectClose(TotalEngagement({&response, 1}), out.at("reward"), "reward");

  const LtsUser after = NextUser(options, before, clickbait[0], in.at("z2").get<double>());
  ExpectClose(after.exposure, out.at("npe"), "npe");
  ExpectClose(Satisfaction(options, after.exposure), out.at("satisfaction"), "satisfaction");
  EXPECT_EQ(after.time_left, out.at("time_budget").get<int>());
  EXPECT_EQ(HasLeft(after), out.at("terminal").get<bool>());

  const GoldenValue& seen = out.at("response_obs");
  ASSERT_EQ(seen.size(), clickbait.size());
  ExpectClose(SeenEngagement(response.engagement), seen[0].at("engagement"), "seen engagement");
  std::vector<float> fields(2 * clickbait.size(), 0.0f);
  const LongTermSatisfactionModel model(options);
  model.WriteResponse({nullptr, nullptr, options.slate_size}, response, fields.data());
  for (size_t i = 0; i < clickbait.size(); ++i) {
    EXPECT_EQ(fields[2 * i], seen[i].at("click").get<float>()) << i;
    EXPECT_FLOAT_EQ(fields[2 * i + 1], seen[i].at("engagement").get<float>()) << i;
  }
}

TEST(LongTermSatisfactionGoldenTest, StepsAreThoseOfTheReference) {
  RunAll("lts_step", [](const GoldenValue& item) {
    const GoldenValue& in = item.at("in");
    if (!MustBeRefused(item)) return ExpectStep(in, item.at("out"));
    const LongTermSatisfactionOptions options = OptionsOf(in.at("params"));
    if (in.at("clickbait").empty()) return ExpectNoEmptySlates(options);
    EXPECT_FALSE(Validate(options).ok());
  });
}

TEST(LongTermSatisfactionGoldenTest, RewardIsTheEngagementOfWhatWasClicked) {
  RunAll("rewards", [](const GoldenValue& item) {
    const auto clicked = item.at("in").at("clicked").get<std::vector<int>>();
    const auto amount = item.at("in").at("amount").get<std::vector<double>>();
    ASSERT_EQ(clicked.size(), amount.size());
    std::vector<LtsResponse> responses;
    for (size_t i = 0; i < amount.size(); ++i) {
      responses.push_back({.clicked = clicked[i] != 0, .engagement = amount[i]});
    }
    ExpectClose(TotalEngagement(responses), item.at("out").at("engagement"), "engagement");
  });
}

}  // namespace
}  // namespace recbots

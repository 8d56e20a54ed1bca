// Interest evolution as it is configured: defaults, shipped configurations, and how mistakes are reported.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "actor/client/fill_options.h"
#include "actor/client/make_scenario.h"
#include "actor/scenarios/interest_evolution/options.h"
#include "common/config/config.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::ElementsAreArray;
using ::testing::StartsWith;

// "name value" of every field.
class FieldLister {
 public:
  template <typename T>
  void operator()(const char* name, T& member, const Range&) {
    if constexpr (std::is_enum_v<T>) {
      lines.push_back(absl::StrCat(name, " ", static_cast<int>(member)));
    } else if constexpr (std::is_same_v<T, std::vector<double>>) {
      lines.push_back(absl::StrCat(name, " ", absl::StrJoin(member, ",")));
    } else if constexpr (std::is_arithmetic_v<T>) {
      lines.push_back(absl::StrCat(name, " ", member));
    } else {
      member.ForEachField(*this);
    }
  }
  std::vector<std::string> lines;
};

std::vector<std::string> FieldsOf(InterestEvolutionOptions options) {
  FieldLister lister;
  options.ForEachField(lister);
  return lister.lines;
}

absl::StatusOr<std::unique_ptr<Scenario>> Make(const std::string& text) {
  v1::EnvironmentConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString("interest_evolution { " + text + " }", &config)) << text;
  return MakeScenario(config, /*seed=*/1);
}

TEST(InterestEvolutionConfigTest, DefaultsOfTheMessageAreThoseOfTheOptions) {
  InterestEvolutionOptions filled;
  FillOptions(v1::InterestEvolutionConfig(), filled);
  EXPECT_THAT(FieldsOf(filled), ElementsAreArray(FieldsOf({})));
  EXPECT_EQ(filled.user_update_alpha, 0.9 / 3.4);
}

TEST(InterestEvolutionConfigTest, EveryFieldReachesTheOptions) {
  v1::InterestEvolutionConfig config;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "num_candidates: 11 slate_size: 4 num_features: 21 max_episode_steps: 5 candidate_refresh: NEVER "
      "video_sampler: UNIFORM_VIDEOS user_sampler: HARD_CODED_USERS reward: CLICKS choice { kind: POSITION_BASED "
      "no_click_mass: 7 min_normalizer: 8 attention_prob: 0.5 score_scaling: 9 examination: 0.25 continuation: 0.75 } "
      "time_budget: 10 step_penalty: 11 user_update_alpha: 12 user_quality_factor: 13 document_quality_factor: 14 "
      "alpha_x_intercept: 15 alpha_y_intercept: 16 min_utility: 17 max_utility: 18 quality_stddev: 19 video_length: 20 "
      "min_feature: 0.21 max_feature: 0.22 video_quality: 23 video_length_mean: 24 video_length_stddev: 25 "
      "max_video_length: 26 fractional_rho: 27",
      &config));
  InterestEvolutionOptions options;
  FillOptions(config, options);
  EXPECT_EQ(absl::StrJoin(FieldsOf(options), "; "),
            "num_candidates 11; slate_size 4; num_features 21; max_episode_steps 5; candidate_refresh 3; "
            "video_sampler 2; user_sampler 2; reward 2; kind 5; no_click_mass 7; min_normalizer 8; attention_prob 0.5; "
            "score_scaling 9; examination 0.25; continuation 0.75; time_budget 10; step_penalty 11; "
            "user_update_alpha 12; user_quality_factor 13; document_quality_factor 14; alpha_x_intercept 15; "
            "alpha_y_intercept 16; min_utility 17; max_utility 18; quality_stddev 19; video_length 20; "
            "min_feature 0.21; max_feature 0.22; video_quality 23; video_length_mean 24; video_length_stddev 25; "
            "max_video_length 26; fractional_rho 27");
}

TEST(InterestEvolutionConfigTest, ShippedConfigurationsMakeTheirScenarios) {
  const struct {
    const char* file;
    int candidates, slate;
  } shipped[] = {{"interest_evolution", 10, 3}, {"interest_evolution_m50", 50, 2}, {"interest_evolution_m100", 100, 2}};
  for (const auto& [file, candidates, slate] : shipped) {
    const auto config =
        LoadExperimentConfig(absl::StrCat(testing::SourceDir(), "/deploy/config/", file, ".textproto"), {});
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_EQ(config->name(), file);
    const auto scenario = MakeScenario(config->environment(), config->seed());
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    EXPECT_EQ((*scenario)->spec().num_candidates, candidates);
    EXPECT_EQ((*scenario)->spec().slate_size, slate);
    EXPECT_EQ((*scenario)->MakeReferencePolicies().back().name, "fractional");
  }
}

TEST(InterestEvolutionConfigTest, AChoiceModelMayBeGivenInPart) {
  const auto refusal = [](const std::string& text) { return std::string(Make(text).status().message()); };
  EXPECT_TRUE(Make("choice { kind: MULTINOMIAL_LOGIT }").ok());
  EXPECT_TRUE(Make("choice { no_click_mass: 0.5 }").ok());
  const std::string path = "environment.interest_evolution.";
  EXPECT_THAT(refusal("choice { min_normalizer: 0 }"), StartsWith(path + "choice.min_normalizer 0, want at most -1"));
  EXPECT_THAT(refusal("choice { kind: POSITION_BASED }"), StartsWith(path + "choice.examination has no numbers"));
  EXPECT_THAT(refusal("slate_size: 12"), StartsWith(path + "slate_size 12, want 1..10"));
  EXPECT_THAT(refusal("video_sampler: UNIFORM_VIDEOS"),
              StartsWith(path + "choice.min_normalizer -1, want at most -20"));
}

}  // namespace
}  // namespace recbots

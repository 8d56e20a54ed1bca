#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/config/config.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(OverrideTest, SetsEveryKindOfValueAndMakesMessagesOnTheWay) {
  v1::ExperimentConfig config;
  for (const std::string text :
       {"name=two words = one name", "seed=18446744073709551615", "replay.table.capacity_rows=4294967295",
        "learner.batch_size= 64 ", "actor.policy_share_min=1e-3", "evaluator.exact=false",
        "algorithm.wolpertinger.search_space=RAW", "environment.document_browsing.acceptance=0, 0.5,1"}) {
    const absl::Status status = ApplyOverride(text, config);
    EXPECT_TRUE(status.ok()) << text << ' ' << status;
  }
  EXPECT_EQ(config.name(), "two words = one name");
  EXPECT_EQ(config.seed(), 18446744073709551615u);
  EXPECT_EQ(config.replay().table().capacity_rows(), 4294967295);
  EXPECT_EQ(config.learner().batch_size(), 64);
  EXPECT_EQ(config.actor().policy_share_min(), 1e-3);
  EXPECT_FALSE(config.evaluator().exact());
  EXPECT_EQ(config.algorithm().wolpertinger().search_space(), v1::WolpertingerConfig::RAW);
  EXPECT_THAT(config.environment().document_browsing().acceptance(), ElementsAre(0, 0.5, 1));
}

TEST(OverrideTest, ListsReplaceWhatWasThereAndMayBeEmpty) {
  v1::ExperimentConfig config;
  ASSERT_TRUE(ApplyOverride("environment.document_browsing.acceptance=1,1", config).ok());
  ASSERT_TRUE(ApplyOverride("environment.document_browsing.acceptance=0.5", config).ok());
  EXPECT_THAT(config.environment().document_browsing().acceptance(), ElementsAre(0.5));
  ASSERT_TRUE(ApplyOverride("environment.document_browsing.acceptance=", config).ok());
  EXPECT_EQ(config.environment().document_browsing().acceptance_size(), 0);
}

TEST(OverrideTest, TheLastWayToGiveWWins) {
  v1::ExperimentConfig config;
  ASSERT_TRUE(ApplyOverride("environment.document_browsing.matrix_seed=3", config).ok());
  ASSERT_TRUE(ApplyOverride("environment.document_browsing.matrix_file=w.json", config).ok());
  EXPECT_FALSE(config.environment().document_browsing().has_matrix_seed());
  ASSERT_TRUE(ApplyOverride("environment.document_browsing.acceptance=1", config).ok());
  EXPECT_FALSE(config.environment().document_browsing().has_matrix_file());
  ASSERT_TRUE(ApplyOverride("environment.document_browsing.num_documents=1", config).ok());
  EXPECT_EQ(config.environment().document_browsing().acceptance_size(), 1);
}

TEST(OverrideTest, RefusesAndNamesWhatWasMeant) {
  const struct {
    std::string text;
    std::string words;
  } cases[] = {
      {"learner.batch_size", "no '='"},
      {"learner.batchsize=3", "learner has no field 'batchsize', did you mean 'batch_size'?"},
      {"lerner.batch_size=3", "the experiment has no field 'lerner', did you mean 'learner'?"},
      {"qqqqqqqq=3", "it has name, seed, environment"},
      {"=3", "the experiment has no field ''"},
      {"learner..batch_size=3", "learner has no field ''"},
      {"learner=3", "learner '3', want one of its fields: batch_size"},
      {"seed.x=3", "seed is a value, it has no field 'x'"},
      {"learner.batch_size=many", "learner.batch_size 'many', want an integer -2147483648..2147483647"},
      {"learner.batch_size=3000000000", "want an integer -2147483648..2147483647"},
      {"learner.batch_size=1.5", "want an integer"},
      {"seed=-1", "want an integer 0..18446744073709551615"},
      {"goal.max_seconds=soon", "goal.max_seconds 'soon', want a number"},
      {"evaluator.exact=yes", "evaluator.exact 'yes', want true or false"},
      {"algorithm.wolpertinger.search_space=ROUND", "'ROUND', want one of UNIT, RAW"},
      {"environment.document_browsing.acceptance=0.5,x", "'x', want a number"},
      {"environment.document_browsing.acceptance=0.5,,1", "'', want a number"},
  };
  for (const auto& c : cases) {
    v1::ExperimentConfig config;
    config.set_seed(5);
    const std::string before = config.SerializeAsString();
    const absl::Status status = ApplyOverride(c.text, config);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.words)) << c.text;
    EXPECT_EQ(config.SerializeAsString(), before) << c.text << " left something behind";
  }
}

}  // namespace
}  // namespace recbots

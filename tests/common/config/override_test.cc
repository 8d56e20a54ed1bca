#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
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

TEST(OverrideTest, ReachesIntoTheMessagesOfAList) {
  v1::ExperimentConfig config;
  config.mutable_replay()->add_more_tables();
  config.mutable_replay()->add_more_tables()->add_columns();
  ASSERT_TRUE(ApplyOverride("replay.more_tables[0].rate_limiter.min_size=7", config).ok());
  ASSERT_TRUE(ApplyOverride("replay.more_tables[1].columns[0].shape=3,4", config).ok());
  EXPECT_EQ(config.replay().more_tables(0).rate_limiter().min_size(), 7);
  EXPECT_THAT(config.replay().more_tables(1).columns(0).shape(), ElementsAre(3, 4));
  ASSERT_TRUE(ApplyOverride("replay.more_tables=", config).ok());
  EXPECT_EQ(config.replay().more_tables_size(), 0);
}

std::string Refusal(const std::string& text, v1::ExperimentConfig& config) {
  const std::string before = config.SerializeAsString();
  const absl::Status status = ApplyOverride(text, config);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  EXPECT_EQ(config.SerializeAsString(), before) << text << " left something behind";
  return std::string(status.message());
}

TEST(OverrideTest, APathThroughWhatIsNotChosenIsRefusedAndSaysHowToSwitch) {
  v1::ExperimentConfig config;
  ASSERT_TRUE(ApplyOverride("algorithm.full_slate_q.q.tau=0.5", config).ok()) << "nothing was chosen: the path chooses";
  EXPECT_EQ(Refusal("algorithm.slate_q.q.learning_rate=0.0005", config),
            "algorithm.slate_q: the algorithm is full_slate_q, want a setting of full_slate_q; or --set "
            "algorithm.slate_q={} before it, which switches to slate_q with its defaults and drops what is set of "
            "full_slate_q");
  ASSERT_TRUE(ApplyOverride("algorithm.slate_q={}", config).ok());
  ASSERT_TRUE(ApplyOverride("algorithm.slate_q.q.learning_rate=0.0005", config).ok());
  EXPECT_EQ(config.algorithm().slate_q().q().learning_rate(), 0.0005);
  EXPECT_FALSE(config.algorithm().slate_q().q().has_tau());
}

// Whatever oneof the experiment has, now or later: each member is refused beside each other one.
TEST(OverrideTest, EveryOneofOfTheExperimentKeepsItsChoice) {
  int refused = 0;
  const std::function<void(const std::string&, const google::protobuf::Descriptor&)> walk =
      [&](const std::string& prefix, const google::protobuf::Descriptor& type) {
        for (int i = 0; i < type.field_count(); ++i) {
          const google::protobuf::FieldDescriptor& field = *type.field(i);
          if (field.message_type() == nullptr || field.is_repeated()) continue;
          walk(prefix + field.name() + ".", *field.message_type());
          if (field.real_containing_oneof() == nullptr) continue;
          for (int j = 0; j < field.real_containing_oneof()->field_count(); ++j) {
            const google::protobuf::FieldDescriptor& other = *field.real_containing_oneof()->field(j);
            if (&other == &field) continue;
            v1::ExperimentConfig config;
            ASSERT_TRUE(ApplyOverride(prefix + field.name() + "={}", config).ok());
            EXPECT_THAT(Refusal(prefix + other.name() + "." + other.message_type()->field(0)->name() + "=1", config),
                        HasSubstr(" is " + field.name() + ", want a setting of " + field.name()));
            ++refused;
          }
        }
      };
  walk("", *v1::ExperimentConfig::descriptor());
  EXPECT_GE(refused, 6 * 5 + 4 * 3);
}

TEST(OverrideTest, APartWhosePresenceMeansSomethingIsMadeOnRequestOnly) {
  v1::ExperimentConfig config;
  config.mutable_algorithm()->mutable_slate_q();
  EXPECT_EQ(Refusal("algorithm.slate_q.proposal.hidden_units=32", config),
            "algorithm.slate_q.proposal: the configuration has no proposal, want --set algorithm.slate_q.proposal={} "
            "before it, which adds one with its defaults");
  ASSERT_TRUE(ApplyOverride("algorithm.slate_q.proposal={}", config).ok());
  ASSERT_TRUE(ApplyOverride("algorithm.slate_q.proposal.hidden_units=32", config).ok());
  EXPECT_EQ(config.algorithm().slate_q().proposal().hidden_units(), 32);
  ASSERT_TRUE(ApplyOverride("algorithm.slate_q.proposal=", config).ok());
  EXPECT_FALSE(config.algorithm().slate_q().has_proposal());
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
      {"seed[0]=3", "seed is no list, it has no element [0]"},
      {"replay[0].table.name=x", "replay is no list, it has no element [0]"},
      {"replay.more_tables.name=x", "replay.more_tables: want replay.more_tables[I] with I from 0 to below 1"},
      {"replay.more_tables[1].name=x", "replay.more_tables[1]: want replay.more_tables[I] with I from 0 to below 1"},
      {"replay.more_tables[-1].name=x", "with I from 0 to below 1, the elements that the configuration has"},
      {"replay.more_tables[0.name=x", "replay.more_tables[0: want"},
      {"replay.more_tables[0]x.name=x", "replay.more_tables[0]x: want"},
      {"replay.more_tables[].name=x", "replay.more_tables[]: want"},
      {"replay.more_tables[0]=x", "replay.more_tables[0]: want one of its fields: name, columns"},
      {"replay.more_tables=x", "replay.more_tables 'x', want one of its fields"},
      {"environment.document_browsing.acceptance[0]=1", "acceptance[0]: a list of values is set as a whole"},
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
    config.mutable_replay()->add_more_tables();
    const std::string before = config.SerializeAsString();
    const absl::Status status = ApplyOverride(c.text, config);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.words)) << c.text;
    EXPECT_EQ(config.SerializeAsString(), before) << c.text << " left something behind";
  }
}

}  // namespace
}  // namespace recbots

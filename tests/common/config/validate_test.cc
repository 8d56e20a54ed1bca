// Wrong configurations, each refused with field, value and bound.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "common/config/config.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

v1::ExperimentConfig GoodConfig() {
  v1::ExperimentConfig config;
  config.mutable_environment()->mutable_document_browsing();
  config.mutable_algorithm()->mutable_wolpertinger();
  return config;
}

// As the scenario would give it.
EnvironmentSpec SpecOf(const v1::ExperimentConfig& config) {
  EnvironmentSpec spec;
  spec.name = "document_browsing";
  spec.num_user_features = spec.num_candidates = config.environment().document_browsing().num_documents();
  spec.response_fields = {"accepted"};
  return spec;
}

TEST(ValidateTest, DefaultsAreValid) {
  EXPECT_TRUE(ValidateExperimentConfig(GoodConfig()).ok());
  EXPECT_TRUE(CheckTraining(GoodConfig(), SpecOf(GoodConfig())).ok());
}

struct Wrong {
  std::string name;
  std::vector<std::string> overrides;
  std::vector<std::string> words;  // Field, value and bound as they must appear.
};

class WrongConfigTest : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongConfigTest, IsRefusedWithFieldValueAndBound) {
  v1::ExperimentConfig config = GoodConfig();
  for (const std::string& text : GetParam().overrides) {
    const absl::Status status = ApplyOverride(text, config);
    ASSERT_TRUE(status.ok()) << status;
  }
  absl::Status status = ValidateExperimentConfig(config);
  if (status.ok()) status = CheckTraining(config, SpecOf(config));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const std::string& word : GetParam().words) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(word));
  }
}

const Wrong kWrong[] = {
    {"NegativeBatch", {"learner.batch_size=-1"}, {"learner.batch_size -1", "1..65536"}},
    {"ZeroUsers", {"actor.users=0"}, {"actor.users 0", "1..1048576"}},
    {"HugeBatch", {"learner.batch_size=65537"}, {"learner.batch_size 65537", "1..65536"}},
    {"NegativeSeconds", {"goal.max_seconds=-0.5"}, {"goal.max_seconds -0.5", "at least 0"}},
    {"NegativeUpdates", {"goal.max_updates=-1"}, {"goal.max_updates -1", "at least 0"}},
    {"ProbabilityOverOne",
     {"environment.document_browsing.exit_probability_refused=1.5"},
     {"environment.document_browsing.exit_probability_refused 1.5", "0..1"}},
    {"ProbabilityNan",
     {"environment.document_browsing.exit_probability_accepted=nan"},
     {"environment.document_browsing.exit_probability_accepted nan", "0..1"}},
    {"Infinite", {"actor.max_weights_age_seconds=inf"}, {"actor.max_weights_age_seconds inf", "at least 0"}},
    {"ShareOverOne", {"goal.share_of_optimum=1.01"}, {"goal.share_of_optimum 1.01", "0..1"}},
    {"NegativeCapacity", {"replay.table.capacity_rows=-5"}, {"replay.table.capacity_rows -5", "1..4294967295"}},
    {"UnspecifiedEnum",
     {"algorithm.wolpertinger.search_space=SEARCH_SPACE_UNSPECIFIED"},
     {"algorithm.wolpertinger.search_space SEARCH_SPACE_UNSPECIFIED", "UNIT, RAW"}},
    {"KOverItems",
     {"algorithm.wolpertinger.k=11"},
     {"algorithm.wolpertinger.k 11", "at most 10", "candidates of document_browsing"}},
    {"RandomCandidatesOverItems",
     {"algorithm.wolpertinger.random_candidates=11"},
     {"algorithm.wolpertinger.random_candidates 11", "at most 10"}},
    {"GoalWithinABatch",
     {"learner.updates_per_batch=3", "goal.max_updates=100"},
     {"goal.max_updates 100", "a multiple of learner.updates_per_batch 3"}},
    {"NoUpdates", {"learner.updates_per_batch=0"}, {"learner.updates_per_batch 0", "1..1024"}},
    {"AverageOfEverything", {"learner.weights_averaging=1"}, {"learner.weights_averaging 1", "0..0.999999"}},
    {"NineHiddenLayers",
     {"algorithm.network.hidden_layers=8,8,8,8,8,8,8,8,8"},
     {"algorithm.network.hidden_layers of 9 layers", "at most 8"}},
    {"EmptyHiddenLayer", {"algorithm.network.hidden_layers=8,0"}, {"algorithm.network.hidden_layers[1] 0", "1..4096"}},
    {"NoActivation",
     {"algorithm.network.activation=ACTIVATION_UNSPECIFIED"},
     {"algorithm.network.activation ACTIVATION_UNSPECIFIED", "RELU, TANH, SILU"}},
    {"LinearWithoutSteps",
     {"algorithm.optimizer.schedule=LINEAR"},
     {"algorithm.optimizer.decay_steps 0", "at least 1", "schedule LINEAR"}},
    {"CosineWithoutSteps",
     {"algorithm.optimizer.schedule=COSINE", "algorithm.optimizer.warmup_steps=10"},
     {"algorithm.optimizer.decay_steps 0", "at least 1", "schedule COSINE"}},
    {"NoSchedule",
     {"algorithm.optimizer.schedule=SCHEDULE_UNSPECIFIED"},
     {"algorithm.optimizer.schedule SCHEDULE_UNSPECIFIED", "CONSTANT, LINEAR, COSINE"}},
    {"NegativeClip", {"algorithm.optimizer.clip_norm=-1"}, {"algorithm.optimizer.clip_norm -1", "0..1000000000"}},
    {"NegativeDecay", {"algorithm.optimizer.weight_decay=-1"}, {"algorithm.optimizer.weight_decay -1", "0..100"}},
    {"FinalShareOverOne", {"algorithm.optimizer.final_share=2"}, {"algorithm.optimizer.final_share 2", "0..1"}},
    {"MatrixElementOutOfRange",
     {"environment.document_browsing.num_documents=2", "environment.document_browsing.acceptance=0.1,0.2,-0.3,0"},
     {"environment.document_browsing.acceptance[2] -0.3", "0..1"}},
    {"EmptyMatrixFile", {"environment.document_browsing.matrix_file="}, {"matrix_file \"\"", "path"}},
    {"BufferBelowBatches",
     {"replay.table.rate_limiter.error_buffer=255"},
     {"replay.table.rate_limiter.error_buffer 255", "at least 256", "batch_size 32", "batches_in_flight 8"}},
    {"BufferBelowRatio",
     {"replay.table.rate_limiter.samples_per_insert=1500"},
     {"replay.table.rate_limiter.error_buffer 2000", "at least 3000", "samples_per_insert 1500"}},
    {"MinSizeOverRows",
     {"replay.table.capacity_rows=999"},
     {"replay.table.rate_limiter.min_size 1000", "at most replay.table.capacity_rows 999"}},
    {"MinSizeOverBytes",  // A row: 2 x 10 x 4 + 4 + 4 + 3 x 4 padded, + 3 x 8 bytes = 128, and bookkeeping.
     {"replay.table.capacity_bytes=191999"},
     {"replay.table.capacity_bytes 191999", "at least 192000", "min_size 1000", "128 bytes and up to 64"}},
    {"BatchOverRows",
     {"learner.batch_size=200", "replay.table.capacity_rows=100", "replay.table.rate_limiter.min_size=10"},
     {"learner.batch_size 200", "at most replay.table.capacity_rows 100"}},
    {"SharesCrossed", {"actor.policy_share_min=0.5"}, {"actor.policy_share_min 0.5", "at most policy_share_max 0.2"}},
    {"InitialShareForNoSteps",
     {"actor.policy_share_initial=0.1"},
     {"actor.policy_share_initial 0.1", "want 0 where policy_share_annealing_steps is 0"}},
    {"InitialShareOverOne",
     {"actor.policy_share_initial=1.5", "actor.policy_share_annealing_steps=10"},
     {"actor.policy_share_initial 1.5", "0..1"}},
    {"NegativeAnnealing",
     {"actor.policy_share_annealing_steps=-1"},
     {"actor.policy_share_annealing_steps -1", "at least 0"}},
    {"GapOverOne", {"goal.share_of_gap=1.01"}, {"goal.share_of_gap 1.01", "0..1"}},
    {"TwoShares",
     {"goal.share_of_gap=0.9", "goal.share_of_optimum=0.8"},
     {"goal.share_of_gap 0.9", "want 0 beside goal.share_of_optimum 0.8"}},
    {"TooFewStepsToLearn",
     {"goal.max_env_steps=999"},
     {"goal.max_env_steps 999", "at least 1000", "replay.table.rate_limiter.min_size"}},
    {"TooFewStepsForABatch",
     {"goal.max_env_steps=31", "replay.table.rate_limiter.kind=QUEUE", "replay.table.max_times_sampled=1",
      "replay.table.sampler=OLDEST"},
     {"goal.max_env_steps 31", "at least 32", "learner.batch_size"}},
    {"PartOfASession",
     {"environment.users_per_session=3"},
     {"actor.users 64", "multiple of environment.users_per_session 3"}},
    {"BlockBelowRow",
     {"environment.document_browsing.num_documents=100", "actor.block_bytes=256"},
     {"actor.block_bytes 256", "at least 848"}},
    {"BlockOverWindow",
     {"actor.block_bytes=65536", "replay.insert_window_bytes=65535"},
     {"actor.block_bytes 65536", "at most replay.insert_window_bytes 65535"}},
};

INSTANTIATE_TEST_SUITE_P(All, WrongConfigTest, ::testing::ValuesIn(kWrong),
                         [](const auto& test) { return test.param.name; });

TEST(ValidateTest, ScenarioAndAlgorithmMustBeChosen) {
  v1::ExperimentConfig config = GoodConfig();
  config.clear_environment();
  EXPECT_THAT(std::string(ValidateExperimentConfig(config).message()),
              HasSubstr("environment: no scenario, want one of document_browsing"));
  v1::ColumnConfig& column = *config.mutable_replay()->mutable_table()->add_columns();
  column.set_name("x");
  config.mutable_learner()->set_batch_size(65536);
  EXPECT_TRUE(ValidateExperimentConfig(config).ok()) << "tables for others need no environment and no learner";
  config.mutable_replay()->add_more_tables()->set_name("more");
  EXPECT_FALSE(ValidateExperimentConfig(config).ok()) << "this one holds transitions";
  config = GoodConfig();
  config.mutable_algorithm()->clear_wolpertinger();
  EXPECT_TRUE(ValidateExperimentConfig(config).ok()) << "a simulation needs none";
  EXPECT_THAT(std::string(CheckTraining(config, SpecOf(config)).message()),
              HasSubstr("algorithm: no algorithm, want one of wolpertinger"));
}

// 65,536 candidates are allowed, but not with features in a row: the field is named, and the bound is one.
TEST(ValidateTest, ARowThatIsTooLargeNamesTheCandidates) {
  v1::ExperimentConfig config;
  config.mutable_environment()->mutable_interest_evolution()->set_num_candidates(65536);
  config.mutable_algorithm()->mutable_slate_q();
  EnvironmentSpec spec;
  spec.name = "interest_evolution";
  spec.num_user_features = 20;
  spec.num_candidates = 65536;
  spec.num_candidate_features = 20;
  spec.slate_size = 3;
  spec.response_fields = {"click", "watch_time"};
  EXPECT_EQ(CheckTraining(config, spec).message().find("num_candidates"), absl::string_view::npos)
      << "rows do not hold a catalogue that is fixed";
  spec.fixed_catalogue = false;
  EXPECT_EQ(CheckTraining(config, spec).message(),
            "environment.interest_evolution.num_candidates 65536, want at most 6552: a row of experience holds the 20 "
            "features of each candidate twice and 20 of the user, in at most 1048576 bytes");
  spec.num_candidates = 6552;
  EXPECT_TRUE(CheckTraining(config, spec).message().find("num_candidates") == absl::string_view::npos);
  spec.num_candidates = 6553;
  EXPECT_TRUE(CheckTraining(config, spec).message().find("want at most 6552") != absl::string_view::npos);
  config.mutable_algorithm()->mutable_slate_q()->set_target(v1::SlateQConfig::SARSA);
  spec.num_user_features = 65536;
  spec.num_candidates = 65536;
  EXPECT_THAT(std::string(CheckTraining(config, spec).message()), HasSubstr("want at most 3276: "));
}

TEST(ValidateTest, MatrixGivenTwiceIsRefused) {
  v1::ExperimentConfig config = GoodConfig();
  config.mutable_environment()->mutable_document_browsing()->set_matrix_seed(7);
  config.mutable_environment()->mutable_document_browsing()->set_matrix_file("w.json");
  EXPECT_THAT(std::string(ValidateExperimentConfig(config).message()), HasSubstr("want at most 1"));
}

TEST(ValidateTest, WithoutARatioTheBufferDoesNotMatter) {
  v1::ExperimentConfig config = GoodConfig();
  config.mutable_replay()->mutable_table()->mutable_rate_limiter()->set_samples_per_insert(0);
  config.mutable_replay()->mutable_table()->mutable_rate_limiter()->set_error_buffer(0);
  EXPECT_TRUE(ValidateExperimentConfig(config).ok());
}

TEST(ValidateTest, TheBufferItNamesIsTheLeastThatWorks) {
  v1::ExperimentConfig config = GoodConfig();
  config.mutable_learner()->set_batch_size(100);
  config.mutable_learner()->set_batches_in_flight(30);
  auto& limiter = *config.mutable_replay()->mutable_table()->mutable_rate_limiter();
  EXPECT_THAT(std::string(ValidateExperimentConfig(config).message()), HasSubstr("want at least 3000"));
  limiter.set_error_buffer(3000);
  EXPECT_TRUE(ValidateExperimentConfig(config).ok());
  limiter.set_error_buffer(2999);
  EXPECT_FALSE(ValidateExperimentConfig(config).ok());
}

// Whatever numeric field has bounds, in messages, lists and messages in lists: a step beyond is refused.
TEST(ValidateTest, EveryBoundOfTheProtoIsEnforced) {
  int checked = 0;
  std::vector<std::string> parts;  // What the path leads through, to be chosen first.
  const auto check = [&](const std::string& path, const google::protobuf::FieldDescriptor& field) {
    const bool above = field.options().HasExtension(v1::above);
    if (!above && !field.options().HasExtension(v1::min)) return;
    const double below = above ? field.options().GetExtension(v1::above) : field.options().GetExtension(v1::min) - 1;
    v1::ExperimentConfig config = GoodConfig();
    config.mutable_replay()->mutable_table()->add_columns();
    config.mutable_replay()->add_more_tables()->add_columns();
    for (const std::string& part : parts) ASSERT_TRUE(ApplyOverride(part + "={}", config).ok()) << part;
    ASSERT_TRUE(ApplyOverride(path + "=" + std::to_string(static_cast<int64_t>(below)), config).ok()) << path;
    EXPECT_THAT(std::string(ValidateExperimentConfig(config).message()), HasSubstr(path)) << path;
    ++checked;
  };
  const v1::ExperimentConfig good = GoodConfig();
  const std::function<void(const std::string&, const google::protobuf::Descriptor&)> walk =
      [&](const std::string& prefix, const google::protobuf::Descriptor& type) {
        for (int i = 0; i < type.field_count(); ++i) {
          const auto& field = *type.field(i);
          if (field.message_type() != nullptr) {
            const bool chosen = field.containing_oneof() != nullptr || field.options().GetExtension(v1::on_request);
            if (chosen) parts.push_back(prefix + field.name());
            walk(prefix + field.name() + (field.is_repeated() ? "[0]." : "."), *field.message_type());
            if (chosen) parts.pop_back();
          } else {
            check(prefix + field.name(), field);
          }
        }
      };
  walk("", *good.GetDescriptor());
  EXPECT_GT(checked, 130);
}

}  // namespace
}  // namespace recbots

// The learner's loop over a table in its own process: learner, actor and evaluator take turns on one thread.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/rl/transition.h"
#include "learner/loop/learner_loop.h"
#include "learner/loop/table_batch_source.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kUsers = 8;

class CountingAlgorithm final : public Algorithm {
 public:
  absl::Status Update(const TransitionBatch&, absl::Span<float> td_errors) override {
    for (float& error : td_errors) error = 1;
    ++updates_;
    return absl::OkStatus();
  }
  Losses losses() const override { return {}; }
  int64_t updates() const override { return updates_; }
  std::string compute_mode() const override { return "by heart"; }
  std::string EncodeWeights() const override { return absl::StrCat("weights ", updates_); }

 private:
  int64_t updates_ = 0;
};

EnvironmentSpec MakeSpec() {
  EnvironmentSpec spec;
  spec.num_user_features = 2;
  spec.num_candidates = 3;
  spec.response_fields = {"clicked"};
  return spec;
}

class OneThreadLoopTest : public ::testing::Test {
 protected:
  // Eight samples to an insert, in batches of 16: after 40 rows four updates for each step.
  OneThreadLoopTest() {
    options_.status_period = absl::Hours(1);
    options_.publish_updates = 10;
    table_options_.rate_limiter = {.min_size = 40, .samples_per_insert = 8, .error_buffer = 320};
  }

  absl::Status Run(const v1::GoalConfig& goal) {
    table_ = replay::Table::Create(schema_, table_options_).value();
    state_ = std::make_unique<RunState>(goal);
    source_ = std::make_unique<TableBatchSource>(
        *table_, TableBatchSourceOptions{.batch_size = 16, .max_env_steps = goal.max_env_steps()},
        [this] { return Step(); });
    LearnerLoop::Hooks hooks;
    hooks.stop = [this] { return stop_ && stop_(); };
    hooks.watchers = [] { return Watchers{.actors = 1, .evaluators = 1}; };
    hooks.print = [this](const std::string& line) { lines_.push_back(line); };
    hooks.activity = [](const char*) {};
    hooks.on_ending = [this](const RunEnd& end) {
      endings_.push_back(end.ending);
      error_ = end.error;
      return absl::OkStatus();
    };
    hooks.on_weights = [this](const v1::WeightsHeader& version, absl::string_view weights, bool last) {
      version_ = version;
      given_.push_back(absl::StrCat(weights, last ? " last" : ""));
      if (last) EvaluateAs(last_value_);
      return on_weights_;
    };
    hooks.on_checkpoint = [this](v1::LearnerState, bool last) {
      if (!last) ++checkpoints_;
      return absl::OkStatus();
    };
    LearnerLoop loop(options_, std::move(hooks), algorithm_, *source_, store_, *state_, metrics_);
    const absl::Status published = loop.PublishWeights();
    return published.ok() ? loop.Run() : published;
  }

  absl::StatusOr<int64_t> Step() {
    std::string rows(kUsers * schema_.row_bytes(), '\0');
    for (size_t user = 0; user < kUsers; ++user) {
      char* const row = rows.data() + user * schema_.row_bytes();
      Write(row, transition::kWeightsVersion, version_.version());
      Write(row, transition::kWeightsUpdates, version_.updates());
    }
    source_->Append(rows);
    return env_steps_ += kUsers;
  }
  void Write(char* row, const char* column, int64_t value) {
    std::memcpy(row + schema_.offset(static_cast<size_t>(schema_.Find(column))), &value, sizeof(value));
  }
  void EvaluateAs(double value) {
    v1::Evaluation evaluation;
    evaluation.set_weights_version(version_.version());
    evaluation.set_updates(version_.updates());
    evaluation.set_value(value);
    evaluation.set_optimum(10);
    state_->OnEvaluation(evaluation);
  }

  const RowSchema schema_ = TransitionSchema(MakeSpec()).value();
  LearnerLoopOptions options_;
  replay::TableOptions table_options_;
  CountingAlgorithm algorithm_;
  std::unique_ptr<replay::Table> table_;
  std::unique_ptr<TableBatchSource> source_;
  WeightStore store_;
  Metrics metrics_{{"learner"}};
  std::unique_ptr<RunState> state_;
  std::function<bool()> stop_;
  absl::Status on_weights_, error_;
  double last_value_ = 1;
  v1::WeightsHeader version_;
  int64_t env_steps_ = 0;
  int checkpoints_ = 0;  // Not the last one.
  std::vector<std::string> lines_, given_;
  std::vector<Ending> endings_;
};

v1::GoalConfig Goal(int64_t max_updates, int64_t max_env_steps) {
  v1::GoalConfig goal;
  goal.set_max_updates(max_updates);
  goal.set_max_env_steps(max_env_steps);
  return goal;
}

TEST_F(OneThreadLoopTest, GivesEachVersionToActorAndEvaluatorAsItIsPublished) {
  ASSERT_TRUE(Run(Goal(25, 0)).ok());
  EXPECT_THAT(given_, ElementsAre("weights 0", "weights 10", "weights 20", "weights 25 last"));
  EXPECT_EQ(version_.version(), 4);
  EXPECT_EQ(version_.updates(), 25);
  EXPECT_EQ(version_.env_steps(), state_->env_steps());
  EXPECT_EQ(state_->goal().newest()->updates(), 25) << "and the loop waits for no other evaluation";
  EXPECT_THAT(endings_, ElementsAre(Ending::kMaxUpdates));
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("1 actor)"))) << "at the end";
}

TEST_F(OneThreadLoopTest, LearnsAllThatTheLastEnvironmentStepsAllow) {
  ASSERT_TRUE(Run(Goal(0, 1001)).ok());
  EXPECT_THAT(endings_, ElementsAre(Ending::kMaxEnvSteps));
  EXPECT_EQ(state_->env_steps(), 1008);
  EXPECT_EQ(env_steps_, 1008);
  EXPECT_EQ(algorithm_.updates(), (1008 * 8 - 40 * 8 + 320) / 16);
  EXPECT_EQ(metrics_.counter(metric::kLearnerEnvSteps).Value(), 1008);
  EXPECT_EQ(state_->goal().newest()->updates(), algorithm_.updates());
}

TEST_F(OneThreadLoopTest, LastWeightsThatReachTheGoalHaveReachedIt) {
  v1::GoalConfig goal = Goal(25, 0);
  goal.set_share_of_optimum(0.9);
  goal.set_evaluations(1);
  last_value_ = 9.5;
  ASSERT_TRUE(Run(goal).ok());
  EXPECT_THAT(endings_, ElementsAre(Ending::kShareReached));
}

TEST_F(OneThreadLoopTest, ShowsLagsAndCountsOfTheRun) {
  options_.prioritizer.enabled = true;
  table_options_.sampler = replay::SelectorKind::kPrioritized;
  ASSERT_TRUE(Run(Goal(30, 0)).ok());
  EXPECT_THAT(metrics_.Text(), HasSubstr("recbots_learner_lag_updates_count 30\n"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("recbots_learner_lag_seconds_count 30\n"));
  EXPECT_EQ(metrics_.counter(metric::kLearnerPriorities, "sent").Value(), 30 * 16);
  const replay::TableState table = table_->state();
  EXPECT_EQ(table.priorities_updated + table.priorities_stale, 30 * 16);
  EXPECT_DOUBLE_EQ(state_->status().samples_per_insert,
                   static_cast<double>(table.sampled) / static_cast<double>(table.inserted));
}

TEST_F(OneThreadLoopTest, HearsASignalAfterEveryStepAndEveryUpdate) {
  int asked = 0;
  stop_ = [&] { return ++asked > 100; };
  ASSERT_TRUE(Run(Goal(0, 0)).ok());
  EXPECT_EQ(env_steps_ / kUsers + algorithm_.updates(), 100) << "one of both between two questions";
  EXPECT_THAT(endings_, ElementsAre(Ending::kNotYet));
  EXPECT_THAT(given_.back(), ::testing::Not(HasSubstr("last"))) << "nothing is evaluated after it";
}

TEST_F(OneThreadLoopTest, AnErrorOfActorOrEvaluatorEndsTheRun) {
  stop_ = [this] {
    if (algorithm_.updates() == 12) on_weights_ = absl::InvalidArgumentError("a slate with an item twice");
    return false;
  };
  const absl::Status status = Run(Goal(100, 0));
  EXPECT_EQ(status.message(), "a slate with an item twice");
  EXPECT_EQ(error_, status) << "what was learnt is saved";
  EXPECT_EQ(algorithm_.updates(), 20);
}

TEST_F(OneThreadLoopTest, PausesPublishesWritesACheckpointAndEndsWhenSomebodyAsks) {
  RunControls controls;
  options_.controls = &controls;
  int rounds = 0;
  int64_t paused_at = 0, asked_at = 0;
  stop_ = [&] {
    const int64_t updates = algorithm_.updates();
    if (updates == 13 && asked_at == 0) {
      asked_at = updates;
      controls.AskForEvaluation();
      controls.AskForCheckpoint();
    }
    if (updates == 25 && paused_at == 0) {
      paused_at = updates;
      controls.SetPaused(true);
    }
    // Two rounds of the pause have passed.
    if (controls.paused() && ++rounds == 3) {
      EXPECT_EQ(updates, paused_at) << "no update is made meanwhile";
      EXPECT_EQ(checkpoints_, 1);
      controls.SetPaused(false);
    }
    if (updates == 27) controls.AskForEnd();
    return false;
  };
  ASSERT_TRUE(Run(Goal(1000, 0)).ok());
  EXPECT_EQ(rounds, 3);
  EXPECT_EQ(algorithm_.updates(), 27);
  EXPECT_THAT(endings_, ElementsAre(Ending::kByHand));
  // Update 14 comes between the question and the publication, and the period begins again with it.
  EXPECT_THAT(given_, ElementsAre("weights 0", "weights 10", HasSubstr("weights 1"), HasSubstr("weights 2")));
  EXPECT_EQ(version_.evaluations_asked(), 1);
  EXPECT_FALSE(GoalTracker(Goal(1000, 0)).Reached(Ending::kByHand));
}

}  // namespace
}  // namespace recbots

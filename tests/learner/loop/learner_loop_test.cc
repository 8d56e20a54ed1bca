// The loop around an algorithm: what it takes, sends, publishes, counts and says. Algorithm and replay are fakes.
#include "learner/loop/learner_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/learner/loop/learner_loop_fixture.h"

namespace recbots {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(LearnerLoopTest, LearnsFromEachBatchOnceAndPublishes) {
  options_.publish_updates = 3;
  ASSERT_TRUE(Run(7).ok());
  EXPECT_THAT(algorithm_.rewards, ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(source_.recycled, 7);
  EXPECT_EQ(store_.version(), 3) << "at first, after 3 and after 6";
  EXPECT_EQ(store_.newest()->header.updates(), 6);
  EXPECT_EQ(store_.newest()->header.env_steps(), 60);
  EXPECT_EQ(metrics_.counter(metric::kLearnerUpdates).Value(), 7);
  EXPECT_EQ(metrics_.counter(metric::kLearnerEnvSteps).Value(), 70);
  EXPECT_EQ(state_->updates(), 7);
  EXPECT_EQ(metrics_.gauge(metric::kLearnerLoss, "critic_loss").Value(), 0.25);
  EXPECT_THAT(endings_, ElementsAre(Ending::kNotYet));
}

TEST_F(LearnerLoopTest, UpdatesSeveralTimesOnEachBatchAndCountsUpdates) {
  options_.publish_updates = 4;
  options_.updates_per_batch = 3;
  ASSERT_TRUE(Run(4).ok());
  EXPECT_THAT(algorithm_.rewards, ElementsAre(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4));
  EXPECT_EQ(source_.recycled, 4);
  EXPECT_EQ(metrics_.counter(metric::kLearnerUpdates).Value(), 12);
  EXPECT_EQ(state_->updates(), 12);
  EXPECT_EQ(store_.version(), 4) << "at first, after 4, 8 and 12, which are within batches";
  EXPECT_EQ(store_.newest()->header.updates(), 12);
  EXPECT_EQ(metrics_.counter(metric::kLearnerEnvSteps).Value(), 40);
}

TEST_F(LearnerLoopTest, EndsAndKeepsItsStateBetweenBatches) {
  options_.updates_per_batch = 3;
  options_.checkpoint_period = absl::Nanoseconds(1);
  ASSERT_TRUE(Run(9, MaxUpdates(6)).ok());
  EXPECT_EQ(algorithm_.updates(), 6);
  ASSERT_GE(checkpoints_.size(), 2u);
  for (const Kept& kept : checkpoints_) EXPECT_EQ(kept.updates % 3, 0);
}

// The last update's errors are the ones that later draws are made by; the weights are those of the draw.
TEST_F(LearnerLoopTest, SendsPrioritiesOfABatchOnceFromItsLastUpdate) {
  Prioritize();
  options_.updates_per_batch = 3;
  algorithm_.grows = 1;
  ASSERT_TRUE(Run(2).ok());
  ASSERT_EQ(source_.sent_priorities.size(), 2u);
  EXPECT_THAT(source_.sent_priorities[0], ElementsAre(2.75, 3.25, 3.75, 4.25)) << "two updates later";
  EXPECT_THAT(source_.sent_priorities[1], ElementsAre(5.75, 6.25, 6.75, 7.25));
  EXPECT_THAT(algorithm_.all_asked_for, ElementsAre(0, 0, kRows, 0, 0, kRows));
  EXPECT_EQ(Priorities("sent"), 2 * kRows);
}

TEST_F(LearnerLoopTest, StopsWithinABatchWhereTrainingHasDiverged) {
  options_.updates_per_batch = 4;
  algorithm_.diverges_with = 6;
  const absl::Status status = Run(9);
  EXPECT_THAT(std::string(status.message()), HasSubstr("training has diverged with update 6: "));
  EXPECT_EQ(algorithm_.updates(), 6);
  EXPECT_EQ(metrics_.counter(metric::kLearnerUpdates).Value(), 5);
}

TEST_F(LearnerLoopTest, WithoutPrioritiesNothingIsWeightedOrSentBack) {
  ASSERT_TRUE(Run(3).ok());
  EXPECT_THAT(algorithm_.seen_weights, IsEmpty());
  EXPECT_EQ(algorithm_.asked_for, 0u);
  EXPECT_THAT(source_.sent_keys, IsEmpty());
  EXPECT_THAT(lines_, Each(Not(HasSubstr("beta"))));
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("recbots_learner_priorities_total{")));
}

TEST_F(LearnerLoopTest, WeighsRowsByTheProbabilityTheyWereDrawnWith) {
  Prioritize();
  ASSERT_TRUE(Run(1).ok());
  for (size_t row = 0; row < kRows; ++row) {
    const double probability = std::vector{0.4, 0.1, 0.2, 0.3}[row];
    EXPECT_FLOAT_EQ(algorithm_.seen_weights[row], static_cast<float>(std::pow(0.1 / probability, 0.5))) << row;
  }
}

TEST_F(LearnerLoopTest, AnnealsTheExponentWithTheUpdates) {
  Prioritize();
  ASSERT_TRUE(Run(3).ok());
  EXPECT_FLOAT_EQ(algorithm_.seen_weights[0], static_cast<float>(std::pow(0.25, 0.75))) << "2 of 4 updates before it";
  EXPECT_THAT(lines_.back(), HasSubstr(" | beta 0.88 | "));
  EXPECT_EQ(metrics_.gauge(metric::kLearnerBeta).Value(), 0.875);
  ASSERT_TRUE(Run(5).ok());
  EXPECT_FLOAT_EQ(algorithm_.seen_weights[0], 0.25f) << "beta is 1";
  EXPECT_EQ(metrics_.gauge(metric::kLearnerBeta).Value(), 1);
}

TEST_F(LearnerLoopTest, SendsErrorsBackAsPrioritiesOfTheirRows) {
  Prioritize();
  ASSERT_TRUE(Run(2).ok());
  EXPECT_THAT(source_.sent_keys, ElementsAre(ElementsAre(100, 101, 102, 103), ElementsAre(200, 201, 202, 203)));
  EXPECT_THAT(source_.sent_priorities, Each(ElementsAre(0.75f, 1.25f, 1.75f, 2.25f)));
  EXPECT_EQ(Priorities("sent"), 8);
  EXPECT_EQ(Priorities("not_finite"), 0);
}

TEST_F(LearnerLoopTest, ShowsMeansOverAStatusPeriod) {
  Prioritize();
  options_.status_period = absl::Hours(1);  // The line at the end of the run is the only one.
  ASSERT_TRUE(Run(10, MaxUpdates(3)).ok());
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_DOUBLE_EQ(metrics_.gauge(metric::kLearnerPriority).Value(), 1.5);
  double sum = 0;
  for (const double exponent : {0.5, 0.625, 0.75}) {
    for (const double probability : {0.4, 0.1, 0.2, 0.3}) sum += std::pow(0.1 / probability, exponent);
  }
  EXPECT_NEAR(metrics_.gauge(metric::kLearnerWeight).Value(), sum / 12, 1e-6);
}

TEST_F(LearnerLoopTest, LeavesOutWhatIsNotFinite) {
  Prioritize();
  algorithm_.errors = {1, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 2};
  ASSERT_TRUE(Run(2).ok());
  EXPECT_THAT(source_.sent_keys, ElementsAre(ElementsAre(100, 103), ElementsAre(200, 203)));
  EXPECT_THAT(source_.sent_priorities, Each(ElementsAre(1.25f, 2.25f)));
  EXPECT_EQ(Priorities("sent"), 4);
  EXPECT_EQ(Priorities("not_finite"), 4);
}

TEST_F(LearnerLoopTest, EndsWhereTrainingHasDiverged) {
  Prioritize();
  algorithm_.errors.assign(kRows, std::numeric_limits<float>::quiet_NaN());
  const absl::Status status = Run(5);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("all 4 TD errors of a batch are NaN or infinite"));
  EXPECT_THAT(source_.sent_keys, IsEmpty());
  EXPECT_EQ(algorithm_.updates(), 1);
}

TEST_F(LearnerLoopTest, EndsWhereTheReferencesLeaveTheGoalOutOfReach) {
  v1::GoalConfig goal;
  goal.set_share_of_gap(0.9);
  state_ = std::make_unique<RunState>(goal);
  LearnerLoop::Hooks hooks;
  int asked = 0;
  hooks.stop = [&] {
    if (++asked == 3) {  // The first evaluation comes while the loop trains.
      v1::Evaluation evaluation;
      evaluation.set_weights_version(1);
      for (const auto& [name, value] : {std::pair{"random", 2.0}, {"best", 1.5}}) {
        v1::ReferenceValue& reference = *evaluation.add_references();
        reference.set_name(name);
        reference.set_value(value);
      }
      state_->OnEvaluation(evaluation);
    }
    return asked > 1000;
  };
  hooks.watchers = [] { return Watchers(); };
  hooks.print = [](const std::string&) {};
  hooks.activity = [](const char*) {};
  hooks.on_ending = [](const RunEnd&) { return absl::OkStatus(); };
  source_.num_batches = 1000000;
  LearnerLoop loop(options_, hooks, algorithm_, source_, store_, *state_, metrics_);
  ASSERT_TRUE(loop.PublishWeights().ok());
  const absl::Status status = loop.Run();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << "it would go on for ever";
  EXPECT_THAT(std::string(status.message()), HasSubstr("goal.share_of_gap 0.9 can never be reached"));
  EXPECT_EQ(algorithm_.updates(), 3);
}

TEST_F(LearnerLoopTest, GoesOnWhenPrioritiesAreRefused) {
  Prioritize();
  source_.refusal = absl::InvalidArgumentError("refused");
  ASSERT_TRUE(Run(5).ok());
  EXPECT_EQ(algorithm_.updates(), 5);
}

TEST_F(LearnerLoopTest, CountsWhatBecameOfPriorities) {
  Prioritize();
  source_.counts.priorities_stale = 6;
  source_.counts.priorities_refused = 2;
  source_.dropped = 7;
  ASSERT_TRUE(Run(4).ok());
  EXPECT_EQ(Priorities("stale"), 6);
  EXPECT_EQ(Priorities("refused"), 2);
  EXPECT_EQ(Priorities("dropped"), 7);
}

// A store that holds a million rows of earlier runs.
TEST_F(LearnerLoopTest, ACountOfTheStoreIsNeverTakenForOneOfTheRun) {
  source_.table.set_inserted(1'000'000);
  source_.table.set_sampled(8'000'000);
  source_.table.set_priorities_stale(1000);
  v1::GoalConfig goal;
  goal.set_max_env_steps(35);
  ASSERT_TRUE(Run(10, goal).ok());
  EXPECT_EQ(algorithm_.updates(), 4) << "and not 1: 10 rows come with each";
  EXPECT_EQ(state_->env_steps(), 40);
  EXPECT_EQ(metrics_.counter(metric::kLearnerEnvSteps).Value(), 40);
  EXPECT_EQ(store_.newest()->header.env_steps(), 40) << "actors anneal by it";
  EXPECT_EQ(state_->status().samples_per_insert, 4.0 * kRows / 40);
  EXPECT_THAT(lines_.back(), HasSubstr(" | env 40 ("));
  EXPECT_THAT(lines_.back(), HasSubstr(" | spi 0.4"));
}

TEST_F(LearnerLoopTest, ARatioToNoRowsAtAllIsNotShown) {
  source_.counts.inserted = -10;  // 0 with the first batch, which is of rows that were there.
  ASSERT_TRUE(Run(1).ok());
  EXPECT_THAT(lines_.back(), HasSubstr(" | spi 0.0"));
}

// Updates and versions of a learner before this one say nothing about how old a row is in those of this one.
TEST_F(LearnerLoopTest, RowsOfEarlierRunsHaveNoLag) {
  source_.counts.inserted_before = 1;
  source_.collected_micros = absl::ToUnixMicros(absl::Now() - absl::Hours(1));
  ASSERT_TRUE(Run(3).ok());
  EXPECT_THAT(metrics_.Text(), HasSubstr("recbots_learner_lag_updates_count 0\n"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("recbots_learner_lag_seconds_count 0\n"));
  source_.collected_micros = absl::ToUnixMicros(absl::Now() + absl::Hours(1));
  idle_ = 0;
  ASSERT_TRUE(Run(3).ok());
  EXPECT_THAT(metrics_.Text(), HasSubstr("recbots_learner_lag_updates_count 3\n"));
}

// An actor's clock is set an hour back, or somebody sets the learner's: where every row is of this run, dates do not
// matter.
TEST_F(LearnerLoopTest, LagsOfAFreshRunDoNotDependOnHowClocksAreSet) {
  source_.collected_micros = absl::ToUnixMicros(absl::Now() - absl::Hours(1));
  ASSERT_TRUE(Run(3).ok());
  EXPECT_THAT(metrics_.Text(), HasSubstr("recbots_learner_lag_updates_count 3\n"));
}

TEST_F(LearnerLoopTest, WaitsForBatchesAndSaysSo) {
  ASSERT_TRUE(Run(0).ok());
  EXPECT_EQ(algorithm_.updates(), 0);
  EXPECT_THAT(waited_for_, Not(IsEmpty()));
  EXPECT_THAT(waited_for_, Each("a batch from replay at 127.0.0.1:8000"));
  EXPECT_TRUE(waits_.waits().empty()) << "it waits no longer";
  EXPECT_THAT(endings_, ElementsAre(Ending::kNotYet));
}

// Progress is an update, or rows that come in while the loop waits for more of them.
TEST_F(LearnerLoopTest, TellsItsProgress) {
  ASSERT_TRUE(Run(3).ok());
  EXPECT_THAT(progressed_, ElementsAre(0, 1, 0, 1, 0, 1)) << "10 rows before each batch";
  progressed_.clear();
  idle_ = 0;
  ASSERT_TRUE(Run(0).ok());
  EXPECT_THAT(progressed_, ElementsAre(0)) << "the rows that a new state does not know yet, and no more";
}

TEST_F(LearnerLoopTest, NamesRolesThatHaveStalledInItsLine) {
  ASSERT_TRUE(Run(1).ok());
  EXPECT_THAT(lines_.back(), Not(HasSubstr("stalled")));
  stalled_ = "actor host/7 (no step for 42 s: acting)";
  ASSERT_TRUE(Run(1).ok());
  EXPECT_THAT(lines_.back(), HasSubstr("| stalled: actor host/7 (no step for 42 s: acting)"));
}

TEST_F(LearnerLoopTest, EndsWithFinalErrors) {
  algorithm_.fails_with = absl::InvalidArgumentError("batch: slate");
  EXPECT_EQ(Run(1).code(), absl::StatusCode::kInvalidArgument);
  algorithm_.fails_with = absl::OkStatus();
  source_.final_error = absl::FailedPreconditionError("another schema");
  EXPECT_EQ(Run(1).code(), absl::StatusCode::kFailedPrecondition);
  idle_ = 0;
  source_.final_error = absl::DeadlineExceededError("replay was away for 600 s");
  EXPECT_EQ(Run(1).code(), absl::StatusCode::kDeadlineExceeded) << "for good, unlike a wait that was too short";
}

// The networks are in memory, and saving them needs no peer.
TEST_F(LearnerLoopTest, WhatWasLearntIsSavedWhateverEndsTheRun) {
  source_.final_error = absl::DeadlineExceededError("replay was away for 600 s");
  EXPECT_EQ(Run(1).message(), "replay was away for 600 s");
  EXPECT_THAT(endings_, ElementsAre(Ending::kNotYet));
  EXPECT_THAT(errors_, ElementsAre(source_.final_error));
  source_.final_error = absl::OkStatus();
  algorithm_.fails_with = absl::InvalidArgumentError("batch: slate");
  EXPECT_EQ(Run(1).message(), "batch: slate");
  EXPECT_THAT(errors_.back(), algorithm_.fails_with);
  algorithm_.fails_with = absl::OkStatus();
  Prioritize();
  algorithm_.errors = std::vector<float>(kRows, std::numeric_limits<float>::quiet_NaN());
  const absl::Status diverged = Run(1);
  EXPECT_FALSE(diverged.ok());
  EXPECT_EQ(errors_.back(), diverged);
}

TEST_F(LearnerLoopTest, WhatCannotBeSavedIsAnError) {
  saved_ = absl::ResourceExhaustedError("goal reached, but the results could not be saved");
  EXPECT_EQ(Run(10, MaxUpdates(2)), saved_);
  EXPECT_THAT(endings_, ElementsAre(Ending::kMaxUpdates)) << "once";
  source_.final_error = absl::DeadlineExceededError("replay was away");
  EXPECT_EQ(Run(1).message(), "replay was away; goal reached, but the results could not be saved");
}

TEST_F(LearnerLoopTest, ATellToStopIsNoError) {
  stop_ = true;
  source_.final_error = absl::CancelledError("closed");
  EXPECT_TRUE(Run(1).ok());
}

TEST_F(LearnerLoopTest, PublishesTheLastWeightsAtTheEnd) {
  ASSERT_TRUE(Run(10, MaxUpdates(5)).ok());
  EXPECT_EQ(algorithm_.updates(), 5);
  EXPECT_EQ(store_.newest()->header.updates(), 5);
  EXPECT_THAT(endings_, ElementsAre(Ending::kMaxUpdates));
  EXPECT_GE(lines_.size(), 5u);
}

TEST_F(LearnerLoopTest, GivesUpOnAnEvaluationThatDoesNotCome) {
  watchers_.evaluators = 1;
  options_.final_evaluation = absl::Milliseconds(1);
  ASSERT_TRUE(Run(10, MaxUpdates(2)).ok());
  EXPECT_THAT(endings_, ElementsAre(Ending::kMaxUpdates));
  EXPECT_EQ(waited_for_.back(), "the last evaluation");
}

// An evaluator that is still at work on versions before the last one is no evaluator that does not come.
TEST_F(LearnerLoopTest, WaitsForTheLastEvaluationAsLongAsOthersCome) {
  options_.publish_updates = 1;
  options_.final_evaluation = absl::Milliseconds(50);  // Less than one look lasts.
  state_ = std::make_unique<RunState>(MaxUpdates(2));
  source_.num_batches = 10;
  int64_t evaluated = 0;
  LearnerLoop::Hooks hooks;
  hooks.stop = [] { return false; };
  hooks.watchers = [&] {
    const std::vector<WaitInfo> waits = waits_.waits();
    if (!waits.empty() && waits[0].thing == "the last evaluation" && evaluated < store_.version()) {
      EXPECT_EQ(waits[0].kind, WaitKind::kIdle) << "the run is over, and has not stalled";
      v1::Evaluation evaluation;
      evaluation.set_weights_version(++evaluated);
      state_->OnEvaluation(evaluation);
    }
    return Watchers{.actors = 1, .evaluators = 1};
  };
  hooks.print = [](const std::string&) {};
  hooks.activity = [this](const char* activity) { activities_.push_back(activity); };
  hooks.on_ending = [this](const RunEnd& end) {
    endings_.push_back(end.ending);
    EXPECT_EQ(state_->goal().newest()->weights_version(), 3) << "the first one, and one per update";
    return absl::OkStatus();
  };
  LearnerLoop loop(options_, hooks, algorithm_, source_, store_, *state_, metrics_);
  ASSERT_TRUE(loop.PublishWeights().ok());
  ASSERT_TRUE(loop.Run().ok());
  EXPECT_THAT(endings_, ElementsAre(Ending::kMaxUpdates));
}

TEST_F(LearnerLoopTest, EndsWithTheBatchThatBringsTheLastEnvironmentSteps) {
  v1::GoalConfig goal;
  goal.set_max_env_steps(35);
  ASSERT_TRUE(Run(10, goal).ok());
  EXPECT_EQ(algorithm_.updates(), 4) << "10 rows were inserted before each";
  EXPECT_EQ(state_->env_steps(), 40);
  EXPECT_EQ(store_.newest()->header.updates(), 4) << "the last weights are published";
  EXPECT_EQ(store_.newest()->header.env_steps(), 40);
  EXPECT_THAT(endings_, ElementsAre(Ending::kMaxEnvSteps));
}

TEST_F(LearnerLoopTest, KeepsOnWhenAskedTo) {
  options_.keep = true;
  ASSERT_TRUE(Run(10, MaxUpdates(5)).ok());
  EXPECT_EQ(algorithm_.updates(), 10);
  EXPECT_THAT(endings_, ElementsAre(Ending::kMaxUpdates, Ending::kMaxUpdates)) << "what came after it is saved too";
}

TEST_F(LearnerLoopTest, StopsWhereTheShareIsReached) {
  v1::GoalConfig goal;
  goal.set_share_of_optimum(0.9);
  goal.set_evaluations(1);
  state_ = std::make_unique<RunState>(goal);
  source_.num_batches = 100;
  LearnerLoop::Hooks hooks;
  hooks.stop = [&] {
    if (algorithm_.updates() == 3 && state_->evaluations() == 0) {
      v1::Evaluation evaluation;
      evaluation.set_weights_version(1);
      evaluation.set_value(9.5);
      evaluation.set_optimum(10);
      evaluation.set_random_value(1);
      for (const auto& [name, value] : {std::pair{"random", 1.0}, {"optimal", 10.0}}) {
        v1::ReferenceValue& reference = *evaluation.add_references();
        reference.set_name(name);
        reference.set_value(value);
      }
      state_->OnEvaluation(evaluation);
    }
    return false;
  };
  hooks.watchers = [] { return Watchers{.actors = 2, .evaluators = 1}; };
  hooks.print = [this](const std::string& line) { lines_.push_back(line); };
  hooks.activity = [](const char*) {};
  hooks.on_ending = [this](const RunEnd& end) {
    endings_.push_back(end.ending);
    return absl::OkStatus();
  };
  LearnerLoop loop(options_, hooks, algorithm_, source_, store_, *state_, metrics_);
  ASSERT_TRUE(loop.Run().ok());
  EXPECT_EQ(algorithm_.updates(), 4);
  EXPECT_THAT(endings_, ElementsAre(Ending::kShareReached));
  EXPECT_THAT(lines_.back(), HasSubstr("value 9.50 = 95.0 % of optimum"));
  EXPECT_EQ(metrics_.gauge(metric::kLearnerShare).Value(), 0.95);
  EXPECT_DOUBLE_EQ(metrics_.gauge(metric::kLearnerGap).Value(), 8.5 / 9);
  EXPECT_EQ(metrics_.gauge(metric::kLearnerReference, "random").Value(), 1);
  EXPECT_EQ(metrics_.gauge(metric::kLearnerReference, "optimal").Value(), 10);
  EXPECT_EQ(metrics_.gauge(metric::kLearnerActors).Value(), 2);
}

}  // namespace
}  // namespace recbots

// Loops of learners that train as one: every end of one of them is the end of all, and nobody waits for ever.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>

#include "common/algorithms/make_algorithm.h"
#include "tests/learner/group/group_of_threads.h"
#include "tests/learner/loop/learner_loop_fixture.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kLearners = 2, kMany = 1 << 30;

std::unique_ptr<Algorithm> MakeDqn() {
  EnvironmentSpec spec;
  spec.num_user_features = 2;
  spec.num_candidates = 3;
  spec.response_fields = {"clicked"};
  v1::AlgorithmConfig config;
  config.mutable_dqn()->mutable_q()->set_hidden_units(4);
  return MakeAlgorithm(config, spec, {.seed = 1}).value();
}

// A source that a test changes while it gives batches.
class ToldSource final : public BatchSource {
 public:
  absl::StatusOr<replay::SampledBatch> Next(Instant deadline) override {
    if (before_batch) before_batch();
    if (given >= limit) {
      absl::SleepFor(std::min(absl::Milliseconds(5), deadline - Instant::Now()));
      return fake.final_error.ok() ? absl::DeadlineExceededError("no batch") : fake.final_error;
    }
    fake.num_batches = 1;
    absl::StatusOr<replay::SampledBatch> sampled = fake.Next(deadline);
    if (sampled.ok() && ++given == bad_batch) {
      const auto reward = static_cast<size_t>(sampled->batch.schema().Find(transition::kReward));
      sampled->batch.mutable_column<float>(reward)[2] = std::numeric_limits<float>::quiet_NaN();
    }
    return sampled;
  }
  absl::Status UpdatePriorities(absl::Span<const replay::ItemKey> keys, absl::Span<const float> priorities) override {
    return fake.UpdatePriorities(keys, priorities);
  }
  void Recycle(replay::SampledBatch batch) override { fake.Recycle(std::move(batch)); }
  absl::Status status() const override { return fake.final_error; }
  int64_t dropped_priorities() const override { return 0; }
  int64_t env_steps() const override { return fake.env_steps(); }
  bool drained() const override { return true; }

  FakeSource fake;
  int given = 0, limit = kMany, bad_batch = 0;
  std::function<void()> before_batch;
};

// What is left of a learner.
struct Learnt {
  absl::Status status;
  int64_t updates = 0;
  std::string state;
  std::vector<RunEnd> ends;
  int64_t published = 0;
  std::vector<std::string> lines;
};

// What a test tells one learner.
struct Told {
  ToldSource source;
  v1::GoalConfig goal;
  LearnerLoopOptions options;
  std::atomic<bool> stop = false;
  Watchers watchers;
  std::function<void(Told&, RunState&)> before_batch;
};

class GroupLoopTest : public ::testing::Test {
 protected:
  GroupLoopTest() {
    for (Told& told : told_) {
      told.options.status_period = absl::ZeroDuration();
      told.options.publish_updates = 5;
    }
  }
  void Run() {
    testing::RunGroup(kLearners, absl::Seconds(60), MakeDqn, [this](LearnerGroup& group, Algorithm& algorithm) {
      Told& told = told_[group.rank()];
      Learnt& learnt = learnt_[group.rank()];
      RunState state(told.goal);
      WeightStore store;
      Metrics metrics({"learner"});
      told.source.before_batch = [&] {
        if (told.before_batch) told.before_batch(told, state);
      };
      LearnerLoop::Hooks hooks;
      hooks.stop = [&] { return told.stop.load(); };
      hooks.watchers = [&] { return told.watchers; };
      hooks.print = [&](const std::string& line) { learnt.lines.push_back(line); };
      hooks.activity = [](const char*) {};
      hooks.on_ending = [&](const RunEnd& end) {
        learnt.ends.push_back(end);
        return absl::OkStatus();
      };
      LearnerLoop loop(told.options, hooks, algorithm, told.source, store, state, metrics);
      loop.JoinGroup(group);
      ASSERT_TRUE(loop.PublishWeights().ok());
      learnt.status = loop.Run();
      learnt.updates = algorithm.updates();
      learnt.state = algorithm.SaveState();
      learnt.published = store.newest() == nullptr ? 0 : store.newest()->header.updates();
    });
    EXPECT_EQ(learnt_[0].updates, learnt_[1].updates) << "nobody steps alone";
    EXPECT_EQ(learnt_[0].state, learnt_[1].state);
    EXPECT_THAT(learnt_[1].ends, IsEmpty()) << "results are those of rank 0";
    EXPECT_EQ(learnt_[1].published, 0);
  }

  Told told_[kLearners];
  Learnt learnt_[kLearners];
};

TEST_F(GroupLoopTest, RankZeroDecidesWhenTheRunIsOver) {
  told_[0].goal = MaxUpdates(12);
  told_[1].goal = MaxUpdates(3);  // Does not matter.
  Run();
  for (const Learnt& learnt : learnt_) EXPECT_TRUE(learnt.status.ok()) << learnt.status;
  EXPECT_EQ(learnt_[0].updates, 12);
  EXPECT_EQ(learnt_[0].published, 12);
  ASSERT_EQ(learnt_[0].ends.size(), 1u);
  EXPECT_EQ(learnt_[0].ends[0].ending, Ending::kMaxUpdates);
  // Four rows of each of two learners.
  EXPECT_THAT(learnt_[0].lines.back(), HasSubstr("| 2 learners, "));
}

TEST_F(GroupLoopTest, ASignalToAnyLearnerEndsAll) {
  for (const int rank : {0, 1}) {
    told_[rank].before_batch = [](Told& told, RunState& state) { told.stop = state.updates() == 7; };
    Run();
    for (const Learnt& learnt : learnt_) EXPECT_TRUE(learnt.status.ok()) << learnt.status;
    EXPECT_GE(learnt_[0].updates, 7);
    ASSERT_EQ(learnt_[0].ends.size(), 1u);
    EXPECT_EQ(learnt_[0].ends[0].ending, Ending::kNotYet);
    for (Told& told : told_) {
      told.before_batch = nullptr;
      told.stop = false;
    }
    for (Learnt& learnt : learnt_) learnt = {};
  }
}

// The signal comes while rank 1 has no batch: rank 0 has gradients that nobody wants yet.
TEST_F(GroupLoopTest, ASignalIsHeardWhileALearnerWaits) {
  told_[1].source.limit = 4;
  told_[0].before_batch = [](Told& told, RunState& state) { told.stop = state.updates() == 4; };
  Run();
  EXPECT_EQ(learnt_[0].updates, 4);
  EXPECT_TRUE(learnt_[0].status.ok());
}

TEST_F(GroupLoopTest, ALimitIsSeenWhileALearnerWaits) {
  told_[1].source.limit = 4;
  told_[0].goal.set_max_seconds(0.2);
  Run();
  EXPECT_EQ(learnt_[0].updates, 4);
  ASSERT_EQ(learnt_[0].ends.size(), 1u);
  EXPECT_EQ(learnt_[0].ends[0].ending, Ending::kMaxSeconds);
}

// The limiter of replay gives batches to one learner and to the other in its turn.
TEST_F(GroupLoopTest, TrainingGoesOnWhenTheWaitIsOver) {
  for (int rank = 0; rank < kLearners; ++rank) {
    told_[rank].source.limit = 1;
    told_[rank].before_batch = [rank, calls = 0](Told& told, RunState&) mutable {
      if (++calls % (2 + rank) == 0) ++told.source.limit;
    };
  }
  told_[0].goal = MaxUpdates(20);
  Run();
  EXPECT_EQ(learnt_[0].updates, 20);
  EXPECT_EQ(told_[0].source.given, 20) << "every batch counts once";
  EXPECT_EQ(told_[1].source.given, 20);
}

TEST_F(GroupLoopTest, AnErrorOfAnotherLearnerIsThatOfTheRun) {
  told_[1].before_batch = [](Told& told, RunState& state) {
    if (state.updates() != 6) return;
    told.source.limit = told.source.given;
    told.source.fake.final_error = absl::FailedPreconditionError("replay holds another experiment");
  };
  Run();
  EXPECT_EQ(learnt_[1].status.message(), "replay holds another experiment");
  EXPECT_EQ(learnt_[0].status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(learnt_[0].status.message()),
              AllOf(HasSubstr("the learner of rank 1 has failed"), HasSubstr("replay holds another experiment")));
  ASSERT_EQ(learnt_[0].ends.size(), 1u);
  EXPECT_EQ(learnt_[0].ends[0].error, learnt_[0].status) << "what was learnt is saved";
  EXPECT_EQ(learnt_[0].updates, 6);
}

TEST_F(GroupLoopTest, AnErrorOfRankZeroEndsTheOthersInOrder) {
  told_[0].before_batch = [](Told& told, RunState& state) {
    if (state.updates() != 6) return;
    told.source.limit = told.source.given;
    told.source.fake.final_error = absl::FailedPreconditionError("replay holds another experiment");
  };
  Run();
  EXPECT_EQ(learnt_[0].status.message(), "replay holds another experiment");
  EXPECT_TRUE(learnt_[1].status.ok()) << learnt_[1].status;
}

// Nothing that is not finite gets into the parameters of any learner, and the rows are those of the learner that had
// them.
TEST_F(GroupLoopTest, DivergenceEndsAllBeforeTheStep) {
  for (const int rank : {0, 1}) {
    told_[rank].source.bad_batch = 8;
    Run();
    EXPECT_EQ(learnt_[0].updates, 7);
    EXPECT_EQ(learnt_[0].published, 5);
    EXPECT_THAT(std::string(learnt_[0].status.message()),
                AllOf(HasSubstr("training has diverged with update 8"), HasSubstr("is not finite"),
                      HasSubstr("the weights of update 5 were the last"),
                      HasSubstr(rank == 0 ? "'q." : "the learner of rank 1")));
    ASSERT_EQ(learnt_[0].ends.size(), 1u);
    EXPECT_THAT(learnt_[0].ends[0].diverged_batch, HasSubstr("\"reward\":null"));
    for (Told& told : told_) told.source.given = told.source.bad_batch = 0;
    for (Learnt& learnt : learnt_) learnt = {};
  }
}

// The evaluation of the last weights never comes; the others are kept company as long as rank 0 waits for it.
TEST_F(GroupLoopTest, OthersWaitWithRankZeroForTheLastEvaluation) {
  told_[0].goal = MaxUpdates(3);
  told_[0].watchers.evaluators = 1;
  told_[0].options.final_evaluation = absl::Milliseconds(400);
  Run();
  EXPECT_EQ(learnt_[0].updates, 3);
  for (const Learnt& learnt : learnt_) EXPECT_TRUE(learnt.status.ok()) << learnt.status;
}

TEST_F(GroupLoopTest, EachSendsThePrioritiesOfItsOwnRows) {
  for (Told& told : told_) told.options.prioritizer.enabled = true;
  told_[0].goal = MaxUpdates(3);
  Run();
  for (const Told& told : told_) {
    EXPECT_EQ(told.source.fake.sent_keys.size(), 3u);
    for (const auto& keys : told.source.fake.sent_keys) EXPECT_EQ(keys.size(), kRows);
  }
}

}  // namespace
}  // namespace recbots

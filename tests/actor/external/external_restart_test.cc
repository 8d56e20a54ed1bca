// Programs that are killed or hang in the middle of everything: rows stay whole, users are new, training goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/clock.h"
#include "actor/loop/environment_loop.h"
#include "actor/loop/evaluator.h"
#include "actor/recsim/history_scenario.h"
#include "common/base/instant.h"
#include "common/base/random.h"
#include "common/base/thread.h"
#include "common/policies/random_policy.h"
#include "common/rl/step_buffer.h"
#include "common/rl/transition.h"
#include "tests/actor/external/external_support.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::recbots::testing::MakeWorld;
using ::recbots::testing::TempFolder;
using ::recbots::testing::WorldOptions;

constexpr int kUsers = 16;

// Keeps who is in each row: the world writes stream, episode and step into observations.
class LedgerSink : public RowSink {
 public:
  LedgerSink(const RowSchema& schema, int n_step) : schema_(schema), n_step_(n_step) {}

  absl::Status Append(absl::string_view rows, int num_rows, int64_t) override {
    for (int i = 0; i < num_rows; ++i) Enter(rows.data() + static_cast<size_t>(i) * schema_.row_bytes());
    return absl::OkStatus();
  }
  size_t size() const { return seen_.size(); }

 private:
  std::vector<float> Column(const char* row, const char* name, size_t count) const {
    std::vector<float> values(count);
    std::memcpy(values.data(), row + schema_.offset(static_cast<size_t>(schema_.Find(name))), count * sizeof(float));
    return values;
  }

  void Enter(const char* row) {
    const std::vector<float> now = Column(row, transition::kObservation, 4);
    const std::vector<float> next = Column(row, transition::kNextObservation, 4);
    EXPECT_EQ(now[0], next[0]) << "a row of two streams";
    EXPECT_EQ(now[1], next[1]) << "a row of two episodes";
    EXPECT_GT(next[2], now[2]) << "of stream " << now[0] << ", episode " << now[1];
    EXPECT_LE(next[2], now[2] + static_cast<float>(n_step_));
    EXPECT_TRUE(seen_.insert({now[0], now[1], now[2]}).second)
        << "step " << now[2] << " of stream " << now[0] << ", episode " << now[1] << " comes twice";
  }

  const RowSchema& schema_;
  const int n_step_;
  std::set<std::tuple<float, float, float>> seen_;
};

// Gives streams away as the learner does, each once.
struct Streams {
  uint32_t next = kUsers;
  absl::StatusOr<uint32_t> Take(int count) {
    const uint32_t first = next;
    next += static_cast<uint32_t>(count);
    return first;
  }
};

// Every row of every step is handed over once, except those that were not complete when the program went.
void PlayAndKill(int kills, int hangs, const TransitionOptions& transition) {
  const TempFolder folder;
  ExternalOptions options = WorldOptions("good", folder.path());
  options.max_restarts = 1000000;
  options.step_timeout_seconds = hangs > 0 ? 5 : 120;
  Streams streams;
  const auto record = std::make_shared<ProgramRecord>();
  const auto world =
      MakeWorld(options, {.new_streams = [&](int count) { return streams.Take(count); }, .record = record});
  const RowSchema schema = *TransitionSchema(world->spec(), transition);
  LedgerSink sink(schema, transition.n_step);
  const auto environment = world->MakeEnvironment(kUsers, 0);
  RandomPolicy policy(1, 4, 2);
  EnvironmentLoop loop(*environment, policy, schema, transition, sink);
  Rng rng(7, Purpose::kTest, {});
  for (int fault = 0; fault < kills + hangs; ++fault) {
    const int steps = 1 + static_cast<int>(40 * rng.Uniform());
    for (int t = 0; t < steps; ++t) ASSERT_TRUE(loop.Step({}).ok());
    const pid_t program = testing::ProcessIn(folder.path());
    kill(program, fault < kills ? SIGKILL : SIGSTOP);
    // The program that follows notes itself when it starts, which it does within this step or a later one.
    const int64_t before = record->snapshot().restarts["crash"] + record->snapshot().restarts["hang"];
    while (record->snapshot().restarts["crash"] + record->snapshot().restarts["hang"] == before) {
      ASSERT_TRUE(loop.Step({}).ok());
    }
  }
  for (int t = 0; t < 60; ++t) ASSERT_TRUE(loop.Step({}).ok());
  EXPECT_EQ(record->snapshot().restarts["crash"], kills);
  EXPECT_GE(record->snapshot().restarts["hang"], hangs) << "more where the machine stood still";
  EXPECT_GT(loop.env_steps(), 0);
  const bool rows_wait = transition.n_step > 1 || transition.next_slate;
  EXPECT_EQ(loop.dropped_steps() > 0, rows_wait);
  // Rows of the last users may still wait.
  const int64_t missing = loop.env_steps() - loop.dropped_steps() - static_cast<int64_t>(sink.size());
  EXPECT_GE(missing, 0);
  EXPECT_LE(missing, rows_wait ? kUsers * transition.n_step : 0);
}

int FaultsOf(const char* variable, int few) {
  const char* const text = getenv(variable);
  return text == nullptr ? few : atoi(text);
}

TEST(ExternalRestartTest, KillsLeaveNoRowLostOrDoubled) {
  PlayAndKill(FaultsOf("RECBOTS_TEST_KILLS", 8), 0, {.n_step = 1});
}

TEST(ExternalRestartTest, KillsLeaveNoRowOfTwoEpisodesWhereRowsWait) {
  PlayAndKill(FaultsOf("RECBOTS_TEST_KILLS", 6), FaultsOf("RECBOTS_TEST_HANGS", 2), {.n_step = 3, .next_slate = true});
}

// Shows the same slates until a step fails; returns its error.
absl::Status StepUntilFailure(StepBuffer& step, Environment& environment) {
  for (size_t i = 0; i < step.slates.size(); ++i) step.slates[i] = static_cast<int32_t>(i % 2);
  absl::Status status = step.Step(environment);
  while (status.ok()) {
    step.Advance();
    status = step.Step(environment);
  }
  return status;
}

TEST(ExternalRestartTest, NewUsersAreThoseOfNewStreams) {
  const TempFolder folder;
  Streams streams{.next = 1000};
  const auto world =
      MakeWorld(WorldOptions("exit", folder.path()), {.new_streams = [&](int count) { return streams.Take(count); }});
  const auto environment = world->MakeEnvironment(4, 0);
  StepBuffer step(world->spec(), 4);
  step.Reset(*environment);
  ASSERT_TRUE(absl::IsAborted(StepUntilFailure(step, *environment)));
  step.Advance();
  StepBuffer fresh(world->spec(), 4);
  const auto same_users = world->MakeEnvironment(4, 1000);
  fresh.Reset(*same_users);
  EXPECT_EQ(step.observation, fresh.observation);
  EXPECT_EQ(step.candidates, fresh.candidates);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(environment->positions()[i].stream, 1000 + i);
    EXPECT_EQ(environment->positions()[i].episode, 0u);
    EXPECT_EQ(environment->positions()[i].step, 0u);
  }
  fresh.slates = step.slates;
  ASSERT_TRUE(step.Step(*environment).ok());
  ASSERT_TRUE(fresh.Step(*same_users).ok());
  EXPECT_EQ(step.next_observation, fresh.next_observation);
  EXPECT_EQ(step.reward, fresh.reward);
}

TEST(ExternalRestartTest, HistoriesBeginAgainWithNewUsers) {
  const TempFolder folder;
  HistoryOptions history;
  history.clock = 30;
  const auto world = *HistoryScenario::Create(MakeWorld(WorldOptions("exit", folder.path())), history);
  const auto environment = world->MakeEnvironment(4, 0);
  StepBuffer step(world->spec(), 4);
  step.Reset(*environment);
  ASSERT_TRUE(absl::IsAborted(StepUntilFailure(step, *environment)));
  step.Advance();
  const auto width = static_cast<size_t>(world->spec().num_user_features);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(step.observation[i * width], static_cast<float>(4 + i)) << "the stream";
    EXPECT_EQ(step.observation[i * width + 2], 0) << "the step";
    EXPECT_EQ(step.observation[i * width + 4], 1) << "the clock at step 0";
  }
}

TEST(ExternalRestartTest, AnEvaluationOfAProgramThatFailsIsThatOfOneThatDoesNot) {
  const TempFolder folder;
  const EvaluatorOptions options = {.episodes = 32, .exact = false, .users = 8};
  RandomPolicy policy(1, 4, 2);
  const auto failing = MakeWorld(WorldOptions("exit", folder.path()));
  const auto good = MakeWorld(WorldOptions("good"));
  const auto with = Evaluator(*failing, options).Evaluate(policy);
  const auto without = Evaluator(*good, options).Evaluate(policy);
  ASSERT_TRUE(with.ok()) << with.status();
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_EQ(with->value, without->value);
  EXPECT_EQ(with->episodes, without->episodes);
}

TEST(ExternalRestartTest, ARunThatIsLoadedGoesOnWithNewUsers) {
  const auto world = MakeWorld(WorldOptions("good"));
  StateArchive saved;
  {
    const auto environment = world->MakeEnvironment(4, 20);
    StepBuffer step(world->spec(), 4);
    step.Reset(*environment);
    environment->TransferState(saved);
  }
  const std::string bytes = saved.TakeBytes();
  StateArchive loaded = StateArchive::Loading(bytes);
  const auto environment = world->MakeEnvironment(4, 0);
  StepBuffer step(world->spec(), 4);
  step.Reset(*environment);
  environment->TransferState(loaded);
  ASSERT_TRUE(loaded.Finish().ok());
  for (size_t i = 0; i < step.slates.size(); ++i) step.slates[i] = static_cast<int32_t>(i % 2);
  EXPECT_TRUE(absl::IsAborted(step.Step(*environment)));
  EXPECT_EQ(environment->positions()[0].stream, 24u) << "behind the streams that were saved";
  EXPECT_TRUE(step.Step(*environment).ok());
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return recbots::testing::HasNumPy() ? RUN_ALL_TESTS() : recbots::testing::kSkipped;
}

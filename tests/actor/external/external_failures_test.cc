// What goes wrong in the program of an environment is named, and does not stay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/rl/step_buffer.h"
#include "tests/actor/external/external_support.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::recbots::testing::MakeWorld;
using ::recbots::testing::TempFolder;
using ::recbots::testing::WorldOptions;
using ::testing::HasSubstr;

// Steps `environment` until it fails, at most `steps` times.
absl::Status StepUntilError(Environment& environment, int steps = 20) {
  StepBuffer step(environment.spec(), environment.num_users());
  step.Reset(environment);
  for (int t = 0; t < steps; ++t) {
    for (size_t i = 0; i < step.slates.size(); ++i) step.slates[i] = static_cast<int32_t>(i % 2);
    const absl::Status status = step.Step(environment);
    if (!status.ok()) return status;
    step.Advance();
  }
  return absl::OkStatus();
}

absl::Status FailureOf(ExternalOptions options, int num_users = 8) {
  options.max_restarts = 0;
  return StepUntilError(*MakeWorld(options)->MakeEnvironment(num_users, 0));
}

struct Failure {
  std::string what;
  std::vector<std::string> named;
};

class ExternalFailuresTest : public ::testing::TestWithParam<Failure> {};

TEST_P(ExternalFailuresTest, IsNamed) {
  const absl::Status failure = FailureOf(WorldOptions(GetParam().what));
  ASSERT_FALSE(failure.ok());
  for (const std::string& named : GetParam().named) EXPECT_THAT(std::string(failure.message()), HasSubstr(named));
  EXPECT_THAT(std::string(failure.message()), HasSubstr("worlds.py"));
}

INSTANTIATE_TEST_SUITE_P(
    OfWorlds, ExternalFailuresTest,
    ::testing::Values(
        Failure{"exception", {"step: RuntimeError: the moon is full", "Traceback", "in misbehave"}},
        Failure{"exit", {"it ended with exit code 3", "starting exit"}}, Failure{"abort", {"it was ended by signal 6"}},
        Failure{"nan", {"observation of row 3, value 2 is nan, want a finite number"}},
        Failure{"infinite", {"response of row 3, value 2 is inf"}},
        Failure{"reward", {"reward of row 3 is 11, want -1..10"}},
        Failure{"both", {"terminated and truncated of row 3 are both 1"}},
        Failure{"flag", {"terminated of row 3 is 2, want 0 or 1"}},
        Failure{"shape", {"ValueError: out.reward is [8], not [9]"}}, Failure{"flood", {"line 99999", "flooded"}},
        Failure{"protocol", {"it speaks protocol 2, want 1"}},
        Failure{"garbage", {"its message of 3 bytes cannot be parsed"}},
        Failure{"spec",
                {"environment.external.spec", "user_features 5, want 4", "response [click], want [click, seconds]"}},
        Failure{"exit_at_start", {"it ended with exit code 1", "no configuration"}}),
    [](const auto& failure) { return failure.param.what; });

TEST(ExternalProgramTest, ThatHangsIsNamedAndKilled) {
  const TempFolder folder;
  ExternalOptions options = WorldOptions("hang", folder.path());
  options.step_timeout_seconds = 3;
  options.max_restarts = 0;
  const Instant start = Instant::Now();
  const absl::Status failure = StepUntilError(*MakeWorld(options)->MakeEnvironment(8, 0));
  EXPECT_THAT(std::string(failure.message()), HasSubstr("for the answer to a step"));
  EXPECT_EQ(failure.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_GE(Instant::Now() - start, absl::Seconds(3));
  EXPECT_FALSE(testing::Lives(testing::ProcessIn(folder.path())));
}

TEST(ExternalProgramTest, ThatStartsTooSlowlyIsNamed) {
  ExternalOptions options = WorldOptions("slow");
  options.start_timeout_seconds = 0.5;
  const absl::Status failure = FailureOf(options);
  EXPECT_EQ(failure.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(failure.message()), HasSubstr("for the environment to be ready"));
}

TEST(ExternalProgramTest, ThatIsNotThereIsNamed) {
  ExternalOptions options = WorldOptions("good");
  options.command = "/no/such/program --flag";
  const absl::Status failure = FailureOf(options);
  EXPECT_EQ(failure.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(failure.message()), HasSubstr("cannot start '/no/such/program': No such file"));
}

TEST(ExternalProgramTest, EndsTheEnvironmentWhenItFailsTooOften) {
  ExternalOptions options = WorldOptions("always_exits");
  options.max_restarts = 2;
  const auto record = std::make_shared<ProgramRecord>();
  const auto environment = MakeWorld(options, {.record = record})->MakeEnvironment(4, 0);
  StepBuffer step(environment->spec(), 4);
  step.Reset(*environment);
  for (size_t i = 0; i < step.slates.size(); ++i) step.slates[i] = static_cast<int32_t>(i % 2);
  int aborted = 0;
  absl::Status status;
  while (status.ok() || absl::IsAborted(status)) {
    status = step.Step(*environment);
    aborted += absl::IsAborted(status) ? 1 : 0;
    step.Advance();
  }
  EXPECT_EQ(aborted, 2);
  EXPECT_THAT(std::string(status.message()), HasSubstr("failed more than 2 times within 600 s (max_restarts)"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("exit code 4"));
  EXPECT_EQ(record->snapshot().restarts["crash"], 2);
  EXPECT_EQ(step.Step(*environment).message(), status.message()) << "an environment that has failed stays so";
}

TEST(ExternalProgramTest, StopsWhenToldToInTheMiddleOfAStep) {
  std::atomic<int> asked{0};
  ExternalOptions options = WorldOptions("hang");
  const auto world = MakeWorld(options, {.stop = [&asked] { return ++asked > 3; }});
  EXPECT_TRUE(absl::IsCancelled(StepUntilError(*world->MakeEnvironment(4, 0))));
}

TEST(ExternalProgramTest, EndsWithItsEnvironment) {
  const TempFolder folder;
  {
    const auto world = MakeWorld(WorldOptions("good", folder.path()));
    EXPECT_TRUE(StepUntilError(*world->MakeEnvironment(4, 0)).ok());
    EXPECT_TRUE(testing::Lives(testing::ProcessIn(folder.path()))) << "idle, for the next environment";
  }
  EXPECT_FALSE(testing::Lives(testing::ProcessIn(folder.path())));
}

TEST(ExternalProgramTest, EndsWhenItsParentIsKilled) {
  const TempFolder folder;
  const pid_t parent = fork();
  if (parent == 0) {
    const auto world = MakeWorld(WorldOptions("hang", folder.path()));
    [[maybe_unused]] const absl::Status status = StepUntilError(*world->MakeEnvironment(4, 0));
    _exit(1);
  }
  const Instant deadline = Instant::Now() + absl::Seconds(120);
  while (testing::ProcessIn(folder.path()) == 0 && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
  const pid_t program = testing::ProcessIn(folder.path());
  ASSERT_GT(program, 0);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  while (testing::Lives(program) && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_FALSE(testing::Lives(program));
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return recbots::testing::HasNumPy() ? RUN_ALL_TESTS() : recbots::testing::kSkipped;
}

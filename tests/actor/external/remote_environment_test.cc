// Environments at an address, with a server of this process; and with that of the Python package where grpcio is there.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "actor/external/child.h"
#include "actor/external/command_words.h"
#include "actor/external/conformance.h"
#include "actor/external/messages.h"
#include "actor/external/remote_program.h"
#include "common/rl/step_buffer.h"
#include "recbots/v1/environment.grpc.pb.h"
#include "tests/actor/external/external_support.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::recbots::testing::MakeWorld;
using ::testing::HasSubstr;

// U = 1: each step adds one; an episode ends after three steps.
class CountingService final : public v1::EnvironmentService::Service {
 public:
  std::atomic<int> protocol{kEnvironmentProtocol};
  std::atomic<int> break_at{-1};  // The step at which the stream ends.
  std::atomic<int> hang_at{-1};
  std::atomic<bool> stop{false};

  grpc::Status Run(grpc::ServerContext* context,
                   grpc::ServerReaderWriter<v1::FromEnvironment, v1::FromActor>* stream) override {
    v1::FromActor message;
    std::vector<float> counts;
    v1::FromActor::Hello hello;
    while (stream->Read(&message)) {
      v1::FromEnvironment answer;
      if (message.has_hello()) {
        hello = message.hello();
        counts.assign(static_cast<size_t>(hello.num_users()), 0);
        answer.mutable_ready()->set_protocol(protocol);
        *answer.mutable_ready()->mutable_spec() = hello.spec();
      } else if (message.has_step()) {
        const auto step = static_cast<int>(message.step().sequence());
        if (step > 0 && step == break_at.exchange(step == break_at ? -1 : break_at.load())) {
          return {grpc::StatusCode::UNAVAILABLE, "the server has a cold"};
        }
        while (step == hang_at && !stop && !context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
        Step(step, counts, *answer.mutable_stepped());
      } else {
        return grpc::Status::OK;
      }
      if (!stream->Write(answer)) break;
    }
    return grpc::Status::OK;
  }

 private:
  static std::string Bytes(const std::vector<float>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
  }
  static void Step(int step, std::vector<float>& counts, v1::FromEnvironment::Stepped& stepped) {
    const size_t users = counts.size();
    stepped.set_sequence(static_cast<uint64_t>(step));
    if (step > 0) {
      for (float& count : counts) ++count;
      const bool ends = counts[0] == 3;
      stepped.set_response(Bytes(std::vector<float>(users, 1)));
      stepped.set_reward(Bytes(std::vector<float>(users, 0.5f)));
      stepped.set_terminated(std::string(users, ends ? '\1' : '\0'));
      stepped.set_truncated(std::string(users, '\0'));
      if (ends) stepped.set_next_observation(Bytes(counts));
      if (ends) counts.assign(users, 0);
    }
    stepped.set_observation(Bytes(counts));
  }
};

class RemoteEnvironmentTest : public ::testing::Test {
 protected:
  RemoteEnvironmentTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    options_.address = absl::StrCat("127.0.0.1:", port_);
    options_.spec = {.user_features = 1, .num_candidates = 2, .response = {"click"}};
    options_.step_timeout_seconds = 60;
  }
  ~RemoteEnvironmentTest() override {
    service_.stop = true;
    server_->Shutdown(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  }

  std::unique_ptr<Scenario> Make(ExternalHooks hooks = {}) {
    hooks.connect = ConnectToEnvironment;
    return MakeWorld(options_, hooks);
  }

  CountingService service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  ExternalOptions options_;
};

TEST_F(RemoteEnvironmentTest, IsStepped) {
  const auto environment = Make()->MakeEnvironment(3, 0);
  StepBuffer step(environment->spec(), 3);
  step.Reset(*environment);
  for (int t = 1; t <= 9; ++t) {
    ASSERT_TRUE(step.Step(*environment).ok());
    const float led_to = static_cast<float>((t - 1) % 3 + 1);
    EXPECT_THAT(step.next_observation, ::testing::Each(led_to));
    EXPECT_THAT(step.terminated, ::testing::Each(led_to == 3 ? 1 : 0));
    step.Advance();
    EXPECT_THAT(step.observation, ::testing::Each(led_to == 3 ? 0 : led_to));
  }
}

TEST_F(RemoteEnvironmentTest, ConnectsAgainWhereTheStreamBreaks) {
  const auto record = std::make_shared<ProgramRecord>();
  service_.break_at = 4;
  const auto environment = Make({.record = record})->MakeEnvironment(3, 0);
  StepBuffer step(environment->spec(), 3);
  step.Reset(*environment);
  absl::Status status;
  while (status.ok()) {
    status = step.Step(*environment);
    step.Advance();
  }
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(record->snapshot().last_error, HasSubstr("the server has a cold"));
  EXPECT_EQ(environment->positions()[0].stream, 3u);
  EXPECT_TRUE(step.Step(*environment).ok());
}

TEST_F(RemoteEnvironmentTest, ThatHangsIsGivenUp) {
  options_.step_timeout_seconds = 0.5;
  options_.max_restarts = 0;
  service_.hang_at = 2;
  const auto environment = Make()->MakeEnvironment(3, 0);
  StepBuffer step(environment->spec(), 3);
  step.Reset(*environment);
  absl::Status status;
  while (status.ok()) status = step.Step(*environment);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("the environment at ", options_.address)));
}

TEST_F(RemoteEnvironmentTest, OfAnotherProtocolIsRefused) {
  service_.protocol = 7;
  const auto environment = Make()->MakeEnvironment(3, 0);
  StepBuffer step(environment->spec(), 3);
  step.Reset(*environment);
  const absl::Status status = step.Step(*environment);
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("it speaks protocol 7, want 1"));
}

TEST_F(RemoteEnvironmentTest, ThatIsNotThereIsNamed) {
  server_->Shutdown();
  options_.start_timeout_seconds = 0.3;
  const auto environment = Make()->MakeEnvironment(3, 0);
  StepBuffer step(environment->spec(), 3);
  step.Reset(*environment);
  const absl::Status status = step.Step(*environment);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("for a connection to the environment"));
}

TEST_F(RemoteEnvironmentTest, ThatIsNoAddressIsRefused) {
  options_.address = "nonsense";
  EXPECT_THAT(std::string(ConnectToEnvironment(options_).status().message()), HasSubstr("address 'nonsense': "));
}

// The server of the Python package.
TEST(PythonServerTest, KeepsItsPromises) {
  if (system("python3 -c 'import numpy, grpc' 2> /dev/null") != 0) GTEST_SKIP() << "python3 has no numpy or no grpc";
  const testing::TempFolder folder;
  ExternalOptions options = testing::WorldOptions("good");
  options.address = "unix:" + folder.Path("world");
  const auto words = CommandWords(absl::StrCat(options.command, " --address ", options.address));
  ASSERT_TRUE(words.ok());
  const auto server = Child::Start(*words);
  ASSERT_TRUE(server.ok()) << server.status();
  options.command.clear();
  const auto findings = ExamineEnvironment(options, {.steps = 40, .users = 6}, {.connect = ConnectToEnvironment});
  (*server)->Kill();
  ASSERT_TRUE(findings.ok()) << findings.status();
  for (const ConformanceFinding& finding : *findings) EXPECT_EQ(finding.trouble, "") << finding.promise;
}

}  // namespace
}  // namespace recbots

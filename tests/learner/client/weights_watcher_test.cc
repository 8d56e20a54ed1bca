#include "learner/client/weights_watcher.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "common/base/crc32c.h"
#include "common/base/instant.h"
#include "tests/learner/service/test_learner.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using testing::ConfigurationWith;
using ::testing::HasSubstr;
using testing::RandomPayload;
using testing::Soon;
using testing::TestLearner;

std::unique_ptr<WeightsWatcher> StartWatcher(
    const std::string& address, const std::string& name = "test", int64_t num_streams = 0,
    const v1::ExperimentIdentity& configuration = TestLearner::Configuration()) {
  return WeightsWatcher::Start(
      {.address = address, .worker_name = name, .configuration = configuration, .num_streams = num_streams});
}

TEST(WeightsWatcherTest, GetsTheCurrentVersionThenNewerOnes) {
  TestLearner learner;
  learner.store.Publish("one", {.updates = 20, .env_steps = 100});
  const auto watcher = StartWatcher(learner.server->address());
  auto weights = watcher->AwaitNewer(nullptr, Soon());
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_EQ((*weights)->payload, "one");
  EXPECT_EQ((*weights)->header.updates(), 20);
  EXPECT_EQ(watcher->worker_index(), 0);
  EXPECT_TRUE(watcher->connected());
  EXPECT_LT(watcher->age(), absl::InfiniteDuration());
  for (int version = 2; version <= 20; ++version) {
    learner.store.Publish(std::to_string(version), {});
    weights = watcher->AwaitNewer(*weights, Soon());
    ASSERT_TRUE(weights.ok()) << weights.status();
    EXPECT_EQ((*weights)->header.version(), version);
    EXPECT_EQ((*weights)->payload, std::to_string(version));
  }
  EXPECT_TRUE(watcher->status().ok());
  EXPECT_EQ(watcher->newest(), *weights);
}

TEST(WeightsWatcherTest, LargePayloadsArriveWhole) {
  TestLearner learner;
  const auto watcher = StartWatcher(learner.server->address());
  std::shared_ptr<const Weights> have;
  for (const size_t bytes : {size_t{4} << 20, (size_t{4} << 20) + 1, size_t{0}, size_t{20} << 20}) {
    const std::string payload = RandomPayload(bytes, static_cast<uint32_t>(bytes));
    learner.store.Publish(payload, {});
    const auto weights = watcher->AwaitNewer(have, Soon());
    ASSERT_TRUE(weights.ok()) << weights.status();
    EXPECT_TRUE((*weights)->payload == payload) << bytes;
    have = *weights;
  }
}

TEST(WeightsWatcherTest, WaitsForALearnerThatComesLater) {
  std::string address;
  {
    const TestLearner gone;
    address = gone.server->address();
  }
  const auto watcher = StartWatcher(address);
  const absl::Status early = watcher->AwaitNewer(nullptr, Instant::Now() + absl::Milliseconds(50)).status();
  EXPECT_EQ(early.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(early.message()), AllOf(HasSubstr(address), HasSubstr("away")));
  EXPECT_EQ(watcher->age(), absl::InfiniteDuration());
  EXPECT_EQ(watcher->worker_index(), -1);
  TestLearner learner(address);
  learner.store.Publish("late", {});
  const auto weights = watcher->AwaitNewer(nullptr, Soon());
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_EQ((*weights)->payload, "late");
}

TEST(WeightsWatcherTest, FollowsALearnerThatWasRestartedAndCountsAnew) {
  auto learner = std::make_unique<TestLearner>();
  const std::string address = learner->server->address();
  for (int i = 0; i < 5; ++i) learner->store.Publish("old", {});
  const auto watcher = StartWatcher(address);
  const auto old_weights = watcher->AwaitNewer(nullptr, Soon());
  ASSERT_TRUE(old_weights.ok()) << old_weights.status();
  EXPECT_EQ((*old_weights)->header.version(), 5);

  learner = nullptr;
  EXPECT_EQ(watcher->newest(), *old_weights);  // Still there to act with.
  learner = std::make_unique<TestLearner>(address);
  learner->store.Publish("new", {});
  const auto new_weights = watcher->AwaitNewer(*old_weights, Soon());
  ASSERT_TRUE(new_weights.ok()) << new_weights.status();
  EXPECT_EQ((*new_weights)->header.version(), 1);
  EXPECT_EQ((*new_weights)->payload, "new");
  EXPECT_NE((*new_weights)->header.incarnation(), (*old_weights)->header.incarnation());
}

// The users it plays are there: another learner gives their streams to no other actor, and it asks for no new ones.
TEST(WeightsWatcherTest, KeepsItsStreamsOverALearnersRestart) {
  auto learner = std::make_unique<TestLearner>();
  const std::string address = learner->server->address();
  learner->store.Publish("old", {});
  StartWatcher(address, "before", 10)->AwaitNewer(nullptr, Soon()).status().IgnoreError();
  const auto watcher = StartWatcher(address, "test", 64);
  const auto weights = watcher->AwaitNewer(nullptr, Soon());
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_EQ(watcher->first_stream(), 10);

  learner = nullptr;
  learner =
      std::make_unique<TestLearner>(address, WeightsServiceOptions{.places = {.veterans_first = absl::ZeroDuration()}});
  learner->store.Publish("new", {});
  ASSERT_TRUE(watcher->AwaitNewer(*weights, Soon()).ok());
  EXPECT_EQ(watcher->first_stream(), 10);
  const auto late = StartWatcher(address, "late", 1);
  ASSERT_TRUE(late->AwaitNewer(nullptr, Soon()).ok());
  EXPECT_EQ(late->first_stream(), 74) << "behind those that somebody still has";
}

TEST(WeightsWatcherTest, AsksForOtherStreamsAndKeepsItsWeights) {
  TestLearner learner;
  learner.store.Publish("one", {});
  const auto watcher = StartWatcher(learner.server->address(), "test", 64);
  const auto weights = watcher->AwaitNewer(nullptr, Soon());
  ASSERT_TRUE(weights.ok()) << weights.status();
  int64_t first = *watcher->first_stream();
  for (int i = 0; i < 20; ++i) {
    watcher->AskForStreams();
    const Instant deadline = Soon();
    while (!watcher->first_stream().has_value() && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
    ASSERT_TRUE(watcher->first_stream().has_value());
    EXPECT_GE(*watcher->first_stream(), first + 64) << "streams that nobody has had";
    first = *watcher->first_stream();
    EXPECT_EQ(watcher->newest(), *weights);
  }
  EXPECT_TRUE(watcher->status().ok());
}

TEST(WeightsWatcherTest, AnotherConfigurationEndsTheWatchWithin5Seconds) {
  TestLearner learner;
  learner.store.Publish("w", {});
  const auto watcher = StartWatcher(learner.server->address(), "stranger", 0, ConfigurationWith("4"));
  const absl::Status status = watcher->AwaitNewer(nullptr, Instant::Now() + absl::Seconds(5)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("algorithm.wolpertinger.k: 4 of stranger, 5 of the learner"));
  EXPECT_EQ(watcher->status(), status);
}

TEST(WeightsWatcherTest, GivesUpOnALearnerThatStaysAway) {
  std::string address;
  {
    const TestLearner gone;
    address = gone.server->address();
  }
  const auto watcher = WeightsWatcher::Start({.address = address, .retry = {.give_up_after = absl::ZeroDuration()}});
  const absl::Status status = watcher->AwaitNewer(nullptr, Soon()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("learner at " + address), HasSubstr("was away")));
}

TEST(WeightsWatcherTest, StopWakesWaitersAndReleasesTheIndex) {
  TestLearner learner;
  const auto watcher = StartWatcher(learner.server->address());
  absl::Status woken;
  {
    Thread waiter("waiter", [&] { woken = watcher->AwaitNewer(nullptr, Instant::InfiniteFuture()).status(); });
    watcher->Stop();
    watcher->Stop();
  }
  EXPECT_EQ(woken.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(watcher->status().code(), absl::StatusCode::kCancelled);
  learner.store.Publish("w", {});
  const auto next = StartWatcher(learner.server->address());
  ASSERT_TRUE(next->AwaitNewer(nullptr, Soon()).ok());
}

TEST(WeightsWatcherTest, StopsAtAnyMoment) {
  TestLearner learner;
  learner.store.Publish(RandomPayload(size_t{4} << 20), {});
  for (int i = 0; i < 50; ++i) StartWatcher(learner.server->address());
}

// Sends each version twice: first with a byte changed on the way, and, on the next stream, as it is.
class CorruptingService : public v1::WeightsService::Service {
 public:
  grpc::Status Watch(grpc::ServerContext*, const v1::WatchRequest*,
                     grpc::ServerWriter<v1::WeightsChunk>* writer) override {
    v1::WeightsChunk chunk;
    chunk.set_payload("weights");
    chunk.mutable_header()->set_version(3);
    chunk.mutable_header()->set_payload_bytes(7);
    chunk.mutable_header()->set_crc32c(Crc32c("weights"));
    chunk.set_last_part(true);
    if (streams++ == 0) (*chunk.mutable_payload())[2] ^= 1;
    writer->Write(chunk);
    return {grpc::StatusCode::UNAVAILABLE, "enough"};
  }
  std::atomic<int> streams{0};
};

TEST(WeightsWatcherTest, RefusesAWrongChecksumAndFetchesAgain) {
  CorruptingService service;
  auto server = RpcServer::Start({}, {&service});
  ASSERT_TRUE(server.ok()) << server.status();
  const auto watcher = StartWatcher((*server)->address());
  const auto weights = watcher->AwaitNewer(nullptr, Soon());
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_EQ((*weights)->payload, "weights");
  EXPECT_GE(service.streams, 2);
}

}  // namespace
}  // namespace recbots

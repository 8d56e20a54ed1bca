// The service alone, seen by a plain gRPC client.
#include "learner/service/weights_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/instant.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "learner/client/weights_assembler.h"
#include "tests/learner/service/test_learner.h"

namespace recbots {
namespace {

using testing::ConfigurationWith;
using ::testing::HasSubstr;
using testing::RandomPayload;
using testing::Soon;
using testing::TestLearner;

// A watcher that reads only when told.
class ManualWatcher {
 public:
  explicit ManualWatcher(const std::string& address, v1::WorkerRole role = v1::WORKER_ROLE_ACTOR,
                         int64_t have_version = 0)
      : ManualWatcher(address, MakeRequest(role, have_version)) {}
  ManualWatcher(const std::string& address, const v1::WatchRequest& request)
      : stub_(v1::WeightsService::NewStub(MakeChannel(address))) {
    context_.set_deadline(ToGrpcDeadline(Soon()));
    reader_ = stub_->Watch(&context_, request);
  }
  static v1::WatchRequest MakeRequest(v1::WorkerRole role = v1::WORKER_ROLE_ACTOR, int64_t have_version = 0) {
    v1::WatchRequest request;
    request.set_role(role);
    request.set_worker_name("manual");
    request.set_have_version(have_version);
    *request.mutable_configuration() = TestLearner::Configuration();
    return request;
  }
  static v1::WatchRequest AskForStreams(int64_t num_streams, int64_t streams_below = 0) {
    v1::WatchRequest request = MakeRequest();
    request.set_num_streams(num_streams);
    request.set_streams_below(streams_below);
    return request;
  }
  ~ManualWatcher() {
    if (reader_ != nullptr) End();
  }

  bool ReadChunk(v1::WeightsChunk& chunk) { return reader_->Read(&chunk); }

  // Reads on to the end of a version; its header, or one of version 0 when the stream ended.
  v1::WeightsHeader ReadVersion() {
    v1::WeightsChunk chunk;
    while (ReadChunk(chunk)) {
      const auto complete = assembler_.Add(chunk);
      EXPECT_TRUE(complete.ok()) << complete.status();
      if (!complete.ok()) break;
      if (complete->has_value()) return (*complete)->header;
    }
    return {};
  }

  grpc::Status End() {
    context_.TryCancel();
    return Finish();
  }
  grpc::Status Finish() {
    const grpc::Status status = reader_->Finish();
    reader_ = nullptr;
    return status;
  }

 private:
  std::unique_ptr<v1::WeightsService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WeightsChunk>> reader_;
  WeightsAssembler assembler_{int64_t{1} << 30};
};

// Waits until that many streams of the role are open.
void AwaitWatchers(const WeightsService& service, v1::WorkerRole role, int want) {
  const Instant deadline = Soon();
  while (service.num_watchers(role) != want && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
  ASSERT_EQ(service.num_watchers(role), want);
}

TEST(WeightsServiceTest, AWatcherGetsTheCurrentVersionAtOnceAndThenNewerOnes) {
  TestLearner learner;
  learner.store.Publish("one", {});
  learner.store.Publish("two", {.updates = 40});
  ManualWatcher watcher(learner.server->address());
  const v1::WeightsHeader header = watcher.ReadVersion();
  EXPECT_EQ(header.version(), 2);
  EXPECT_EQ(header.updates(), 40);
  EXPECT_EQ(header.incarnation(), learner.store.incarnation());
  learner.store.Publish("three", {});
  EXPECT_EQ(watcher.ReadVersion().version(), 3);
}

TEST(WeightsServiceTest, AVersionThatIsHeldIsNotSentAgain) {
  TestLearner learner;
  learner.store.Publish("one", {});
  ManualWatcher watcher(learner.server->address(), v1::WORKER_ROLE_ACTOR, /*have_version=*/1);
  AwaitWatchers(learner.service, v1::WORKER_ROLE_ACTOR, 1);
  learner.store.Publish("two", {});
  EXPECT_EQ(watcher.ReadVersion().version(), 2);
}

TEST(WeightsServiceTest, AVersionFromAnEarlierLearnerCountsAsNone) {
  TestLearner learner;
  learner.store.Publish("one", {});
  ManualWatcher watcher(learner.server->address(), v1::WORKER_ROLE_ACTOR, /*have_version=*/1000);
  EXPECT_EQ(watcher.ReadVersion().version(), 1);
}

// 60 versions of 4 MB while one watcher reads nothing: flow control stops its stream after a few MB.
TEST(WeightsServiceTest, ASlowWatcherSkipsVersionsAndDelaysNobody) {
  TestLearner learner;
  constexpr int kVersions = 60;
  constexpr size_t kBytes = size_t{4} << 20;
  ManualWatcher slow(learner.server->address());
  ManualWatcher quick(learner.server->address());
  AwaitWatchers(learner.service, v1::WORKER_ROLE_ACTOR, 2);
  for (int i = 1; i <= kVersions; ++i) {
    learner.store.Publish(RandomPayload(kBytes, static_cast<uint32_t>(i)), {});
    EXPECT_EQ(quick.ReadVersion().version(), i);
  }
  int received = 0;
  int64_t last = 0;
  while (last < kVersions) {
    const int64_t version = slow.ReadVersion().version();
    ASSERT_GT(version, last);
    last = version;
    ++received;
  }
  EXPECT_EQ(last, kVersions);
  EXPECT_LT(received, kVersions / 2);
}

TEST(WeightsServiceTest, IndicesAreTheSmallestFreeOnesOfEachRole) {
  TestLearner learner;
  learner.store.Publish("w", {});
  const std::string& address = learner.server->address();
  std::vector<std::unique_ptr<ManualWatcher>> actors;
  for (int i = 0; i < 4; ++i) {
    actors.push_back(std::make_unique<ManualWatcher>(address));
    EXPECT_EQ(actors.back()->ReadVersion().worker_index(), i);
  }
  ManualWatcher evaluator(address, v1::WORKER_ROLE_EVALUATOR);
  EXPECT_EQ(evaluator.ReadVersion().worker_index(), 0);
  EXPECT_EQ(learner.service.num_watchers(v1::WORKER_ROLE_EVALUATOR), 1);

  actors[1] = nullptr;
  actors[2] = nullptr;
  AwaitWatchers(learner.service, v1::WORKER_ROLE_ACTOR, 2);
  for (const int want : {1, 2, 4}) {
    actors.push_back(std::make_unique<ManualWatcher>(address));
    EXPECT_EQ(actors.back()->ReadVersion().worker_index(), want);
  }
  const std::vector<WatcherInfo> watchers = learner.service.watchers();
  ASSERT_EQ(watchers.size(), 6u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(watchers[static_cast<size_t>(i)].worker_index, i);
  EXPECT_EQ(watchers[5].role, v1::WORKER_ROLE_EVALUATOR);
  EXPECT_EQ(watchers[0].worker_name, "manual");
}

// Streams of 64 users for each actor, given away once.
TEST(WeightsServiceTest, EveryActorGetsStreamsOfItsOwn) {
  TestLearner learner("127.0.0.1:0", {.places = {.veterans_first = absl::ZeroDuration()}});
  learner.store.Publish("w", {});
  const std::string& address = learner.server->address();
  for (const int64_t want : {0, 64, 128}) {
    ManualWatcher actor(address, ManualWatcher::AskForStreams(64));
    EXPECT_EQ(actor.ReadVersion().first_stream(), want);
    learner.store.Publish("w", {});
    EXPECT_EQ(actor.ReadVersion().first_stream(), want) << "the same with every version of a stream";
  }
  ManualWatcher evaluator(address, v1::WORKER_ROLE_EVALUATOR);
  EXPECT_FALSE(evaluator.ReadVersion().has_first_stream());
  // One that has streams already, from a learner before this one: they are not given away again.
  ManualWatcher veteran(address, ManualWatcher::AskForStreams(0, /*streams_below=*/5000));
  EXPECT_FALSE(veteran.ReadVersion().has_first_stream());
  ManualWatcher next(address, ManualWatcher::AskForStreams(10));
  EXPECT_EQ(next.ReadVersion().first_stream(), 5000);
}

TEST(WeightsServiceTest, AnActorWaitsUntilItIsKnownWhichStreamsAreFree) {
  const std::unique_ptr<StreamLedger> ledger = StreamLedger::Create({}).value();
  TestLearner learner("127.0.0.1:0", {.streams = ledger.get(), .places = {.veterans_first = absl::ZeroDuration()}});
  learner.store.Publish("w", {});
  ManualWatcher actor(learner.server->address(), ManualWatcher::AskForStreams(64));
  ManualWatcher evaluator(learner.server->address(), v1::WORKER_ROLE_EVALUATOR);
  EXPECT_EQ(evaluator.ReadVersion().version(), 1) << "plays no users of the run, and need not wait";
  AwaitWatchers(learner.service, v1::WORKER_ROLE_ACTOR, 1);
  EXPECT_EQ(learner.service.watchers()[0].sent_version, 0);
  learner.store.Publish("w", {});
  ledger->Open(1000);
  const v1::WeightsHeader header = actor.ReadVersion();
  EXPECT_EQ(header.version(), 2);
  EXPECT_EQ(header.first_stream(), 1000);
}

// An actor as a process: it has an instance, and after its first weights streams and an index that it states again.
v1::WatchRequest Veteran(uint64_t instance, const v1::WeightsHeader& had) {
  v1::WatchRequest request = ManualWatcher::AskForStreams(0, had.first_stream() + 64);
  request.set_instance(instance);
  request.set_streams_held(64);
  request.set_worker_index(had.worker_index());
  return request;
}
v1::WatchRequest Newcomer(uint64_t instance) {
  v1::WatchRequest request = ManualWatcher::AskForStreams(64);
  request.set_instance(instance);
  return request;
}

TEST(WeightsServiceTest, AnIndexIsKeptForAWorkerWhoseStreamBroke) {
  std::atomic<uint64_t> gone{0};
  WeightsServiceOptions options;
  options.places.keep_index = absl::Hours(1);
  options.places.gone = [&gone](uint64_t instance) { return instance == gone; };
  TestLearner learner("127.0.0.1:0", options);
  learner.store.Publish("w", {});
  const std::string& address = learner.server->address();
  auto first = std::make_unique<ManualWatcher>(address, Newcomer(1));
  const v1::WeightsHeader had = first->ReadVersion();
  EXPECT_EQ(had.worker_index(), 0);
  first = nullptr;
  AwaitWatchers(learner.service, v1::WORKER_ROLE_ACTOR, 0);
  ManualWatcher other(address, Newcomer(2));
  EXPECT_EQ(other.ReadVersion().worker_index(), 1) << "0 belongs to one that may come back";
  first = std::make_unique<ManualWatcher>(address, Veteran(1, had));
  EXPECT_EQ(first->ReadVersion().worker_index(), 0);
  first = nullptr;
  AwaitWatchers(learner.service, v1::WORKER_ROLE_ACTOR, 1);
  gone = 1;
  ManualWatcher next(address, Newcomer(3));
  EXPECT_EQ(next.ReadVersion().worker_index(), 0) << "it has said goodbye";
}

TEST(WeightsServiceTest, AnIndexIsNotKeptForEver) {
  TestLearner learner("127.0.0.1:0", {.places = {.keep_index = absl::ZeroDuration()}});
  learner.store.Publish("w", {});
  const std::string& address = learner.server->address();
  auto first = std::make_unique<ManualWatcher>(address, Newcomer(1));
  const v1::WeightsHeader had = first->ReadVersion();
  first = nullptr;
  AwaitWatchers(learner.service, v1::WORKER_ROLE_ACTOR, 0);
  ManualWatcher next(address, Newcomer(2));
  EXPECT_EQ(next.ReadVersion().worker_index(), 0);
  ManualWatcher late(address, Veteran(1, had));
  EXPECT_EQ(late.ReadVersion().worker_index(), 1) << "somebody else has it by now";
}

// A process whose connection is dead at the learner's end only.
TEST(WeightsServiceTest, ASecondStreamOfAProcessHasItsIndex) {
  TestLearner learner;
  learner.store.Publish("w", {});
  const std::string& address = learner.server->address();
  ManualWatcher first(address, Newcomer(1));
  const v1::WeightsHeader had = first.ReadVersion();
  ManualWatcher again(address, Veteran(1, had));
  EXPECT_EQ(again.ReadVersion().worker_index(), had.worker_index());
}

// Three actors, and the learner is restarted while they live; a fourth one is quicker than all of them.
TEST(WeightsServiceTest, ARestartedLearnerGivesNoIndexAndNoStreamThatALivingActorHas) {
  std::vector<v1::WeightsHeader> had;
  int64_t reserved = 0;
  {
    const std::unique_ptr<StreamLedger> ledger = StreamLedger::Create({.block = 0}).value();
    ledger->Open(0);
    TestLearner learner("127.0.0.1:0", {.streams = ledger.get()});
    learner.store.Publish("w", {});
    std::vector<std::unique_ptr<ManualWatcher>> actors;
    for (const uint64_t instance : {1, 2, 3}) {
      actors.push_back(std::make_unique<ManualWatcher>(learner.server->address(), Newcomer(instance)));
      had.push_back(actors.back()->ReadVersion());
    }
    reserved = ledger->reserved_below();
  }
  const std::unique_ptr<StreamLedger> ledger = StreamLedger::Create({.block = 0}).value();
  ledger->Open(reserved);  // As replay, or the file of the run, remembers.
  TestLearner learner("127.0.0.1:0", {.streams = ledger.get(), .places = {.veterans_first = absl::Milliseconds(300)}});
  learner.store.Publish("w", {});
  const std::string& address = learner.server->address();
  const Instant began = Instant::Now();
  ManualWatcher newcomer(address, Newcomer(4));
  AwaitWatchers(learner.service, v1::WORKER_ROLE_ACTOR, 1);
  std::vector<std::unique_ptr<ManualWatcher>> actors;
  for (const uint64_t instance : {3, 1, 2}) {  // In any order.
    const v1::WeightsHeader& before = had[instance - 1];
    actors.push_back(std::make_unique<ManualWatcher>(address, Veteran(instance, before)));
    const v1::WeightsHeader now = actors.back()->ReadVersion();
    EXPECT_EQ(now.worker_index(), before.worker_index()) << instance;
    EXPECT_FALSE(now.has_first_stream()) << "it keeps those that it has";
  }
  while (Instant::Now() - began < absl::Milliseconds(300)) absl::SleepFor(absl::Milliseconds(5));
  learner.service.Wake();
  const v1::WeightsHeader fresh = newcomer.ReadVersion();
  EXPECT_EQ(fresh.worker_index(), 3);
  EXPECT_EQ(fresh.first_stream(), 192);
}

TEST(WeightsServiceTest, NobodyWaitsForVeteransWhereThereAreNone) {
  TestLearner learner("127.0.0.1:0", {.places = {.veterans_first = absl::Hours(1)}});
  learner.store.Publish("w", {});
  ManualWatcher newcomer(learner.server->address(), Newcomer(1));
  EXPECT_EQ(newcomer.ReadVersion().first_stream(), 0);
}

// Learner and replay have both lost all memory while an actor lives: its streams are given to another one before it is
// back.
TEST(WeightsServiceTest, AnActorWhoseStreamsWereForgottenAndGivenAwayIsRefused) {
  TestLearner learner;
  learner.store.Publish("w", {});
  const std::string& address = learner.server->address();
  ManualWatcher other(address, Newcomer(2));
  EXPECT_EQ(other.ReadVersion().first_stream(), 0);
  v1::WeightsHeader had;  // By the grace of an earlier learner: streams 0..63, index 0.
  had.set_first_stream(0);
  ManualWatcher forgotten(address, Veteran(1, had));
  EXPECT_EQ(forgotten.ReadVersion().version(), 0);
  const grpc::Status status = forgotten.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(),
            "random streams 0..63 of manual now belong to manual as well: the learner had forgotten them; start the "
            "process again");
  had.set_first_stream(64);
  ManualWatcher lucky(address, Veteran(3, had));
  EXPECT_EQ(lucky.ReadVersion().version(), 1);
  ManualWatcher same(address, Veteran(2, {}));
  EXPECT_EQ(same.ReadVersion().version(), 1) << "they are its own";
}

TEST(WeightsServiceTest, AnotherConfigurationIsRefusedAndWhatDiffersNamed) {
  TestLearner learner;
  v1::WatchRequest request = ManualWatcher::MakeRequest();
  *request.mutable_configuration() = ConfigurationWith("4");
  ManualWatcher watcher(learner.server->address(), request);
  EXPECT_EQ(watcher.ReadVersion().version(), 0);
  const grpc::Status status = watcher.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(),
            "the configuration of manual is not that of the learner: algorithm.wolpertinger.k: 4 of manual, 5 of the "
            "learner");
  request.clear_configuration();
  ManualWatcher silent(learner.server->address(), request);
  EXPECT_THAT(silent.Finish().error_message(), HasSubstr("manual does not say its configuration"));
  EXPECT_EQ(learner.service.num_watchers(v1::WORKER_ROLE_ACTOR), 0);
}

TEST(WeightsServiceTest, WhoLooksOnGetsEveryVersionAndIsNotCounted) {
  TestLearner learner;
  v1::WatchRequest request;
  request.set_worker_name("notebook");
  ManualWatcher onlooker(learner.server->address(), request);
  learner.store.Publish("one", {});
  const v1::WeightsHeader first = onlooker.ReadVersion();
  EXPECT_EQ(first.version(), 1);
  EXPECT_EQ(first.worker_index(), -1);
  ManualWatcher actor(learner.server->address());
  EXPECT_EQ(actor.ReadVersion().worker_index(), 0) << "the onlooker has none";
  learner.store.Publish("two", {});
  EXPECT_EQ(onlooker.ReadVersion().version(), 2);
  ASSERT_EQ(learner.service.watchers().size(), 1u);
  EXPECT_EQ(learner.service.watchers()[0].role, v1::WORKER_ROLE_ACTOR);
  onlooker.End();
  actor.End();
  AwaitWatchers(learner.service, v1::WORKER_ROLE_ACTOR, 0);
  ManualWatcher next(learner.server->address());
  EXPECT_EQ(next.ReadVersion().worker_index(), 0);
}

TEST(WeightsServiceTest, WhoLooksOnOfAnotherConfigurationIsRefused) {
  TestLearner learner;
  v1::WatchRequest request;
  request.set_worker_name("notebook");
  *request.mutable_configuration() = ConfigurationWith("77");
  ManualWatcher onlooker(learner.server->address(), request);
  EXPECT_EQ(onlooker.Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST(WeightsServiceTest, MalformedRequestsAreRefused) {
  TestLearner learner;
  const std::string& address = learner.server->address();
  v1::WatchRequest takes_part = ManualWatcher::AskForStreams(3);
  takes_part.clear_role();
  ManualWatcher no_role(address, takes_part);
  EXPECT_EQ(no_role.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  ManualWatcher strange_role(address, static_cast<v1::WorkerRole>(77));
  EXPECT_EQ(strange_role.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  ManualWatcher negative(address, v1::WORKER_ROLE_ACTOR, -1);
  EXPECT_EQ(negative.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  for (const auto& [streams, below] :
       {std::pair{int64_t{-1}, int64_t{0}}, {(int64_t{1} << 20) + 1, 0}, {0, -1}, {0, (int64_t{1} << 31) + 1}}) {
    ManualWatcher greedy(address, ManualWatcher::AskForStreams(streams, below));
    EXPECT_EQ(greedy.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << streams << ' ' << below;
  }
  for (const auto& [index, held] : {std::pair{-1, int64_t{0}}, {1 << 20, 0}, {0, -1}, {0, 65}}) {
    v1::WatchRequest wrong = ManualWatcher::AskForStreams(0, /*streams_below=*/64);
    wrong.set_worker_index(index);
    wrong.set_streams_held(held);
    ManualWatcher liar(address, wrong);
    EXPECT_EQ(liar.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << index << ' ' << held;
  }
  v1::WatchRequest request = ManualWatcher::MakeRequest();
  request.mutable_configuration()->set_fingerprint(1);
  ManualWatcher liar(address, request);
  EXPECT_EQ(liar.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(WeightsServiceTest, DrainEndsOpenStreamsAndRefusesNewOnes) {
  TestLearner learner;
  learner.store.Publish("w", {});
  ManualWatcher watcher(learner.server->address());
  EXPECT_EQ(watcher.ReadVersion().version(), 1);
  learner.service.Drain();
  learner.service.Drain();
  EXPECT_EQ(watcher.ReadVersion().version(), 0);
  EXPECT_EQ(watcher.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  ManualWatcher late(learner.server->address());
  EXPECT_EQ(late.ReadVersion().version(), 0);
  EXPECT_EQ(late.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(WeightsServiceTest, ShutsDownWithStreamsOpenAlsoWhenNobodyReads) {
  auto learner = std::make_unique<TestLearner>();
  learner->store.Publish(RandomPayload(size_t{16} << 20), {});
  ManualWatcher stuck(learner->server->address());
  ManualWatcher other(learner->server->address(), v1::WORKER_ROLE_EVALUATOR);
  v1::WeightsChunk chunk;
  ASSERT_TRUE(stuck.ReadChunk(chunk));
  learner->store.Publish(RandomPayload(size_t{16} << 20), {});
  learner = nullptr;  // Would hang, or fail the service's check, if a stream stayed.
}

}  // namespace
}  // namespace recbots

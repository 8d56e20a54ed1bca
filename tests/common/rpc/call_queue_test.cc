// Servers on threads of our own: calls of every shape, their ends, and health.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/rpc_server.h"
#include "common/rpc/unary_call.h"
#include "recbots/v1/replay.grpc.pb.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

Instant Soon() { return Instant::Now() + absl::Seconds(20); }

// Sends back every message it reads, and ends when the caller does; counts its reactions.
class Echo final : public RpcCall::Handler {
 public:
  struct Counts {
    std::atomic<int> begun{0};
    std::atomic<int> cancelled{0};
    std::atomic<int> done{0};
  };

  Echo(RpcCall* call, Counts* counts) : call_(*call), counts_(*counts) {
    ++counts_.begun;
    call_.SetHandler(this);
    call_.Read(&message_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End();
    call_.Write(&message_);
  }
  void OnWriteDone(bool ok) override { ok ? call_.Read(&message_) : End(); }
  void OnCancel() override { ++counts_.cancelled; }  // What is under way comes back and ends it.
  void OnDone() override {
    ++counts_.done;
    delete this;
  }

 private:
  void End() { call_.Finish(grpc::Status::OK); }

  RpcCall& call_;
  Counts& counts_;
  grpc::ByteBuffer message_;
};

using InfoCall = UnaryCall<v1::InfoRequest, v1::InfoResponse>;

// Insert is an echo; Info answers, SetRateLimiter refuses; Checkpoint is answered by the test that asks for `waiting`.
class TestService final : public CallService {
 public:
  using CheckpointCall = UnaryCall<v1::CheckpointRequest, v1::CheckpointResponse>;

  bool Begin(RpcCall& call) override {
    if (call.method() == "/recbots.v1.ReplayService/Insert") {
      new Echo(&call, &echoes);
    } else if (call.method() == "/recbots.v1.ReplayService/Info") {
      InfoCall::Begin(call, [](const std::shared_ptr<InfoCall>& info) {
        v1::InfoResponse response;
        response.set_readers(77);
        info->Answer(response);
      });
    } else if (call.method() == "/recbots.v1.ReplayService/SetRateLimiter") {
      call.Finish(ToGrpcStatus(absl::PermissionDeniedError("not here")));
    } else if (call.method() == "/recbots.v1.ReplayService/Checkpoint") {
      CheckpointCall::Begin(call, [this](const std::shared_ptr<CheckpointCall>& checkpoint) {
        MutexLock lock(&mu);
        waiting.push_back(checkpoint);
      });
    } else {
      return false;
    }
    return true;
  }

  std::shared_ptr<CheckpointCall> AwaitCheckpointCall() {
    MutexLock lock(&mu);
    const auto there = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !waiting.empty(); };
    if (!mu.AwaitFor(there, absl::Seconds(20))) return nullptr;
    std::shared_ptr<CheckpointCall> call = std::move(waiting.back());
    waiting.pop_back();
    return call;
  }

  Echo::Counts echoes;
  Mutex mu;
  std::vector<std::shared_ptr<CheckpointCall>> waiting ABSL_GUARDED_BY(mu);
};

class CallQueueTest : public ::testing::TestWithParam<int> {
 protected:
  CallQueueTest() {
    auto server = RpcServer::Start({.max_message_bytes = 100'000, .threads = GetParam()}, service_);
    RECBOTS_CHECK_OK(server.status());
    server_ = *std::move(server);
    stub_ = v1::ReplayService::NewStub(MakeChannel(server_->address()));
  }

  std::unique_ptr<grpc::ClientContext> Context(Instant deadline = Soon()) const {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(ToGrpcDeadline(deadline));
    return context;
  }

  TestService service_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<v1::ReplayService::Stub> stub_;
};

TEST_P(CallQueueTest, AnswersAndRefusesCallsOfOneMessage) {
  v1::InfoResponse info;
  EXPECT_TRUE(stub_->Info(Context().get(), {}, &info).ok());
  EXPECT_EQ(info.readers(), 77);
  v1::SetRateLimiterResponse limiter;
  const grpc::Status refused = stub_->SetRateLimiter(Context().get(), {}, &limiter);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(refused.error_message(), "not here");
}

TEST_P(CallQueueTest, UnknownMethodsAreUnimplementedAndNamed) {
  v1::UpdatePrioritiesResponse response;
  const grpc::Status status = stub_->UpdatePriorities(Context().get(), {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(), HasSubstr("/recbots.v1.ReplayService/UpdatePriorities"));
}

TEST_P(CallQueueTest, RefusesWhatIsNoMessageOfTheTypeAndWhatIsTooLarge) {
  grpc::GenericStub stub(MakeChannel(server_->address()));
  for (const auto& [bytes, code] : {std::pair{std::string("\xff\xff"), grpc::StatusCode::INVALID_ARGUMENT},
                                    std::pair{std::string(200'000, 'x'), grpc::StatusCode::RESOURCE_EXHAUSTED}}) {
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::CompletionQueue queue;
    const auto context = Context();
    auto call = stub.PrepareUnaryCall(context.get(), "/recbots.v1.ReplayService/Info", request, &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue.Next(&tag, &ok));
    EXPECT_EQ(status.error_code(), code) << status.error_message();
  }
}

TEST_P(CallQueueTest, StreamsGoBothWaysAndEndWithTheirCaller) {
  constexpr int kStreams = 8;
  std::vector<std::unique_ptr<Thread>> callers;
  std::atomic<int> echoed{0};
  for (int i = 0; i < kStreams; ++i) {
    callers.push_back(std::make_unique<Thread>("caller", [&, i] {
      const auto context = Context();
      // An echo: what comes back is read as what it is not, but its unknown fields are all there.
      const auto stream = stub_->Insert(context.get());
      for (int message = 0; message < 100; ++message) {
        v1::InsertRequest request;
        request.mutable_hello()->set_writer_name(absl::StrCat(i, "/", message));
        if (!stream->Write(request)) return;
        v1::InsertAck back;
        if (!stream->Read(&back)) return;
        std::string sent;
        std::string received;
        request.SerializeToString(&sent);
        back.SerializeToString(&received);
        if (sent.size() == received.size()) ++echoed;
      }
      stream->WritesDone();
      EXPECT_TRUE(stream->Finish().ok());
    }));
  }
  callers.clear();
  server_->Stop();
  EXPECT_EQ(echoed, kStreams * 100);
  EXPECT_EQ(service_.echoes.begun, kStreams);
  EXPECT_EQ(service_.echoes.done, kStreams);
  EXPECT_EQ(service_.echoes.cancelled, 0);
}

// A caller may be gone before its call has begun: the end is told all the same, and once.
TEST_P(CallQueueTest, CallersThatGoAwayAtAnyMomentEndTheirCalls) {
  constexpr int kCalls = 200;
  for (int i = 0; i < kCalls; ++i) {
    const auto context = Context();
    const auto stream = stub_->Insert(context.get());
    v1::InsertRequest request;
    request.mutable_hello()->set_writer_name("x");
    if (i % 2 == 0) stream->Write(request);
    context->TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  server_->Stop();
  EXPECT_EQ(service_.echoes.done, service_.echoes.begun);
  EXPECT_EQ(service_.echoes.cancelled, service_.echoes.begun);
}

TEST_P(CallQueueTest, TheFirstAnswerCountsWhoeverGivesIt) {
  v1::CheckpointResponse response;
  grpc::Status status;
  {
    Thread caller("caller", [&] { status = stub_->Checkpoint(Context().get(), {}, &response); });
    const auto call = service_.AwaitCheckpointCall();
    ASSERT_NE(call, nullptr);
    v1::CheckpointResponse first;
    first.set_sequence(5);
    call->Answer(first);
    call->Answer(absl::InternalError("too late"));
  }
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.sequence(), 5);

  std::shared_ptr<TestService::CheckpointCall> abandoned;
  {
    Thread caller("caller", [&] {
      status = stub_->Checkpoint(Context(Instant::Now() + absl::Milliseconds(300)).get(), {}, &response);
    });
    abandoned = service_.AwaitCheckpointCall();
  }
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  server_->Stop();
  ASSERT_NE(abandoned, nullptr);
  abandoned->Answer(v1::CheckpointResponse());  // The call is over; this touches nothing of it.
}

TEST_P(CallQueueTest, StopEndsCallsThatWait) {
  std::vector<std::unique_ptr<Thread>> callers;
  std::atomic<int> ended{0};
  for (int i = 0; i < 4; ++i) {
    callers.push_back(std::make_unique<Thread>("caller", [&] {
      v1::CheckpointResponse response;
      if (!stub_->Checkpoint(Context().get(), {}, &response).ok()) ++ended;
    }));
    callers.push_back(std::make_unique<Thread>("caller", [&] {
      const auto context = Context();
      const auto stream = stub_->Insert(context.get());
      v1::InsertAck back;
      stream->Read(&back);
      if (!stream->Finish().ok()) ++ended;
    }));
  }
  for (int i = 0; i < 4; ++i) EXPECT_NE(service_.AwaitCheckpointCall(), nullptr);
  server_->Stop(absl::ZeroDuration());
  callers.clear();
  EXPECT_EQ(ended, 8);
  EXPECT_EQ(service_.echoes.done, service_.echoes.begun);
}

INSTANTIATE_TEST_SUITE_P(Threads, CallQueueTest, ::testing::Values(1, 3),
                         [](const auto& threads) { return absl::StrCat(threads.param); });

std::string HealthRequest(const std::string& service) {
  return service.empty() ? "" : absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service);
}

// One call of grpc.health.v1.Health by hand; of Watch, one answer after the other.
class HealthCaller {
 public:
  HealthCaller(const std::string& address, const std::string& method, const std::string& service)
      : stub_(MakeChannel(address)) {
    context_.set_deadline(ToGrpcDeadline(Soon()));
    call_ = stub_.PrepareCall(&context_, "/grpc.health.v1.Health/" + method, &queue_);
    call_->StartCall(nullptr);
    Await();
    const grpc::Slice slice(HealthRequest(service));
    call_->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
    Await();
  }
  ~HealthCaller() {
    queue_.Shutdown();
    while (Await()) {
    }
  }

  // The status of the next answer, -1: there is none.
  int Next() {
    grpc::ByteBuffer answer;
    call_->Read(&answer, nullptr);
    grpc::Slice bytes;
    if (!Await() || !answer.DumpToSingleSlice(&bytes).ok() || bytes.size() != 2) return -1;
    return bytes.begin()[0] == 0x08 ? bytes.begin()[1] : -1;
  }
  void Cancel() { context_.TryCancel(); }
  grpc::StatusCode End() {
    grpc::Status status;
    call_->Finish(&status, nullptr);
    Await();
    return status.error_code();
  }

 private:
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

TEST(HealthServiceTest, CheckTellsOfTheWholeServerOnly) {
  TestService service;
  auto server = RpcServer::Start({}, service);
  ASSERT_TRUE(server.ok()) << server.status();
  for (const int expected : {2, 1, 2}) {
    (*server)->SetServing(expected == 1);
    HealthCaller check((*server)->address(), "Check", "");
    EXPECT_EQ(check.Next(), expected);
    EXPECT_EQ(check.End(), grpc::StatusCode::OK);
  }
  HealthCaller unknown((*server)->address(), "Check", "recbots.v1.ReplayService");
  EXPECT_EQ(unknown.Next(), -1);
  EXPECT_EQ(unknown.End(), grpc::StatusCode::NOT_FOUND);
}

TEST(HealthServiceTest, WatchTellsEveryChangeUntilTheCallerOrTheServerGoes) {
  TestService service;
  auto server = RpcServer::Start({}, service);
  ASSERT_TRUE(server.ok()) << server.status();
  HealthCaller watch((*server)->address(), "Watch", "");
  HealthCaller unknown((*server)->address(), "Watch", "recbots.v1.ReplayService");
  HealthCaller gone((*server)->address(), "Watch", "");
  EXPECT_EQ(watch.Next(), 2);
  EXPECT_EQ(unknown.Next(), 3);
  EXPECT_EQ(gone.Next(), 2);
  gone.Cancel();
  EXPECT_EQ(gone.End(), grpc::StatusCode::CANCELLED);
  (*server)->SetServing(true);
  EXPECT_EQ(watch.Next(), 1);
  (*server)->SetServing(true);  // No news.
  (*server)->SetServing(false);
  EXPECT_EQ(watch.Next(), 2);
  (*server)->Stop(absl::ZeroDuration());
  EXPECT_EQ(watch.Next(), -1);
  EXPECT_NE(watch.End(), grpc::StatusCode::OK);
  EXPECT_EQ(unknown.Next(), -1);
  EXPECT_NE(unknown.End(), grpc::StatusCode::OK);
}

TEST(RpcServerTest, ServersOnTheirOwnThreadsRefusePortsInUseToo) {
  TestService service;
  auto first = RpcServer::Start({}, service);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = RpcServer::Start({.address = (*first)->address()}, service);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists) << second.status();
}

}  // namespace
}  // namespace recbots

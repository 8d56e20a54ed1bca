// One bidirectional stream of a client that has its own thread: the thread waits for a state instead of nesting
// callbacks.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/security.h"

namespace recbots {

// Request and Response are messages, or grpc::ByteBuffer for bytes that are not to be copied. Everything but the
// constructor and FinishWrite is called with the owner's mutex held, and the state changes only while it is held, so
// that the owner can wait for any change. The owner destroys the stream only when done() is true.
template <typename Request, typename Response>
class ClientStream final : private grpc::ClientBidiReactor<Request, Response> {
 public:
  struct Handlers {
    // A message came; the handler may change it. Called without the mutex, for one message at a time: the next one is
    // read when the handler returns.
    std::function<void(Response&)> on_message;
    // Another message may be written. Called without the mutex.
    std::function<void()> on_written;
  };

  // Calls `method` ("/package.Service/Method"). The mutex must not be held: the call may break before the first Write.
  ClientStream(Mutex* mu, Handlers handlers, const std::shared_ptr<grpc::Channel>& channel, absl::string_view method,
               const Security* security)
      : mu_(*mu), handlers_(std::move(handlers)), method_(method), stub_(channel) {
    Security::Prepare(security, context_);
    stub_.PrepareBidiStreamingCall(&context_, method_, {}, this);
    this->AddHold();  // Writes are started outside of reactions; OnDone must not come meanwhile.
    this->StartRead(&response_);
    this->StartCall();
  }

  // The peer accepted the call (its initial metadata came).
  bool greeted() const { return Held().greeted; }
  bool can_write() const { return !Held().broken && !Held().writing; }
  bool done() const { return Held().done; }
  // Why the stream ended; valid when done().
  const absl::Status& status() const { return Held().status; }

  // Requires can_write(). The caller leaves `message` as it is until can_write() or done() is true again.
  void Write(const Request* message) {
    Held().writing = true;
    this->StartWrite(message);
  }
  // Write in two steps, so that the owner can release its mutex while a large message is made (and sent, when nothing
  // is queued): BeginWrite with the mutex held, FinishWrite without it, in the thread that destroys the stream.
  void BeginWrite() { Held().writing = Held().starting = true; }
  void FinishWrite(const Request* message) ABSL_LOCKS_EXCLUDED(mu_) {
    this->StartWrite(message);
    MutexLock lock(&mu_);
    state_.starting = false;
    if (state_.broken) this->RemoveHold();
  }
  // Says that nothing more will be written. Requires can_write(), which is false afterwards.
  void Close() {
    Held().writing = true;
    this->StartWritesDone();
  }
  // Cancels the call unless it has ended by itself, and waits for its end.
  void AwaitEnd() {
    AssertHeld(mu_);
    if (!done()) context_.TryCancel();
    mu_.AwaitUntil([this] { return done(); }, Instant::InfiniteFuture());
  }

 private:
  struct State {
    bool greeted = false;
    bool broken = false;
    bool writing = false;
    bool starting = false;  // Between BeginWrite and FinishWrite: the hold must stay.
    bool done = false;
    absl::Status status;
  };
  // Tells the thread safety analysis that the mutex is held, as this class demands of its owner.
  static void AssertHeld(const Mutex& mu) ABSL_ASSERT_EXCLUSIVE_LOCK(mu) { (void)mu; }
  State& Held() {
    AssertHeld(mu_);
    return state_;
  }
  const State& Held() const { return const_cast<ClientStream*>(this)->Held(); }

  void OnReadInitialMetadataDone(bool ok) override {
    MutexLock lock(&mu_);
    state_.greeted = ok;
  }
  void OnReadDone(bool ok) override {
    if (ok) {
      handlers_.on_message(response_);
      this->StartRead(&response_);
      return;
    }
    MutexLock lock(&mu_);
    state_.broken = true;
    if (!state_.starting) this->RemoveHold();
  }
  void OnWriteDone(bool) override {
    {
      MutexLock lock(&mu_);
      state_.writing = false;
    }
    handlers_.on_written();
  }
  void OnDone(const grpc::Status& status) override {
    MutexLock lock(&mu_);
    state_.status = FromGrpcStatus(status);
    state_.done = true;  // The owner may destroy this object as soon as the lock is free.
  }

  Mutex& mu_;
  const Handlers handlers_;
  const std::string method_;
  grpc::TemplatedGenericStub<Request, Response> stub_;
  grpc::ClientContext context_;
  Response response_;
  State state_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots

// One bidirectional stream of a client that has a thread of its own: state to wait for instead of callbacks to nest.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/security.h"

namespace recbots::replay {

// Request and Response are messages, or grpc::ByteBuffer for what is not to be copied. Everything but the constructor
// is called with the owner's mutex held, and every change of state happens under it, so that the owner can wait for any
// of it. The owner destroys the stream only when done() is true.
template <typename Request, typename Response>
class ClientStream final : private grpc::ClientBidiReactor<Request, Response> {
 public:
  struct Handlers {
    // A message came, and is the handler's. Called without the mutex, one at a time; the next is read when it returns.
    std::function<void(Response&)> on_message;
    // Another message may be written. Called without the mutex.
    std::function<void()> on_written;
  };

  // Calls `method` of replay's service ("Insert", "Sample").
  ClientStream(Mutex* mu, Handlers handlers, const std::shared_ptr<grpc::Channel>& channel, absl::string_view method,
               const Security* security)
      : mu_(*mu),
        handlers_(std::move(handlers)),
        method_(absl::StrCat("/recbots.v1.ReplayService/", method)),
        stub_(channel) {
    Security::Prepare(security, context_);
    stub_.PrepareBidiStreamingCall(&context_, method_, {}, this);
    this->AddHold();  // Writes are started outside reactions: the stream must not end under them.
    this->StartRead(&response_);
    this->StartCall();
  }

  // The peer accepted the call (its initial metadata came).
  bool greeted() const {
    mu_.AssertHeld();
    return greeted_;
  }
  bool can_write() const {
    mu_.AssertHeld();
    return !broken_ && !writing_;
  }
  bool done() const {
    mu_.AssertHeld();
    return done_;
  }
  // Why it ended; valid when done().
  const absl::Status& status() const {
    mu_.AssertHeld();
    return status_;
  }

  // Requires can_write(). `message` stays as it is until can_write() or done().
  void Write(const Request* message) {
    mu_.AssertHeld();
    writing_ = true;
    this->StartWrite(message);
  }
  // The same in two steps, so that the owner can let go of its mutex while a large message is made (and sent, when
  // nothing is queued): BeginWrite with the mutex, FinishWrite without it, by the thread that destroys the stream.
  void BeginWrite() {
    mu_.AssertHeld();
    writing_ = starting_ = true;
  }
  void FinishWrite(const Request* message) ABSL_LOCKS_EXCLUDED(mu_) {
    this->StartWrite(message);
    MutexLock lock(&mu_);
    starting_ = false;
    if (broken_) this->RemoveHold();
  }
  // Says that nothing more will be written. Requires can_write(); afterwards it is false.
  void Close() {
    mu_.AssertHeld();
    writing_ = true;
    this->StartWritesDone();
  }
  // Ends the call, unless it ended by itself, and waits until it has.
  void AwaitEnd() {
    mu_.AssertHeld();
    if (!done_) context_.TryCancel();
    mu_.AwaitUntil([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return done_; }, Instant::InfiniteFuture());
  }

 private:
  void OnReadInitialMetadataDone(bool ok) override {
    MutexLock lock(&mu_);
    greeted_ = ok;
  }
  void OnReadDone(bool ok) override {
    if (ok) {
      handlers_.on_message(response_);
      this->StartRead(&response_);
      return;
    }
    MutexLock lock(&mu_);
    broken_ = true;
    if (!starting_) this->RemoveHold();
  }
  void OnWriteDone(bool) override {
    {
      MutexLock lock(&mu_);
      writing_ = false;
    }
    handlers_.on_written();
  }
  void OnDone(const grpc::Status& status) override {
    MutexLock lock(&mu_);
    status_ = FromGrpcStatus(status);
    done_ = true;  // The owner may destroy this object as soon as the lock is free.
  }

  Mutex& mu_;
  const Handlers handlers_;
  const std::string method_;
  grpc::TemplatedGenericStub<Request, Response> stub_;
  grpc::ClientContext context_;
  Response response_;
  bool greeted_ ABSL_GUARDED_BY(mu_) = false;
  bool broken_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool starting_ ABSL_GUARDED_BY(mu_) = false;  // Between BeginWrite and FinishWrite: the hold must stay.
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots::replay

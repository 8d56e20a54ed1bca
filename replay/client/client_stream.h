// One bidirectional stream of a client that has a thread of its own: state to wait for instead of callbacks to nest.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "common/rpc/grpc_status.h"

namespace recbots::replay {

// Everything but the constructor is called with the owner's mutex held, and every change of state happens under it, so
// that the owner can wait for any of it. The owner destroys the stream only when done() is true.
template <typename Request, typename Response>
class ClientStream final : private grpc::ClientBidiReactor<Request, Response> {
 public:
  using Reactor = grpc::ClientBidiReactor<Request, Response>;
  struct Handlers {
    // A message came. Called without the mutex, one at a time; the next is read when it returns.
    std::function<void(const Response&)> on_message;
    // The message given to Write may be changed again. Called without the mutex.
    std::function<void()> on_written;
  };

  // `open` starts the call: stub->async()->Method(context, reactor).
  ClientStream(Mutex* mu, Handlers handlers, const std::function<void(grpc::ClientContext*, Reactor*)>& open)
      : mu_(*mu), handlers_(std::move(handlers)) {
    open(&context_, this);
    this->AddHold();  // Writes are started outside reactions: the stream must not end under them.
    this->StartRead(&response_);
    this->StartCall();
  }

  // The peer accepted the call (its initial metadata came).
  bool greeted() const { return greeted_; }
  bool can_write() const { return !broken_ && !writing_; }
  bool writing() const { return writing_; }
  bool done() const { return done_; }
  // Why it ended; valid when done().
  const absl::Status& status() const { return status_; }

  // Requires can_write(). `message` stays as it is until on_written or done().
  void Write(const Request* message) {
    writing_ = true;
    this->StartWrite(message);
  }
  // The same in two steps, so that the owner can let go of its mutex while a large message is serialised (and sent,
  // when nothing is queued): BeginWrite with the mutex, FinishWrite without it, by the thread that destroys the stream.
  void BeginWrite() { writing_ = starting_ = true; }
  void FinishWrite(const Request* message) {
    this->StartWrite(message);
    MutexLock lock(&mu_);
    starting_ = false;
    if (broken_) this->RemoveHold();
  }
  // Says that nothing more will be written. Requires can_write(); afterwards it is false.
  void Close() {
    writing_ = true;
    this->StartWritesDone();
  }
  void Cancel() { context_.TryCancel(); }

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
  grpc::ClientContext context_;
  Response response_;
  bool greeted_ = false;
  bool broken_ = false;
  bool writing_ = false;
  bool starting_ = false;  // Between BeginWrite and FinishWrite: the hold must stay.
  bool done_ = false;
  absl::Status status_;
};

}  // namespace recbots::replay

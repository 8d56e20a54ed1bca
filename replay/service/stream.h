// What the insert and the sample stream of the service have in common: an orderly end, whoever asks for it first.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "common/rpc/grpc_status.h"
#include "replay/service/parking_lot.h"

namespace recbots::replay {

// What the service needs of any stream.
class ServiceStream : public Parkable {
 public:
  // Acknowledges what is applied, then ends the stream with UNAVAILABLE.
  virtual void Drain() = 0;
};

// gRPC's reactions run on any thread and may overlap: each locks mu_. A stream lives until its last reaction (OnDone)
// and until the last one who looks at it (parking lot, Drain) lets go.
template <typename Request, typename Response>
class StreamReactor : public grpc::ServerBidiReactor<Request, Response>,
                      public ServiceStream,
                      public std::enable_shared_from_this<StreamReactor<Request, Response>> {
 public:
  StreamReactor(ParkingLot* lot, ParkingLot::Side side) : lot_(*lot), side_(side) {}

  void OnCancel() final ABSL_LOCKS_EXCLUDED(mu_) {
    End(absl::CancelledError("the peer went away or the server stops"));
  }

  void Drain() final ABSL_LOCKS_EXCLUDED(mu_) {
    {
      MutexLock lock(&mu_);
      if (!finish_) LastWordsLocked();
    }
    End(absl::UnavailableError("replay is draining"));
  }

 protected:
  bool writing() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return writing_; }
  bool ending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return finish_.has_value(); }

  // One write at a time; `message` stays as it is until WriteDoneLocked.
  void WriteLocked(const Response* message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    writing_ = true;
    this->StartWrite(message);
  }
  void WriteDoneLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { writing_ = false; }

  // Asks for the end; the first status counts. It is sent once no write is under way: see MaybeFinishLocked.
  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (finish_) return;
    this->SetGone();
    finish_ = ToGrpcStatus(status);
    MaybeFinishLocked();
  }
  void MaybeFinishLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (!finish_ || writing_ || finished_) return;
    finished_ = true;
    this->Finish(*finish_);
  }

  // What is still to be written before a drained stream ends.
  virtual void LastWordsLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {}

  ParkingLot& lot_;
  Mutex mu_;

 private:
  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_) {
    {
      MutexLock lock(&mu_);
      EndLocked(status);
    }
    lot_.Leave(side_, this);
  }

  const ParkingLot::Side side_;
  std::optional<grpc::Status> finish_ ABSL_GUARDED_BY(mu_);
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace recbots::replay

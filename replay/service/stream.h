// What the insert and the sample stream of the service have in common: raw messages, one write at a time, and an
// orderly end, no matter which side asks for it first.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "common/rpc/rpc_call.h"
#include "recbots/v1/replay.pb.h"
#include "replay/service/parking_lot.h"

namespace recbots::replay {

class StreamHub;
struct TableHub;

// Reactions come on the threads of the calls, wake-ups and news from any: each locks mu_. A stream lives until its last
// reaction (OnDone) and until the last one who looks at it (parking lot, hub) lets go. Lock order: mu_, then the
// table's and the lot's locks; never two streams' at once.
class ServiceStream : public RpcCall::Handler, public Parkable, public std::enable_shared_from_this<ServiceStream> {
 public:
  // Begins to read, or ends at once when the service drains. Call once, after construction.
  void Start() ABSL_LOCKS_EXCLUDED(mu_);
  // Acknowledges what is applied, then ends the stream with UNAVAILABLE.
  void Drain() ABSL_LOCKS_EXCLUDED(mu_);

  // News for all streams; called without locks, from any thread.
  virtual void OnWindow() {}
  virtual void OnCheckpoint() {}
  // What StreamHub::ack_timer was asked for.
  virtual void OnAckTimer() {}
  // Adds what the stream is to the answer of Info.
  virtual void Describe(v1::InfoResponse&) {}

  void OnCancel() final ABSL_LOCKS_EXCLUDED(mu_);
  void OnDone() final ABSL_LOCKS_EXCLUDED(mu_);

 protected:
  ServiceStream(StreamHub* hub, ParkingLot::Side side, RpcCall* call) : hub_(*hub), call_(*call), side_(side) {}

  bool writing() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return writing_; }
  bool ending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return finish_.has_value(); }

  // The next message goes to in_, which is guarded by mu_ again from OnReadDone on.
  void ReadLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { call_.Read(&in_); }
  // One write at a time. OnWriteDone has to call WriteDoneLocked.
  void WriteLocked(grpc::ByteBuffer message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void WriteDoneLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Asks for the end; the first status counts. It is sent once no write is under way: see MaybeFinishLocked.
  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void MaybeFinishLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // What is still to be written before a drained stream ends.
  virtual void LastWordsLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {}
  // The last reaction; no lock is held, nothing else looks at the stream any more.
  virtual void Gone() = 0;

  StreamHub& hub_;
  RpcCall& call_;  // Until OnDone has returned.

  Mutex mu_;
  TableHub* table_ ABSL_GUARDED_BY(mu_) = nullptr;  // Once the first message was accepted.
  grpc::ByteBuffer in_;

 private:
  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

  const ParkingLot::Side side_;
  grpc::ByteBuffer out_;  // The call's while writing_ is true.
  std::optional<grpc::Status> finish_ ABSL_GUARDED_BY(mu_);
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace recbots::replay

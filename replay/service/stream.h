// What the insert stream and the sample stream have in common: raw messages, one write at a time, and an orderly end,
// no matter which side asks for it first.
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

// Reactions run on the threads of the calls, wake-ups and news on any thread; each of them locks mu_. A stream lives
// until its last reaction (OnDone) is over and no reference to it is left in the parking lot or the hub. Lock order:
// mu_, then the locks of the table and of the lot; no thread holds the locks of two streams.
class ServiceStream : public RpcCall::Handler, public Parkable, public std::enable_shared_from_this<ServiceStream> {
 public:
  // Begins to read, or ends at once if the service drains. Call it once, after construction.
  void Start() ABSL_LOCKS_EXCLUDED(mu_);
  // Acknowledges the rows applied, then ends the stream with UNAVAILABLE.
  void Drain() ABSL_LOCKS_EXCLUDED(mu_);

  // News for all streams (a new window, a finished checkpoint); called without locks, from any thread.
  virtual void OnWindow() {}
  virtual void OnCheckpoint() {}
  // Called by StreamHub::ack_timer once for each Add.
  virtual void OnAckTimer() {}
  // Adds a description of the stream to the answer of Info.
  virtual void Describe(v1::InfoResponse&) {}

  void OnCancel() final ABSL_LOCKS_EXCLUDED(mu_);
  void OnDone() final ABSL_LOCKS_EXCLUDED(mu_);

 protected:
  ServiceStream(StreamHub* hub, ParkingLot::Side side, RpcCall* call) : hub_(*hub), call_(*call), side_(side) {}

  // Where the stream parks. It may change as long as the stream has never been parked.
  ParkingLot::Side side() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return side_; }
  void SetSideLocked(ParkingLot::Side side) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { side_ = side; }

  bool writing() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return writing_; }
  bool ending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return finish_.has_value(); }

  // Reads the next message into in_, which belongs to the call until OnReadDone; from then on mu_ guards it again.
  void ReadLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { call_.Read(&in_); }
  // Writes a message; no other write may be under way. OnWriteDone must call WriteDoneLocked.
  void WriteLocked(grpc::ByteBuffer message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void WriteDoneLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Asks for the end of the stream; only the first status counts. MaybeFinishLocked sends it once no write is under
  // way.
  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void MaybeFinishLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Writes what must still be written before a drained stream ends.
  virtual void LastWordsLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {}
  // The last reaction; no lock is held, and nothing else uses the stream any more.
  virtual void Gone() = 0;

  StreamHub& hub_;
  RpcCall& call_;  // Valid until OnDone has returned.

  Mutex mu_;
  TableHub* table_ ABSL_GUARDED_BY(mu_) = nullptr;  // Set when the first message is accepted.
  grpc::ByteBuffer in_;

 private:
  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

  ParkingLot::Side side_ ABSL_GUARDED_BY(mu_);
  grpc::ByteBuffer out_;  // Belongs to the call while writing_ is true.
  std::optional<grpc::Status> finish_ ABSL_GUARDED_BY(mu_);
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace recbots::replay

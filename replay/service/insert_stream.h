// One writer's stream: hello, then blocks in, acknowledgements out.
//
// The next block is read when the last one is in the table, so a stream never holds more than one message of ours (4
// MiB at most) whatever the writer does; the window it is told keeps honest writers from filling the transport's
// buffers.
#pragma once

#include "recbots/v1/replay.pb.h"
#include "replay/service/stream.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {

class InsertStream final : public StreamReactor<v1::InsertRequest, v1::InsertAck> {
 public:
  explicit InsertStream(StreamHub* hub);
  // Reads the hello, or ends at once when the service drains. Call once, after construction.
  void Start() ABSL_LOCKS_EXCLUDED(mu_);

  BlockedOn Resume() override ABSL_LOCKS_EXCLUDED(mu_);
  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnDone() override;

 private:
  absl::Status AcceptHelloLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Everything about the block that does not depend on the table's state.
  absl::Status CheckBlockLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Puts what the limiter admits of the block into the table, acknowledges it, and reads on when all is in.
  BlockedOn ApplyLocked(bool& inserted) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void AcknowledgeLocked(BlockedOn blocked_on) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void RefuseLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void LastWordsLocked() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { AcknowledgeLocked(BlockedOn::kDraining); }

  StreamHub& hub_;

  v1::InsertRequest request_;  // gRPC writes it between StartRead and OnReadDone, otherwise guarded by mu_.
  WriterId writer_id_ ABSL_GUARDED_BY(mu_) = {};
  std::string writer_name_ ABSL_GUARDED_BY(mu_);
  bool open_ ABSL_GUARDED_BY(mu_) = false;
  int64_t applied_ ABSL_GUARDED_BY(mu_) = 0;  // Rows of the block that are dealt with.
  int64_t acknowledged_ ABSL_GUARDED_BY(mu_) = 0;
  BlockedOn said_ ABSL_GUARDED_BY(mu_) = BlockedOn::kNone;
  bool ack_due_ ABSL_GUARDED_BY(mu_) = false;  // One has to follow the write under way.
  v1::InsertAck ack_;
};

}  // namespace recbots::replay

// One reader's stream: credits in, batches out.
//
// A batch is drawn, and charged to the rate limiter, when there is a credit for it and nothing is being written. The n
// credits of a later message acknowledge the n oldest batches sent; what is not acknowledged when the stream ends is
// refunded.
#pragma once

#include <string>

#include "recbots/v1/replay.pb.h"
#include "replay/service/stream.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {

class SampleStream final : public StreamReactor<v1::SampleCredit, v1::SampleBatch> {
 public:
  explicit SampleStream(StreamHub* hub);
  // Reads the first credit, or ends at once when the service drains. Call once, after construction.
  void Start() ABSL_LOCKS_EXCLUDED(mu_);

  BlockedOn Resume() override ABSL_LOCKS_EXCLUDED(mu_);
  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnDone() override;

 private:
  absl::Status AcceptFirstLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status AcceptCreditLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Draws and sends a batch when there is a credit and room; parks when the limiter refuses.
  void TrySend() ABSL_LOCKS_EXCLUDED(mu_);
  BlockedOn TrySendLocked(bool& drawn) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  BlockedOn DrawLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SendPartLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  StreamHub& hub_;

  v1::SampleCredit credit_;  // gRPC writes it between StartRead and OnReadDone, otherwise guarded by mu_.
  bool open_ ABSL_GUARDED_BY(mu_) = false;
  int32_t batch_size_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t seed_ ABSL_GUARDED_BY(mu_) = 0;
  uint32_t ordinal_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t batches_drawn_ ABSL_GUARDED_BY(mu_) = 0;
  int32_t credits_ ABSL_GUARDED_BY(mu_) = 0;         // Not used yet.
  int32_t unacknowledged_ ABSL_GUARDED_BY(mu_) = 0;  // Batches drawn.
  bool parked_ ABSL_GUARDED_BY(mu_) = false;
  BlockedOn waits_for_ ABSL_GUARDED_BY(mu_) = BlockedOn::kNone;
  absl::Time waits_since_ ABSL_GUARDED_BY(mu_);
  std::string payload_ ABSL_GUARDED_BY(mu_);  // Of a batch that goes in several parts.
  size_t payload_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  size_t sent_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  v1::SampleBatch message_;  // gRPC reads it while writing() is true.
};

}  // namespace recbots::replay

// The stream of one reader: reads orders, acknowledgements and priorities, and writes batches.
//
// A batch is drawn, and counted in the rate limiter, when its turn has come and no message is being written: a reader
// that does not read costs the memory of one batch, and of the keys of batches that it has not acknowledged. Batches
// are acknowledged by their number since the stream began; batches not acknowledged when the stream ends are refunded.
//
// An observer's batches are drawn by Table::Observe, counted here alone, and one message each, so that others never
// wait for long behind one; nothing that an observer sends changes the table or the windows of writers.
#pragma once

#include <deque>
#include <vector>

#include "common/base/instant.h"
#include "recbots/v1/replay.pb.h"
#include "replay/service/sent_batches.h"
#include "replay/service/stream.h"
#include "replay/service/stream_hub.h"
#include "replay/wire/slice_pool.h"

namespace recbots::replay {

class SampleStream final : public ServiceStream {
 public:
  // The most rows drawn and not acknowledged on one stream; bounds the memory of their keys.
  static constexpr int64_t kMaxOutstandingRows = int64_t{1} << 22;

  SampleStream(StreamHub* hub, RpcCall* call);

  BlockedOn Resume() override ABSL_LOCKS_EXCLUDED(mu_);
  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void Describe(v1::InfoResponse& response) override ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // Reads and checks the message that came; the first one opens the stream.
  absl::Status ReadCreditLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status OpenLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool observes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return side() == ParkingLot::kObserver; }
  absl::Status CheckCreditLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Adds the orders of the credit; moves the batches that it acknowledges to `used`.
  void TakeCreditLocked(std::vector<SentBatches::Keys>& used) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Draws and sends the next batch if its turn has come; parks the stream if the table refuses.
  void TrySend() ABSL_LOCKS_EXCLUDED(mu_);
  BlockedOn TrySendLocked(bool& drawn) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  BlockedOn DrawLocked(int32_t num_rows) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SendPartLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Gone() override ABSL_LOCKS_EXCLUDED(mu_);

  v1::SampleCredit credit_;  // Used only by the reaction that reads.

  int32_t max_rows_ ABSL_GUARDED_BY(mu_) = 0;
  int32_t max_batches_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<int32_t> orders_ ABSL_GUARDED_BY(mu_);  // Rows of each batch not yet drawn.
  int64_t ordered_rows_ ABSL_GUARDED_BY(mu_) = 0;    // Their sum.
  SentBatches sent_ ABSL_GUARDED_BY(mu_);
  bool parked_ ABSL_GUARDED_BY(mu_) = false;
  BlockedOn waits_for_ ABSL_GUARDED_BY(mu_) = BlockedOn::kNone;
  Instant waits_since_ ABSL_GUARDED_BY(mu_);

  v1::SampleHeader header_ ABSL_GUARDED_BY(mu_);
  SlicePool::Buffer payload_ ABSL_GUARDED_BY(mu_);  // For the batch being sent, or drawn next.
  size_t sent_bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace recbots::replay

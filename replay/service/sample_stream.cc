#include "replay/service/sample_stream.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/wire/row_schema_proto.h"

namespace recbots::replay {
namespace {

constexpr int32_t kMaxBatchSize = 65536;
constexpr int32_t kMaxCredits = 1024;
constexpr size_t kPartBytes = size_t{1} << 20;

}  // namespace

SampleStream::SampleStream(StreamHub* hub) : StreamReactor(&hub->lot, ParkingLot::kSampler), hub_(*hub) {
  ++hub_.readers;
}

void SampleStream::Start() {
  const bool open = hub_.Add(std::static_pointer_cast<ServiceStream>(shared_from_this()));
  MutexLock lock(&mu_);
  if (!open) return EndLocked(absl::UnavailableError("replay is draining"));
  StartRead(&credit_);
}

void SampleStream::OnReadDone(bool ok) {
  {
    MutexLock lock(&mu_);
    if (ending()) return;
    if (!ok) return EndLocked(absl::OkStatus());  // The reader wants no more.
    const absl::Status status = open_ ? AcceptCreditLocked() : AcceptFirstLocked();
    if (!status.ok()) return EndLocked(status);
    StartRead(&credit_);
  }
  TrySend();
}

BlockedOn SampleStream::Resume() {
  bool drawn = false;
  BlockedOn blocked_on = BlockedOn::kNone;
  {
    MutexLock lock(&mu_);
    if (!ending()) blocked_on = TrySendLocked(drawn);
    parked_ = blocked_on != BlockedOn::kNone;
  }
  if (drawn) lot_.Wake(ParkingLot::kInserter);
  return blocked_on;
}

void SampleStream::OnWriteDone(bool ok) {
  {
    MutexLock lock(&mu_);
    WriteDoneLocked();
    if (!ok) EndLocked(absl::UnavailableError("sample: the reader went away"));
    if (ending()) return MaybeFinishLocked();
    if (sent_bytes_ < payload_bytes_) return SendPartLocked();
  }
  TrySend();
}

void SampleStream::OnDone() {
  const std::shared_ptr<ServiceStream> self = hub_.Remove(this);
  SetGone();
  lot_.Leave(ParkingLot::kSampler, this);
  int64_t refund = 0;
  {
    MutexLock lock(&mu_);
    refund = int64_t{unacknowledged_} * batch_size_;
    --hub_.readers;
  }
  if (refund == 0) return;
  hub_.table.Refund(refund);
  lot_.Wake(ParkingLot::kSampler);
}

absl::Status SampleStream::AcceptFirstLocked() {
  if (credit_.batch_size() < 1 || credit_.batch_size() > kMaxBatchSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("sample: batch_size ", credit_.batch_size(), ", want 1..", kMaxBatchSize));
  }
  RECBOTS_RETURN_IF_ERROR(AcceptCreditLocked());
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, RowSchemaFromProto(credit_.schema()));
  if (const std::string difference = hub_.table.schema().DifferenceTo(schema); !difference.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("sample: the reader's rows are not the table's: ", difference));
  }
  RECBOTS_RETURN_IF_ERROR(hub_.table.CheckReader(credit_.batch_size(), std::max(1, credit_.batches())));
  batch_size_ = credit_.batch_size();
  seed_ = credit_.seed();
  ordinal_ = hub_.sample_streams++;
  open_ = true;
  StartSendInitialMetadata();  // Tells the reader that it was accepted, long before there is a batch perhaps.
  return absl::OkStatus();
}

absl::Status SampleStream::AcceptCreditLocked() {
  const int32_t more = credit_.batches();
  if (more < 0 || more > kMaxCredits || credits_ + more > kMaxCredits) {
    return absl::InvalidArgumentError(
        absl::StrCat("sample: ", more, " batches on top of ", credits_, ", want 0..", kMaxCredits, " in all"));
  }
  credits_ += more;
  unacknowledged_ -= std::min(more, unacknowledged_);
  return absl::OkStatus();
}

void SampleStream::TrySend() {
  const int64_t seen_wakes = lot_.wakes();
  BlockedOn blocked_on = BlockedOn::kNone;
  bool drawn = false;
  {
    MutexLock lock(&mu_);
    if (ending() || parked_) return;
    blocked_on = TrySendLocked(drawn);
    parked_ = blocked_on != BlockedOn::kNone;
  }
  if (drawn) lot_.Wake(ParkingLot::kInserter);
  if (blocked_on != BlockedOn::kNone) lot_.Park(ParkingLot::kSampler, shared_from_this(), blocked_on, seen_wakes);
}

BlockedOn SampleStream::TrySendLocked(bool& drawn) {
  if (writing() || credits_ == 0) return BlockedOn::kNone;
  const BlockedOn blocked_on = DrawLocked();
  if (blocked_on != BlockedOn::kNone) {
    if (waits_for_ == BlockedOn::kNone) waits_since_ = absl::Now();
    waits_for_ = blocked_on;
    return blocked_on;
  }
  drawn = true;
  --credits_;
  ++unacknowledged_;
  waits_for_ = BlockedOn::kNone;
  sent_bytes_ = 0;
  SendPartLocked();
  return BlockedOn::kNone;
}

BlockedOn SampleStream::DrawLocked() {
  payload_bytes_ = hub_.table.schema().batch_bytes(static_cast<size_t>(batch_size_));
  // A batch of one part is gathered where it is sent from.
  std::string& payload = payload_bytes_ <= kPartBytes ? *message_.mutable_columns() : payload_;
  payload.resize(payload_bytes_);  // The same size every time: allocates and clears once.
  const StreamPosition position{ordinal_, static_cast<uint32_t>(batches_drawn_ >> 32),
                                static_cast<uint32_t>(batches_drawn_)};
  const SampleResult result = hub_.table.Sample(Rng(seed_, Purpose::kReplay, position), batch_size_, payload.data());
  if (result.blocked_on != BlockedOn::kNone) return result.blocked_on;
  ++batches_drawn_;
  v1::SampleHeader& header = *message_.mutable_header();
  header.set_payload_bytes(static_cast<int64_t>(payload_bytes_));
  header.set_num_rows(batch_size_);
  hub_.FillState(result.table, header.mutable_table());
  header.set_blocked_on(static_cast<v1::BlockedOn>(waits_for_));
  const bool waited = waits_for_ != BlockedOn::kNone;
  header.set_blocked_micros(waited ? absl::ToInt64Microseconds(absl::Now() - waits_since_) : 0);
  return BlockedOn::kNone;
}

void SampleStream::SendPartLocked() {
  const size_t part = std::min(kPartBytes, payload_bytes_ - sent_bytes_);
  if (payload_bytes_ > kPartBytes) message_.mutable_columns()->assign(payload_, sent_bytes_, part);
  if (sent_bytes_ > 0) message_.clear_header();
  sent_bytes_ += part;
  message_.set_last_part(sent_bytes_ == payload_bytes_);
  WriteLocked(&message_);
}

}  // namespace recbots::replay

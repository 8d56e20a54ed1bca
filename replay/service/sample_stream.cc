#include "replay/service/sample_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/wire/row_schema_proto.h"
#include "replay/service/check_rows.h"
#include "replay/service/describe.h"
#include "replay/service/priorities.h"
#include "replay/wire/proto_bytes.h"
#include "replay/wire/sample_codec.h"

namespace recbots::replay {
namespace {

constexpr int64_t kMaxStreams = int64_t{1} << 53;

absl::Status CheckLimits(const v1::SampleCredit& credit) {
  if (credit.max_rows() < 0 || credit.max_rows() > kMaxBatchRows) {
    return absl::InvalidArgumentError(
        absl::StrCat("sample: max_rows ", credit.max_rows(), ", want 0..", kMaxBatchRows));
  }
  if (credit.max_batches() < 1 || credit.max_batches() > kMaxBatches) {
    return absl::InvalidArgumentError(
        absl::StrCat("sample: max_batches ", credit.max_batches(), ", want 1..", kMaxBatches));
  }
  return absl::OkStatus();
}

absl::Status CheckBytes(const v1::SampleCredit& credit, const RowSchema& schema, int32_t max_rows) {
  const size_t bytes = schema.batch_bytes(static_cast<size_t>(max_rows));
  const size_t most = credit.observe() ? std::max(kMaxPartBytes, schema.batch_bytes(1)) : kMaxBatchBytes;
  if (bytes <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("sample: a batch of max_rows ", max_rows, " has ", bytes,
                                                 " bytes, want at most ", most,
                                                 credit.observe() ? " for a reader who looks on" : ""));
}

// What an observer must not ask for, in any of its messages.
absl::Status CheckObserver(const v1::SampleCredit& credit) {
  if (credit.keys_size() > 0 || credit.priorities_size() > 0) {
    return absl::InvalidArgumentError(absl::StrCat("sample: ", credit.keys_size(), " keys and ",
                                                   credit.priorities_size(),
                                                   " priorities of a reader who looks on, want 0"));
  }
  if (credit.streams_below() != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("sample: streams_below ", credit.streams_below(), " of a reader who looks on, want 0"));
  }
  return absl::OkStatus();
}

}  // namespace

SampleStream::SampleStream(StreamHub* hub, RpcCall* call) : ServiceStream(hub, ParkingLot::kSampler, call) {}

void SampleStream::OnReadDone(bool ok) {
  TableHub* table = nullptr;
  bool opened = false;
  bool observer = false;
  {
    MutexLock lock(&mu_);
    if (ending()) return;
    if (!ok) return EndLocked(absl::OkStatus());  // The reader has ended the stream.
    opened = table_ == nullptr;
    const absl::Status status = ReadCreditLocked();
    if (!status.ok()) EndLocked(status);
    if (!ending()) table = table_;
    opened = opened && table_ != nullptr;
    observer = observes();
  }
  if (opened && !observer && hub_.CountReader(+1)) hub_.AnnounceWindow();
  if (table == nullptr) return;
  // Sets priorities before the draws that this message orders, and without the lock, so that batches can be sent
  // meanwhile.
  const absl::Status status = UpdatePriorities("sample", *table, credit_.keys(), credit_.priorities()).status();
  std::vector<SentBatches::Keys> used;
  {
    MutexLock lock(&mu_);
    if (!status.ok()) EndLocked(status);
    if (ending()) return;
    TakeCreditLocked(used);
  }
  if (!observer) {
    for (const SentBatches::Keys& keys : used) table->table().Acknowledge(keys);
    if (!used.empty()) table->lot.Wake(ParkingLot::kInserter);
  }
  {
    MutexLock lock(&mu_);
    for (SentBatches::Keys& keys : used) sent_.Recycle(std::move(keys));
    if (ending()) return;
    ReadLocked();
  }
  TrySend();
}

BlockedOn SampleStream::Resume() {
  bool drawn = false;
  BlockedOn blocked_on = BlockedOn::kNone;
  TableHub* table = nullptr;
  {
    MutexLock lock(&mu_);
    if (!ending()) blocked_on = TrySendLocked(drawn);
    parked_ = blocked_on != BlockedOn::kNone;
    table = table_;
  }
  if (drawn) table->lot.Wake(ParkingLot::kInserter);
  return blocked_on;
}

void SampleStream::OnWriteDone(bool ok) {
  {
    MutexLock lock(&mu_);
    WriteDoneLocked();
    if (!ok) EndLocked(absl::UnavailableError("sample: the reader went away"));
    if (ending()) return MaybeFinishLocked();
    if (sent_bytes_ < payload_.slice.size()) return SendPartLocked();
    payload_ = {};
  }
  TrySend();
}

void SampleStream::Describe(v1::InfoResponse& response) {
  MutexLock lock(&mu_);
  if (table_ != nullptr && !ending() && !observes()) response.set_readers(response.readers() + 1);
}

absl::Status SampleStream::ReadCreditLocked() {
  RECBOTS_RETURN_IF_ERROR(FromBytes("sample", in_, credit_));
  if (table_ == nullptr) RECBOTS_RETURN_IF_ERROR(OpenLocked());
  RECBOTS_RETURN_IF_ERROR(CheckCreditLocked());
  if (observes()) return CheckObserver(credit_);
  if (credit_.streams_below() > 0) table_->table().RaiseStreams(credit_.streams_below());
  return absl::OkStatus();
}

absl::Status SampleStream::OpenLocked() {
  RECBOTS_ASSIGN_OR_RETURN(TableHub* const hub, hub_.Find("sample", credit_.table()));
  RECBOTS_RETURN_IF_ERROR(CheckLimits(credit_));
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, RowSchemaFromProto(credit_.schema()));
  const int32_t max_rows = credit_.max_rows() == 0 ? kMaxBatchRows : credit_.max_rows();
  RECBOTS_RETURN_IF_ERROR(CheckBytes(credit_, schema, max_rows));
  if (credit_.observe() && hub->place.options().rate_limiter.kind == RateLimiterOptions::Kind::kQueue) {
    return absl::FailedPreconditionError(
        absl::StrCat("sample: table '", hub->place.name(),
                     "' is a queue, whose rows are gone once they are read: nobody can "
                     "look on"));
  }
  RECBOTS_RETURN_IF_ERROR(CheckRows({.caller = "sample",
                                     .client = "reader",
                                     .peer = call_.context().peer(),
                                     .schema = schema,
                                     .identity = credit_.identity(),
                                     .observes = credit_.observe()},
                                    *hub, hub_));
  if (credit_.observe()) {
    SetSideLocked(ParkingLot::kObserver);
  } else {
    RECBOTS_RETURN_IF_ERROR(hub->table().OpenReader(max_rows, credit_.max_batches()));
  }
  max_rows_ = max_rows;
  max_batches_ = credit_.max_batches();
  table_ = hub;
  ++(observes() ? table_->observers : table_->readers);
  call_.SendInitialMetadata();  // Tells the reader that it was accepted; the first batch may come much later.
  return absl::OkStatus();
}

absl::Status SampleStream::CheckCreditLocked() const {
  const int64_t acknowledged = credit_.acknowledged_batches();
  if (acknowledged < sent_.acknowledged() || acknowledged > sent_.drawn()) {
    return absl::InvalidArgumentError(absl::StrCat("sample: acknowledged_batches ", acknowledged, ", want ",
                                                   sent_.acknowledged(), "..", sent_.drawn()));
  }
  if (credit_.streams_below() < 0 || credit_.streams_below() > kMaxStreams) {
    return absl::InvalidArgumentError(
        absl::StrCat("sample: streams_below ", credit_.streams_below(), ", want 0..", kMaxStreams));
  }
  const int64_t batches = sent_.drawn() - acknowledged + static_cast<int64_t>(orders_.size()) + credit_.rows_size();
  if (batches > max_batches_) {
    return absl::InvalidArgumentError(
        absl::StrCat("sample: ", batches, " batches outstanding, want at most max_batches ", max_batches_));
  }
  int64_t rows = sent_.rows() + ordered_rows_;
  for (const int32_t num_rows : credit_.rows()) {
    if (num_rows < 0 || num_rows > max_rows_) {
      return absl::InvalidArgumentError(absl::StrCat("sample: a batch of ", num_rows, " rows, want 0..", max_rows_));
    }
    rows += num_rows;
  }
  if (rows > kMaxOutstandingRows) {
    return absl::InvalidArgumentError(
        absl::StrCat("sample: ", rows, " rows outstanding, want at most ", kMaxOutstandingRows));
  }
  return absl::OkStatus();
}

void SampleStream::TakeCreditLocked(std::vector<SentBatches::Keys>& used) {
  while (sent_.acknowledged() < credit_.acknowledged_batches()) used.push_back(sent_.TakeOldest());
  for (const int32_t num_rows : credit_.rows()) {
    orders_.push_back(num_rows);
    ordered_rows_ += num_rows;
  }
}

void SampleStream::TrySend() {
  BlockedOn blocked_on = BlockedOn::kNone;
  bool drawn = false;
  TableHub* table = nullptr;
  int64_t seen_wakes = 0;
  ParkingLot::Side side_parked = ParkingLot::kSampler;
  {
    MutexLock lock(&mu_);
    if (ending() || parked_) return;
    table = table_;
    side_parked = side();
    seen_wakes = table->lot.wakes(side_parked);
    blocked_on = TrySendLocked(drawn);
    parked_ = blocked_on != BlockedOn::kNone;
  }
  if (drawn) table->lot.Wake(ParkingLot::kInserter);
  if (blocked_on != BlockedOn::kNone) table->lot.Park(side_parked, shared_from_this(), blocked_on, seen_wakes);
}

BlockedOn SampleStream::TrySendLocked(bool& drawn) {
  if (writing() || orders_.empty()) return BlockedOn::kNone;
  const int32_t num_rows = orders_.front();
  const BlockedOn blocked_on = DrawLocked(num_rows);
  if (blocked_on != BlockedOn::kNone) {
    if (waits_for_ == BlockedOn::kNone) waits_since_ = Instant::Now();
    waits_for_ = blocked_on;
    return blocked_on;
  }
  drawn = num_rows > 0 && !observes();
  orders_.pop_front();
  ordered_rows_ -= num_rows;
  waits_for_ = BlockedOn::kNone;
  sent_bytes_ = 0;
  SendPartLocked();
  return BlockedOn::kNone;
}

BlockedOn SampleStream::DrawLocked(int32_t num_rows) {
  Table& table = table_->table();
  const size_t payload_bytes = table.schema().batch_bytes(static_cast<size_t>(num_rows));
  header_.mutable_keys()->Resize(num_rows, 0);
  header_.mutable_probabilities()->Resize(num_rows, 0);
  SampleResult result;
  if (num_rows > 0) {
    if (payload_.slice.size() != payload_bytes) payload_ = table_->pool.Take(payload_bytes);
    const auto draw = observes() ? &Table::Observe : &Table::Sample;
    result = (table.*draw)(num_rows, payload_.data, header_.mutable_keys()->mutable_data(),
                           header_.mutable_probabilities()->mutable_data());
    if (result.blocked_on != BlockedOn::kNone) return result.blocked_on;
    if (observes()) table_->observed_rows += num_rows;
  } else {
    payload_ = {};
    result.table = table.state();
    waits_for_ = result.table.samples_blocked_on;
    if (observes()) waits_for_ = result.table.rows > 0 ? BlockedOn::kNone : BlockedOn::kItems;
    waits_since_ = Instant::Now();
  }
  sent_.Add(header_.keys());
  header_.set_payload_bytes(static_cast<int64_t>(payload_bytes));
  header_.set_num_rows(num_rows);
  FillTableState(*table_, result.table, *header_.mutable_table());
  header_.set_blocked_on(static_cast<v1::BlockedOn>(waits_for_));
  const bool waited = waits_for_ != BlockedOn::kNone;
  header_.set_blocked_micros(waited ? absl::ToInt64Microseconds(Instant::Now() - waits_since_) : 0);
  return BlockedOn::kNone;
}

void SampleStream::SendPartLocked() {
  const size_t end = std::min(sent_bytes_ + kMaxPartBytes, payload_.slice.size());
  const grpc::Slice part = payload_.slice.sub(sent_bytes_, end);
  WriteLocked(EncodeSampleBatch(sent_bytes_ == 0 ? &header_ : nullptr, part, end == payload_.slice.size()));
  sent_bytes_ = end;
}

void SampleStream::Gone() {
  TableHub* table = nullptr;
  bool refunded = false;
  {
    MutexLock lock(&mu_);
    table = table_;
    payload_ = {};
    if (observes()) {
      --table_->observers;
      return;
    }
    for (; !sent_.empty(); refunded = true) table_->table().Refund(sent_.TakeOldest());
    if (table != nullptr) table->table().CloseReader(max_rows_, max_batches_);
  }
  if (table == nullptr) return;
  --table->readers;
  if (hub_.CountReader(-1)) hub_.AnnounceWindow();
  if (refunded) table->lot.Wake(ParkingLot::kSampler);
}

}  // namespace recbots::replay

#include "replay/service/insert_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/wire/row_schema_proto.h"
#include "replay/service/check_rows.h"
#include "replay/wire/proto_bytes.h"

namespace recbots::replay {
namespace {

constexpr size_t kMaxNameBytes = 256;
// A smaller block is the end of a series, and its writer may be waiting.
constexpr int64_t kFullBlockBytes = 32 << 10;
// With a window of fewer blocks, the writer would stand still while an acknowledgement waits for the next block.
constexpr int64_t kBlocksOfSmallWindow = 4;

absl::Status CheckHello(const v1::WriterHello& hello) {
  if (hello.writer_id().size() != sizeof(WriterId)) {
    return absl::InvalidArgumentError(
        absl::StrCat("insert: writer_id of ", hello.writer_id().size(), " bytes, want ", sizeof(WriterId)));
  }
  if (hello.writer_name().size() > kMaxNameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("insert: writer_name of ", hello.writer_name().size(), " bytes, want at most ", kMaxNameBytes));
  }
  return absl::OkStatus();
}

v1::BlockRefusal MakeRefusal(int64_t first_sequence, const absl::Status& status) {
  v1::BlockRefusal refusal;
  refusal.set_first_sequence(first_sequence);
  refusal.set_code(static_cast<int32_t>(status.code()));  // The same numbers on both sides.
  refusal.set_message(std::string(status.message()));
  return refusal;
}

}  // namespace

InsertStream::InsertStream(StreamHub* hub, RpcCall* call)
    : ServiceStream(hub, ParkingLot::kInserter, call), peer_(call->context().peer()) {}

void InsertStream::OnReadDone(bool ok) {
  Next next;
  TableHub* table = nullptr;
  int64_t seen_wakes = 0;
  {
    MutexLock lock(&mu_);
    if (ending()) return;
    if (!ok) {  // The writer has ended the stream.
      if (said_rows_ < acknowledged_rows_) AcknowledgeLocked();
      return EndLocked(absl::OkStatus());
    }
    if (table_ != nullptr) seen_wakes = table_->lot.wakes(ParkingLot::kInserter);
    next = ReadDoneLocked();
    table = table_;
  }
  if (next.wake_samplers) table->lot.Wake(ParkingLot::kSampler);
  if (next.park != BlockedOn::kNone) {
    table->lot.Park(ParkingLot::kInserter, shared_from_this(), next.park, seen_wakes);
  }
  if (next.announce_window) hub_.AnnounceWindow();
}

BlockedOn InsertStream::Resume() {
  Next next;
  TableHub* table = nullptr;
  {
    MutexLock lock(&mu_);
    if (ending()) return BlockedOn::kNone;
    next = ApplyLocked();
    table = table_;
  }
  if (next.wake_samplers) table->lot.Wake(ParkingLot::kSampler);
  return next.park;
}

void InsertStream::OnWriteDone(bool ok) {
  MutexLock lock(&mu_);
  WriteDoneLocked();
  if (ok && ack_due_) AcknowledgeLocked();
  MaybeFinishLocked();
}

void InsertStream::OnWindow() {
  MutexLock lock(&mu_);
  if (table_ == nullptr || ending() || said_window_ == hub_.window_bytes()) return;
  AcknowledgeLocked();
}

void InsertStream::OnCheckpoint() {
  MutexLock lock(&mu_);
  if (table_ == nullptr || ending()) return;
  const int64_t durable_rows = table_->table().DurableRows(writer_id_);
  if (durable_rows == durable_rows_) return;
  durable_rows_ = durable_rows;
  if (durable_) AcknowledgeLocked();
}

void InsertStream::Describe(v1::InfoResponse& response) {
  MutexLock lock(&mu_);
  if (table_ == nullptr || ending()) return;
  const Instant now = Instant::Now();
  v1::WriterInfo& writer = *response.add_writers();
  writer.set_name(writer_name_);
  writer.set_table(table_->table().name());
  writer.set_peer(peer_);
  writer.set_acknowledged_rows(acknowledged_rows_);
  writer.set_durable_rows(durable_rows_);
  writer.set_weights_version(weights_version_);
  writer.set_blocked_on(static_cast<v1::BlockedOn>(blocked_on_));
  const bool blocked = blocked_on_ != BlockedOn::kNone;
  writer.set_blocked_seconds(blocked ? absl::ToDoubleSeconds(now - blocked_since_) : 0);
  writer.set_idle_seconds(absl::ToDoubleSeconds(now - newest_block_));
}

void InsertStream::OnAckTimer() {
  MutexLock lock(&mu_);
  ack_later_ = false;
  if (!ending() && said_rows_ < acknowledged_rows_) AcknowledgeLocked();
}

InsertStream::Next InsertStream::ReadDoneLocked() {
  const absl::Status status = message_.Decode(in_);
  in_.Clear();
  if (!status.ok()) {
    EndLocked(status);
    return {};
  }
  const bool is_hello = message_.kind() == InsertMessage::Kind::kHello;
  if (is_hello != (table_ == nullptr)) {
    EndLocked(absl::InvalidArgumentError(is_hello ? "insert: a second hello, want a block or a commit"
                                                  : "insert: the first message is not a hello, want a hello"));
    return {};
  }
  if (is_hello) return AcceptHelloLocked();
  if (message_.kind() == InsertMessage::Kind::kBlock) return TakeBlockLocked();
  if (message_.kind() == InsertMessage::Kind::kFlush) {
    if (said_rows_ < acknowledged_rows_) AcknowledgeLocked();
  } else {
    CommitLocked();
  }
  ReadOnLocked();
  return {};
}

InsertStream::Next InsertStream::AcceptHelloLocked() {
  const absl::Status status = OpenLocked(message_.hello());
  if (!status.ok()) {
    EndLocked(status);
    return {};
  }
  Next next;
  next.announce_window = hub_.CountWriter(+1);
  ++table_->writers;
  AcknowledgeLocked();
  ReadOnLocked();
  return next;
}

absl::Status InsertStream::OpenLocked(const v1::WriterHello& hello) {
  RECBOTS_RETURN_IF_ERROR(CheckHello(hello));
  RECBOTS_ASSIGN_OR_RETURN(TableHub* const table, hub_.Find("insert", hello.table()));
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, RowSchemaFromProto(hello.schema()));
  RECBOTS_RETURN_IF_ERROR(
      CheckRows({"insert", "writer", peer_, schema, hello.identity(), /*writes=*/true}, *table, hub_));
  std::copy(hello.writer_id().begin(), hello.writer_id().end(), writer_id_.begin());
  writer_name_ = hello.writer_name();
  durable_ = hello.durable();
  RECBOTS_ASSIGN_OR_RETURN(acknowledged_rows_, table->table().OpenWriter(writer_id_));
  durable_rows_ = table->table().DurableRows(writer_id_);
  newest_block_ = Instant::Now();
  table_ = table;
  return absl::OkStatus();
}

void InsertStream::CommitLocked() {
  if (Checkpointer* const checkpointer = hub_.checkpointer(); checkpointer != nullptr) return checkpointer->Request();
  refused_commit_ = MakeRefusal(
      acknowledged_rows_, absl::FailedPreconditionError("commit: this server keeps no checkpoints (--checkpoint_dir)"));
  AcknowledgeLocked();
}

InsertStream::Next InsertStream::TakeBlockLocked() {
  newest_block_ = Instant::Now();
  const BlockView& block = message_.block();
  if (skipping_ && block.header.first_sequence > acknowledged_rows_) {  // Sent before the writer knew of the refusal.
    ReadOnLocked();
    return {};
  }
  skipping_ = false;
  const absl::Status status = CheckBlock(block, table_->table().schema().row_bytes(), priorities_);
  if (!status.ok()) {
    RefuseBlockLocked(status);
    return {};
  }
  rows_ = ByteRuns(block.rows);
  applied_ = 0;
  return ApplyLocked();
}

InsertStream::Next InsertStream::ApplyLocked() {
  const BlockHeader& header = message_.block().header;
  Table& table = table_->table();
  const absl::Span<const float> priorities = absl::MakeConstSpan(priorities_);
  const absl::StatusOr<InsertResult> result =
      table.Insert(writer_id_, header.first_sequence + applied_, rows_, header.num_rows - applied_,
                   priorities.subspan(priorities.empty() ? 0 : static_cast<size_t>(applied_)));
  if (!result.ok()) {
    RefuseBlockLocked(result.status());
    return {};
  }
  const int64_t taken = result->inserted + result->duplicates;
  rows_.Skip(static_cast<size_t>(taken) * table.schema().row_bytes());
  applied_ += taken;
  acknowledged_rows_ = result->acknowledged_rows;
  const bool reason_changed = result->blocked_on != blocked_on_;
  SetBlockedLocked(result->blocked_on);
  if (reason_changed) {
    AcknowledgeLocked();
  } else if (taken > 0) {
    AcknowledgeSoonLocked(result->blocked_on == BlockedOn::kNone);
  }
  if (result->blocked_on == BlockedOn::kNone) {
    weights_version_ = std::max(weights_version_, header.weights_version);
    table_->RaiseWeightsVersion(header.weights_version);
    ReadOnLocked();
  }
  return {.park = result->blocked_on, .wake_samplers = result->inserted > 0};
}

void InsertStream::RefuseBlockLocked(const absl::Status& status) {
  ++table_->refused_blocks;
  if (hub_.MayLog()) {
    RECBOTS_LOG(WARNING) << "refused a block" << Field("table", table_->table().name()) << Field("writer", writer_name_)
                         << Field("peer", peer_) << Field("error", status.message());
  }
  skipping_ = true;
  SetBlockedLocked(BlockedOn::kNone);
  refused_block_ = MakeRefusal(message_.block().header.first_sequence, status);
  AcknowledgeLocked();
  ReadOnLocked();
}

void InsertStream::ReadOnLocked() {
  message_.Clear();  // Returns the memory to gRPC before the next message needs memory.
  if (!ending()) ReadLocked();
}

void InsertStream::SetBlockedLocked(BlockedOn reason) {
  if (reason == blocked_on_) return;
  const Instant now = Instant::Now();
  if (blocked_on_ != BlockedOn::kNone) was_blocked_ = now - blocked_since_;
  blocked_on_ = reason;
  blocked_since_ = now;
}

void InsertStream::AcknowledgeSoonLocked(bool complete) {
  if (complete && message_.block().header.awaited) return AcknowledgeLocked();
  const auto row_bytes = static_cast<int64_t>(table_->table().schema().row_bytes());
  const auto block_bytes = static_cast<int64_t>(SizeOf(message_.block().rows));
  const int64_t unsaid_bytes = (acknowledged_rows_ - said_rows_) * row_bytes;
  const int64_t window_bytes = hub_.window_bytes();
  const bool of_many = block_bytes >= kFullBlockBytes && block_bytes * kBlocksOfSmallWindow <= window_bytes;
  if (complete && (!of_many || unsaid_bytes * 2 >= window_bytes)) return AcknowledgeLocked();
  if (ack_later_) return;
  ack_later_ = true;
  hub_.ack_timer().Add(shared_from_this());
}

void InsertStream::AcknowledgeLocked() {
  ack_due_ = writing();
  if (ack_due_) return;
  v1::InsertAck ack;
  ack.set_acknowledged_rows(acknowledged_rows_);
  said_rows_ = acknowledged_rows_;
  said_window_ = hub_.window_bytes();
  ack.set_window_bytes(said_window_);
  ack.set_blocked_on(static_cast<v1::BlockedOn>(blocked_on_));
  const bool blocked = blocked_on_ != BlockedOn::kNone;
  ack.set_blocked_micros(absl::ToInt64Microseconds(blocked ? Instant::Now() - blocked_since_ : was_blocked_));
  was_blocked_ = absl::ZeroDuration();
  ack.set_durable_rows(durable_rows_);
  ack.set_max_waiting_rows(
      table_->waiting.Share(table_->table().insert_room(), table_->writers.load(), Instant::Now()));
  // An acknowledgement has room for one refusal; the other one follows.
  std::optional<v1::BlockRefusal>& refusal = refused_block_ ? refused_block_ : refused_commit_;
  if (refusal) *ack.mutable_refusal() = *std::move(refusal);
  refusal.reset();
  if (!greeted_) ack.set_store_id(hub_.store().id());
  greeted_ = true;
  WriteLocked(ToBytes(ack));
  ack_due_ = refused_commit_.has_value();
}

void InsertStream::LastWordsLocked() {
  if (table_ == nullptr) return;
  SetBlockedLocked(BlockedOn::kDraining);
  AcknowledgeLocked();
}

void InsertStream::Gone() {
  TableHub* table = nullptr;
  WriterId id;
  {
    MutexLock lock(&mu_);
    message_.Clear();
    table = table_;
    id = writer_id_;
  }
  if (table == nullptr) return;
  table->table().CloseWriter(id);
  --table->writers;
  if (call_.context().IsCancelled() && !hub_.draining()) ++table->dead_writers;
  if (hub_.CountWriter(-1)) hub_.AnnounceWindow();
}

}  // namespace recbots::replay

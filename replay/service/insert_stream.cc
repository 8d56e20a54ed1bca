#include "replay/service/insert_stream.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/crc32c.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/wire/row_schema_proto.h"

namespace recbots::replay {
namespace {

constexpr int32_t kMaxBlockRows = 65536;
constexpr size_t kMaxBlockBytes = size_t{4} << 20;
constexpr size_t kMaxNameBytes = 256;

}  // namespace

InsertStream::InsertStream(StreamHub* hub) : StreamReactor(&hub->lot, ParkingLot::kInserter), hub_(*hub) {
  ++hub_.writers;
}

void InsertStream::Start() {
  const bool open = hub_.Add(std::static_pointer_cast<ServiceStream>(shared_from_this()));
  MutexLock lock(&mu_);
  if (!open) return EndLocked(absl::UnavailableError("replay is draining"));
  StartRead(&request_);
}

void InsertStream::OnReadDone(bool ok) {
  const int64_t seen_wakes = lot_.wakes();
  BlockedOn blocked_on = BlockedOn::kNone;
  bool inserted = false;
  {
    MutexLock lock(&mu_);
    if (ending()) return;
    if (!ok) return EndLocked(absl::OkStatus());  // The writer said all it had to say.
    if (!open_) {
      const absl::Status status = AcceptHelloLocked();
      if (!status.ok()) return EndLocked(status);
      AcknowledgeLocked(BlockedOn::kNone);
      return StartRead(&request_);
    }
    const absl::Status status = CheckBlockLocked();
    if (!status.ok()) return RefuseLocked(status);
    applied_ = 0;
    blocked_on = ApplyLocked(inserted);
  }
  if (inserted) lot_.Wake(ParkingLot::kSampler);
  if (blocked_on != BlockedOn::kNone) lot_.Park(ParkingLot::kInserter, shared_from_this(), blocked_on, seen_wakes);
}

BlockedOn InsertStream::Resume() {
  BlockedOn blocked_on = BlockedOn::kNone;
  bool inserted = false;
  {
    MutexLock lock(&mu_);
    if (ending()) return BlockedOn::kNone;
    blocked_on = ApplyLocked(inserted);
  }
  if (inserted) lot_.Wake(ParkingLot::kSampler);
  return blocked_on;
}

void InsertStream::OnWriteDone(bool ok) {
  MutexLock lock(&mu_);
  WriteDoneLocked();
  if (ok && ack_due_) AcknowledgeLocked(said_);
  MaybeFinishLocked();
}

void InsertStream::OnDone() {
  const std::shared_ptr<ServiceStream> self = hub_.Remove(this);
  SetGone();
  lot_.Leave(ParkingLot::kInserter, this);
  MutexLock lock(&mu_);
  if (open_) hub_.table.CloseWriter(writer_id_);
  --hub_.writers;
}

absl::Status InsertStream::AcceptHelloLocked() {
  if (!request_.has_hello()) return absl::InvalidArgumentError("insert: first message is not a hello, want a hello");
  const v1::WriterHello& hello = request_.hello();
  if (hello.writer_id().size() != writer_id_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("insert: writer_id of ", hello.writer_id().size(), " bytes, want ", writer_id_.size()));
  }
  if (hello.writer_name().size() > kMaxNameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("insert: writer_name of ", hello.writer_name().size(), " bytes, want at most ", kMaxNameBytes));
  }
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, RowSchemaFromProto(hello.schema()));
  if (const std::string difference = hub_.table.schema().DifferenceTo(schema); !difference.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("insert: the writer's rows are not the table's: ", difference));
  }
  std::copy(hello.writer_id().begin(), hello.writer_id().end(), writer_id_.begin());
  writer_name_ = hello.writer_name();
  RECBOTS_ASSIGN_OR_RETURN(acknowledged_, hub_.table.OpenWriter(writer_id_));
  open_ = true;
  return absl::OkStatus();
}

absl::Status InsertStream::CheckBlockLocked() const {
  if (!request_.has_block()) return absl::InvalidArgumentError("insert: message is not a block, want a block");
  const v1::InsertBlock& block = request_.block();
  if (block.num_rows() < 1 || block.num_rows() > kMaxBlockRows) {
    return absl::InvalidArgumentError(absl::StrCat("block: num_rows ", block.num_rows(), ", want 1..", kMaxBlockRows));
  }
  const size_t want = static_cast<size_t>(block.num_rows()) * hub_.table.schema().row_bytes();
  if (block.rows().size() != want || want > kMaxBlockBytes) {
    return absl::InvalidArgumentError(absl::StrCat("block: ", block.rows().size(), " bytes for ", block.num_rows(),
                                                   " rows of ", hub_.table.schema().row_bytes(), ", want ", want,
                                                   " and at most ", kMaxBlockBytes));
  }
  if (block.first_sequence() < 0 || block.first_sequence() > acknowledged_) {
    return absl::InvalidArgumentError(absl::StrCat("block: first_sequence ", block.first_sequence(), ", want 0..",
                                                   acknowledged_, ": rows between are missing"));
  }
  if (const uint32_t crc = Crc32c(block.rows()); crc != block.crc32c()) {
    return absl::InvalidArgumentError(
        absl::StrCat("block: crc32c ", absl::Hex(block.crc32c()), " of its rows, want ", absl::Hex(crc)));
  }
  return absl::OkStatus();
}

BlockedOn InsertStream::ApplyLocked(bool& inserted) {
  const v1::InsertBlock& block = request_.block();
  const char* const rows = block.rows().data() + static_cast<size_t>(applied_) * hub_.table.schema().row_bytes();
  const absl::StatusOr<InsertResult> result =
      hub_.table.Insert(writer_id_, block.first_sequence() + applied_, rows, block.num_rows() - applied_);
  if (!result.ok()) {
    RefuseLocked(result.status());
    return BlockedOn::kNone;
  }
  applied_ += result->inserted + result->duplicates;
  inserted = result->inserted > 0;
  const bool news = result->acknowledged_rows != acknowledged_ || result->duplicates > 0;
  acknowledged_ = result->acknowledged_rows;
  if (news || result->blocked_on != said_) AcknowledgeLocked(result->blocked_on);
  if (result->blocked_on != BlockedOn::kNone) return result->blocked_on;
  int64_t newest = hub_.weights_version.load(std::memory_order_relaxed);
  while (newest < block.weights_version() &&
         !hub_.weights_version.compare_exchange_weak(newest, block.weights_version())) {
  }
  StartRead(&request_);
  return BlockedOn::kNone;
}

void InsertStream::AcknowledgeLocked(BlockedOn blocked_on) {
  said_ = blocked_on;
  ack_due_ = writing();
  if (ack_due_) return;
  ack_.set_acknowledged_rows(acknowledged_);
  ack_.set_window_bytes(hub_.window_bytes);
  ack_.set_blocked_on(static_cast<v1::BlockedOn>(blocked_on));
  WriteLocked(&ack_);
}

void InsertStream::RefuseLocked(const absl::Status& status) {
  ++hub_.refused_blocks;
  RECBOTS_LOG(WARNING) << "refused a block" << Field("writer", writer_name_) << Field("error", status.message());
  EndLocked(status);
}

}  // namespace recbots::replay

#include "replay/client/batch_assembler.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots::replay {

BatchAssembler::BatchAssembler(std::shared_ptr<const RowSchema> schema, int32_t batch_size, int32_t max_spare)
    : schema_(std::move(schema)), batch_size_(batch_size), max_spare_(static_cast<size_t>(max_spare)) {
  MutexLock lock(&mu_);
  spare_.reserve(max_spare_);
}

void BatchAssembler::Reset() {
  if (begun_) Recycle(std::move(current_.batch));
  begun_ = false;
  complete_ = false;
}

absl::Status BatchAssembler::Add(const v1::SampleBatch& part) {
  if (part.has_header() == begun_) {
    return absl::InternalError(begun_ ? "batch: a header in a later part" : "batch: first part without a header");
  }
  if (!begun_) RECBOTS_RETURN_IF_ERROR(Begin(part.header()));
  ColumnBatch& batch = current_.batch;
  const size_t room = batch.size() - filled_;
  if (part.columns().size() > room) {
    return absl::InternalError(absl::StrCat("batch: a part of ", part.columns().size(), " bytes, want at most ", room));
  }
  std::memcpy(batch.data() + filled_, part.columns().data(), part.columns().size());
  filled_ += part.columns().size();
  if (part.last_part() && filled_ != batch.size()) {
    return absl::InternalError(absl::StrCat("batch: ", filled_, " bytes, want ", batch.size()));
  }
  complete_ = part.last_part();
  return absl::OkStatus();
}

SampledBatch BatchAssembler::Take() {
  begun_ = false;
  complete_ = false;
  return std::move(current_);
}

void BatchAssembler::Recycle(ColumnBatch batch) {
  if (batch.size() != schema_->batch_bytes(static_cast<size_t>(batch_size_))) return;
  MutexLock lock(&mu_);
  if (spare_.size() < max_spare_) spare_.push_back(std::move(batch));
}

absl::Status BatchAssembler::Begin(const v1::SampleHeader& header) {
  const auto want_bytes = static_cast<int64_t>(schema_->batch_bytes(static_cast<size_t>(batch_size_)));
  if (header.num_rows() != batch_size_ || header.payload_bytes() != want_bytes) {
    return absl::InternalError(absl::StrCat("batch: ", header.num_rows(), " rows in ", header.payload_bytes(),
                                            " bytes, want ", batch_size_, " in ", want_bytes));
  }
  current_.batch = TakeBuffer();
  current_.table = header.table();
  current_.blocked_on = static_cast<BlockedOn>(std::clamp<int>(header.blocked_on(), 1, kNumBlockedOn - 1));
  current_.blocked = absl::Microseconds(header.blocked_micros());
  filled_ = 0;
  begun_ = true;
  return absl::OkStatus();
}

ColumnBatch BatchAssembler::TakeBuffer() {
  {
    MutexLock lock(&mu_);
    if (!spare_.empty()) {
      ColumnBatch batch = std::move(spare_.back());
      spare_.pop_back();
      return batch;
    }
  }
  return ColumnBatch(schema_, batch_size_);
}

}  // namespace recbots::replay

#include "replay/client/part_reader.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots::replay {

absl::Status PartReader::Begin(const SampleMessage& message, const PartTarget& target) {
  if (!message.has_header()) return absl::InternalError("batch: first part without a header");
  const v1::SampleHeader& header = message.header();
  const auto num_rows = static_cast<size_t>(target.num_rows);
  payload_bytes_ = num_rows == 0 ? 0 : schema_.batch_bytes(num_rows);
  if (header.num_rows() != target.num_rows || header.payload_bytes() != static_cast<int64_t>(payload_bytes_)) {
    return absl::InternalError(absl::StrCat("batch: ", header.num_rows(), " rows in ", header.payload_bytes(),
                                            " bytes, want ", num_rows, " in ", payload_bytes_));
  }
  if (header.keys_size() != target.num_rows || header.probabilities_size() != target.num_rows) {
    return absl::InternalError(absl::StrCat("batch: ", header.keys_size(), " keys and ", header.probabilities_size(),
                                            " probabilities for ", num_rows, " rows"));
  }
  begun_ = true;
  complete_ = false;
  target_ = target;
  position_ = 0;
  column_ = 0;
  for (int i = 0; i < target.num_rows; ++i) {
    const auto row = static_cast<size_t>(target.first_row + i);
    target.batch->keys[row] = WithShard(header.keys(i), shard_);
    target.batch->probabilities[row] = static_cast<float>(target.share * double{header.probabilities(i)});
  }
  return absl::OkStatus();
}

absl::Status PartReader::Copy(const SampleMessage& message) {
  RECBOTS_CHECK(begun_);
  const size_t bytes = SizeOf(message.columns());
  if (bytes > payload_bytes_ - position_) {
    return absl::InternalError(
        absl::StrCat("batch: a part of ", bytes, " bytes, want at most ", payload_bytes_ - position_));
  }
  for (const absl::string_view piece : message.columns()) CopyPiece(piece);
  if (message.last_part() && position_ != payload_bytes_) {
    return absl::InternalError(absl::StrCat("batch: ", position_, " bytes, want ", payload_bytes_));
  }
  complete_ = message.last_part();
  begun_ = !complete_;
  return absl::OkStatus();
}

void PartReader::CopyPiece(absl::string_view piece) {
  ColumnBatch& batch = target_.batch->batch;
  if (target_.num_rows < batch.num_rows()) return CopyWithinColumns(piece);
  std::memcpy(batch.data() + position_, piece.data(), piece.size());
  position_ += piece.size();
}

void PartReader::CopyWithinColumns(absl::string_view piece) {
  ColumnBatch& batch = target_.batch->batch;
  const auto rows = static_cast<size_t>(target_.num_rows);
  while (!piece.empty()) {
    while (position_ >= schema_.batch_offset(column_ + 1, rows)) ++column_;
    const size_t within = position_ - schema_.batch_offset(column_, rows);
    const size_t column_bytes = schema_.column_bytes(column_) * rows;
    size_t bytes = 0;
    if (within < column_bytes) {
      bytes = std::min(piece.size(), column_bytes - within);
      const size_t first = schema_.column_bytes(column_) * static_cast<size_t>(target_.first_row);
      char* const column = batch.data() + schema_.batch_offset(column_, static_cast<size_t>(batch.num_rows()));
      std::memcpy(column + first + within, piece.data(), bytes);
    } else {  // Padding.
      bytes = std::min(piece.size(), schema_.batch_offset(column_ + 1, rows) - position_);
    }
    piece.remove_prefix(bytes);
    position_ += bytes;
  }
}

}  // namespace recbots::replay

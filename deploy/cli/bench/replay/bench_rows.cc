#include "deploy/cli/bench/replay/bench_rows.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/crc32c.h"
#include "common/base/random.h"

namespace recbots::replay_bench {
namespace {

// Bytes of rows that a writer prepares; they stay in the second-level cache, like an actor's fresh rows.
constexpr size_t kPreparedBytes = 64 << 10;

struct Stamp {
  uint32_t writer;
  uint32_t check;  // Of the rest of the row, writer and sequence
  uint64_t sequence;
};

uint32_t Check(uint32_t crc, uint32_t writer, uint64_t sequence) {
  const uint64_t mixed = (sequence + writer * uint64_t{0x9E3779B97F4A7C15}) * 0xD6E8FEB86659FD93;
  return crc ^ static_cast<uint32_t>(mixed >> 32);
}

uint32_t CrcBehindStamp(const char* row, size_t row_bytes) {
  return Crc32c({row + sizeof(Stamp), row_bytes - sizeof(Stamp)});
}

// Fills only columns, because the bytes between them are not transmitted.
void FillRow(const RowSchema& schema, uint32_t writer, uint32_t row, char* to) {
  Rng rng(/*seed=*/1, Purpose::kTest, {writer, row, 0});
  for (size_t i = 0; i < schema.columns().size(); ++i) {
    for (size_t at = 0; at < schema.column_bytes(i); at += sizeof(float)) {
      const auto value = static_cast<float>(rng.Uniform());
      std::memcpy(to + schema.offset(i) + at, &value, sizeof(value));
    }
  }
}

}  // namespace

absl::StatusOr<RowSchema> PayloadSchema(int64_t row_bytes) {
  return RowSchema::Create({{"payload", DType::kFloat32, {static_cast<int32_t>(row_bytes / 4)}}});
}

RowMaker::RowMaker(const RowSchema& schema, uint32_t writer)
    : row_bytes_(schema.row_bytes()),
      writer_(writer),
      num_rows_(static_cast<int64_t>(std::max<size_t>(2, kPreparedBytes / row_bytes_))),
      rows_(static_cast<size_t>(num_rows_) * row_bytes_) {
  for (int64_t i = 0; i < num_rows_; ++i) {
    char* row = rows_.data() + static_cast<size_t>(i) * row_bytes_;
    FillRow(schema, writer, static_cast<uint32_t>(i), row);
    crcs_.push_back(CrcBehindStamp(row, row_bytes_));
  }
}

const char* RowMaker::Prepare() {
  for (size_t i = 0; i < crcs_.size(); ++i) {
    const uint64_t sequence = sequence_ + i;
    const Stamp stamp{writer_, Check(crcs_[i], writer_, sequence), sequence};
    std::memcpy(rows_.data() + i * row_bytes_, &stamp, sizeof(stamp));
  }
  return rows_.data();
}

absl::Status CheckRows(const replay::ColumnBatch& batch) {
  const RowSchema& schema = batch.schema();
  std::vector<char> row(schema.row_bytes());
  const auto num_rows = static_cast<size_t>(batch.num_rows());
  for (size_t r = 0; r < num_rows; ++r) {
    for (size_t i = 0; i < schema.columns().size(); ++i) {
      const size_t bytes = schema.column_bytes(i);
      std::memcpy(row.data() + schema.offset(i), batch.data() + schema.batch_offset(i, num_rows) + r * bytes, bytes);
    }
    Stamp stamp;
    std::memcpy(&stamp, row.data(), sizeof(stamp));
    if (stamp.check != Check(CrcBehindStamp(row.data(), row.size()), stamp.writer, stamp.sequence)) {
      return absl::DataLossError(absl::StrCat("row ", r, " of a batch of ", num_rows, " is not as writer ",
                                              stamp.writer, " wrote it at ", stamp.sequence));
    }
  }
  return absl::OkStatus();
}

}  // namespace recbots::replay_bench

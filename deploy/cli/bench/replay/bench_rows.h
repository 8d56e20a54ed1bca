// Rows that contain their writer, their sequence number and a checksum, so that batches can be checked: no figure
// counts before that.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "replay/table/column_batch.h"

namespace recbots::replay_bench {

// One column "payload" of float32, row_bytes in all: a multiple of 8, at least 24.
absl::StatusOr<RowSchema> PayloadSchema(int64_t row_bytes);

// Rows of one writer: random numbers, which cannot be compressed, behind a stamp of 16 bytes. Not thread-safe.
class RowMaker {
 public:
  RowMaker(const RowSchema& schema, uint32_t writer);

  // The next rows, at most as many as one call of Append takes. Returns the same rows until Took tells how many were
  // taken.
  const char* Prepare();
  int64_t num_rows() const { return num_rows_; }
  void Took(int64_t rows) { sequence_ += static_cast<uint64_t>(rows); }

 private:
  const size_t row_bytes_;
  const uint32_t writer_;
  uint64_t sequence_ = 0;
  int64_t num_rows_;
  std::vector<char> rows_;
  std::vector<uint32_t> crcs_;  // Of the bytes after the stamps
};

// Reassembles the rows of a batch and checks each. DATA_LOSS: a row differs from what was written; names the first.
absl::Status CheckRows(const replay::ColumnBatch& batch);

}  // namespace recbots::replay_bench

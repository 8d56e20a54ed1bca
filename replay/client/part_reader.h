// Copies what arrives of a batch, straight from the memory it came in to the rows it belongs to.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/base/row_schema.h"
#include "replay/table/sampled_batch.h"
#include "replay/wire/sample_codec.h"

namespace recbots::replay {

// Where a part belongs: rows first_row.. of the batch. Without rows: nowhere, it only asks for the table's state.
struct PartTarget {
  SampledBatch* batch = nullptr;
  int32_t first_row = 0;
  int32_t num_rows = 0;
  double share = 1;  // Probability that a row of the batch is drawn from this shard.
};

// One part at a time, in as many messages as it takes. Not thread-safe.
class PartReader {
 public:
  // `shard` goes into keys. The schema outlives the reader.
  PartReader(const RowSchema* schema, int shard) : schema_(*schema), shard_(shard) {}

  // Forgets a part of which not all came.
  void Reset() { begun_ = complete_ = false; }
  bool begun() const { return begun_; }
  // The last message completed the part; the next one begins another.
  bool complete() const { return complete_; }

  // Begins with the first message of a part, which has the header.
  //   INTERNAL  it is not what was ordered; names value and bound
  absl::Status Begin(const SampleMessage& message, const PartTarget& target);
  // Copies the columns of that or a later message. Requires begun().
  //   INTERNAL  too many or too few bytes
  absl::Status Copy(const SampleMessage& message);

 private:
  // Copies the next bytes of the payload.
  void CopyPiece(absl::string_view piece);
  void CopyWithinColumns(absl::string_view piece);

  const RowSchema& schema_;
  const int shard_;

  bool begun_ = false;
  bool complete_ = false;
  PartTarget target_;
  size_t payload_bytes_ = 0;
  size_t position_ = 0;  // Bytes of the payload that came.
  size_t column_ = 0;    // That the next byte belongs to.
};

}  // namespace recbots::replay

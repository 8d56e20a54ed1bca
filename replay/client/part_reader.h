// Copies the parts of a batch as they arrive, straight from the memory of their messages to their rows.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/base/row_schema.h"
#include "replay/table/sampled_batch.h"
#include "replay/wire/sample_codec.h"

namespace recbots::replay {

// Where a part belongs: num_rows rows of the batch, from first_row on. If num_rows is 0, the part only tells the
// table's state.
struct PartTarget {
  SampledBatch* batch = nullptr;
  int32_t first_row = 0;
  int32_t num_rows = 0;
  double share = 1;  // Probability that a row of the batch is drawn from this shard.
};

// Reads one part at a time, which may come in several messages. Not thread-safe.
class PartReader {
 public:
  // `shard` becomes part of the keys. The schema outlives the reader.
  PartReader(const RowSchema* schema, int shard) : schema_(*schema), shard_(shard) {}

  // Forgets a part that did not come completely.
  void Reset() { begun_ = complete_ = false; }
  bool begun() const { return begun_; }
  // The last message completed the part; the next one begins another.
  bool complete() const { return complete_; }

  // Begins a part with its first message, which has the header.
  //   INTERNAL  the part is not what was ordered; names value and bound
  absl::Status Begin(const SampleMessage& message, const PartTarget& target);
  // Copies the columns of the first or of a later message. Requires begun().
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
  size_t position_ = 0;  // How many bytes of the payload have come.
  size_t column_ = 0;    // The column that the next byte belongs to.
};

}  // namespace recbots::replay

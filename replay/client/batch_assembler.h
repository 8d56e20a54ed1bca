// Puts the parts of a batch together, in memory that is used again and again.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/replay_sampler.h"

namespace recbots::replay {

// Recycle may be called by any thread; the rest by one at a time.
class BatchAssembler {
 public:
  // Keeps up to max_spare buffers.
  BatchAssembler(std::shared_ptr<const RowSchema> schema, int32_t batch_size, int32_t max_spare);

  // Forgets a batch of which only parts came.
  void Reset();
  // Takes the next part; complete() then says whether it was the last.
  //   INTERNAL  the parts do not make a batch of the schema; names value and bound
  absl::Status Add(const v1::SampleBatch& part);
  bool complete() const { return complete_; }
  // The batch. Requires complete().
  SampledBatch Take();

  void Recycle(ColumnBatch batch) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Status Begin(const v1::SampleHeader& header);
  ColumnBatch TakeBuffer() ABSL_LOCKS_EXCLUDED(mu_);

  const std::shared_ptr<const RowSchema> schema_;
  const int32_t batch_size_;
  const size_t max_spare_;

  SampledBatch current_;
  bool begun_ = false;
  bool complete_ = false;
  size_t filled_ = 0;

  Mutex mu_;
  std::vector<ColumnBatch> spare_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots::replay

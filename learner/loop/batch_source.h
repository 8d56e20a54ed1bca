// Where the learner's loop gets its batches from, so that it can be tested without a network.
#pragma once

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/instant.h"
#include "replay/client/replay_sampler.h"

namespace recbots {

// Functions as those of replay::ReplaySampler. Thread-safe.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual absl::StatusOr<replay::SampledBatch> Next(Instant deadline) = 0;
  virtual absl::Status UpdatePriorities(absl::Span<const replay::ItemKey> keys, absl::Span<const float> priorities) = 0;
  virtual void Recycle(replay::SampledBatch batch) = 0;
  virtual absl::Status status() const = 0;
  // Priorities that went nowhere because the row's shard was away.
  virtual int64_t dropped_priorities() const = 0;
};

// The sampler, which it borrows.
class ReplayBatchSource final : public BatchSource {
 public:
  explicit ReplayBatchSource(replay::ReplaySampler& sampler) : sampler_(sampler) {}

  absl::StatusOr<replay::SampledBatch> Next(Instant deadline) override { return sampler_.Next(deadline); }
  absl::Status UpdatePriorities(absl::Span<const replay::ItemKey> keys, absl::Span<const float> priorities) override {
    return sampler_.UpdatePriorities(keys, priorities);
  }
  void Recycle(replay::SampledBatch batch) override { sampler_.Recycle(std::move(batch)); }
  absl::Status status() const override { return sampler_.status(); }
  int64_t dropped_priorities() const override { return sampler_.stats().dropped_priorities; }

 private:
  replay::ReplaySampler& sampler_;
};

}  // namespace recbots

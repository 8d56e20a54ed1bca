// Batches from the replay service.
#pragma once

#include <cstdint>
#include <utility>

#include "learner/loop/batch_source.h"
#include "replay/client/replay_sampler.h"

namespace recbots {

// The sampler, which it borrows.
class ReplayBatchSource final : public BatchSource {
 public:
  explicit ReplayBatchSource(replay::ReplaySampler& sampler) : sampler_(sampler) {}

  absl::StatusOr<replay::SampledBatch> Next(Instant deadline) override {
    absl::StatusOr<replay::SampledBatch> sampled = sampler_.Next(deadline);
    if (sampled.ok()) env_steps_ = sampled->counts.inserted;
    return sampled;
  }
  absl::Status UpdatePriorities(absl::Span<const replay::ItemKey> keys, absl::Span<const float> priorities) override {
    return sampler_.UpdatePriorities(keys, priorities);
  }
  void Recycle(replay::SampledBatch batch) override { sampler_.Recycle(std::move(batch)); }
  absl::Status status() const override { return sampler_.status(); }
  int64_t dropped_priorities() const override { return sampler_.stats().dropped_priorities; }
  int64_t env_steps() const override { return env_steps_; }
  bool drained() const override { return true; }

 private:
  replay::ReplaySampler& sampler_;
  int64_t env_steps_ = 0;  // Rows that replay had counted when it drew the newest batch.
};

}  // namespace recbots

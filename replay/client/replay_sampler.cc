#include "replay/client/replay_sampler.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/wait_board.h"
#include "replay/client/address_watch.h"
#include "replay/client/shard_sampler.h"
#include "replay/client/shard_set.h"
#include "replay/wire/sample_codec.h"

namespace recbots::replay {
class ReplaySampler::Impl {
 public:
  Impl(const RowSchema& schema, const ReplaySamplerOptions& options)
      : shared_(schema, options),
        watch_(options.resolver, {.on_addresses = [this](const Resolution& found) { OnAddresses(found); },
                                  .away = [this] { return SomethingAway(); },
                                  .waits = options.retry.waits,
                                  .addresses = options.address}) {}
  ~Impl() { Close(); }

  absl::StatusOr<SampledBatch> Next(Instant deadline);
  absl::Status UpdatePriorities(absl::Span<const ItemKey> keys, absl::Span<const float> priorities);
  void Recycle(SampledBatch batch) {
    MutexLock lock(&shared_.mu);
    shared_.queue.Recycle(std::move(batch));
  }
  void UseStreams(int64_t below) { shared_.UseStreams(below); }
  void Close() {
    MutexLock lock(&shared_.mu);
    shared_.closed = true;
  }
  absl::Status status() const {
    MutexLock lock(&shared_.mu);
    return shared_.final_error;
  }
  ReplaySamplerStats stats() const;
  std::vector<ShardChannel> connected_shards() const {
    MutexLock lock(&shared_.mu);
    std::vector<ShardChannel> connected;
    for (const auto& shard : shared_.shards) {
      if (shard == nullptr || !shard->link.connected()) continue;
      connected.push_back({shard->link.address().target, shard->link.channel()});
    }
    return connected;
  }

 private:
  absl::Status NothingCame(const ScopedWait& wait) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_.mu);

  // Called by watch_.
  bool SomethingAway() const {
    const ReplaySamplerStats now = stats();
    return now.shards == 0 || now.connected_shards < now.shards;
  }
  void OnAddresses(const Resolution& found) ABSL_LOCKS_EXCLUDED(shared_.mu);

  SamplerShared shared_;
  // Used by the thread of watch_ only.
  ShardSet set_;
  std::array<std::unique_ptr<ShardSampler>, kMaxShards> threads_;  // By the shards' ordinals.

  AddressWatch watch_;  // The last member: it ends before threads_.
};

absl::StatusOr<SampledBatch> ReplaySampler::Impl::Next(Instant deadline) {
  MutexLock lock(&shared_.mu);
  // A batch counts as used only now, not when it was taken: if the learner dies over it, a queue gives it to the next.
  shared_.queue.Use();
  shared_.Advance();
  const auto over = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return shared_.queue.ready() || shared_.Ended(); };
  if (!over()) {
    // The caller shows it: its own wait may be longer than this one.
    const ScopedWait wait(nullptr, {.thing = "a batch from replay", .peer = shared_.options.address});
    shared_.mu.AwaitUntil(over, deadline);
    shared_.stats.waited += wait.waited();
    if (!over()) return NothingCame(wait);
  }
  if (shared_.closed) return absl::CancelledError("replay sampler: closed");
  if (!shared_.queue.ready()) return shared_.final_error;
  SampledBatch batch = shared_.queue.Take();
  ++shared_.stats.batches;
  shared_.Advance();
  return batch;
}

absl::Status ReplaySampler::Impl::NothingCame(const ScopedWait& wait) const {
  const bool connected = shared_.connections.any();
  const absl::Status& error = shared_.last_error;
  return absl::DeadlineExceededError(absl::StrCat(wait.TimedOut().message(),
                                                  connected ? ": connected, it holds them back" : "",
                                                  "; last error: ", error.ok() ? "none" : error.message()));
}

absl::Status ReplaySampler::Impl::UpdatePriorities(absl::Span<const ItemKey> keys, absl::Span<const float> priorities) {
  if (keys.size() != priorities.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay sampler: ", keys.size(), " keys and ", priorities.size(), " priorities"));
  }
  absl::Status refused;
  MutexLock lock(&shared_.mu);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!(priorities[i] >= 0 && priorities[i] <= std::numeric_limits<float>::max())) {
      if (!refused.ok()) continue;
      refused = absl::InvalidArgumentError(
          absl::StrCat("replay sampler: priority ", priorities[i], " of row ", i, ", want finite and at least 0"));
      continue;
    }
    const auto& shard = shared_.shards[static_cast<size_t>(ShardOf(keys[i]))];
    shared_.stats.dropped_priorities += shard == nullptr ? 1 : shard->session.AddPriority(keys[i], priorities[i]);
  }
  return refused;
}

ReplaySamplerStats ReplaySampler::Impl::stats() const {
  MutexLock lock(&shared_.mu);
  ReplaySamplerStats stats = shared_.stats;
  for (const auto& shard : shared_.shards) {
    if (shard == nullptr) continue;
    ++stats.shards;
    if (shard->link.connected()) ++stats.connected_shards;
  }
  return stats;
}

void ReplaySampler::Impl::OnAddresses(const Resolution& found) {
  ShardChanges changes;
  std::vector<size_t> ordinals;
  {
    MutexLock lock(&shared_.mu);
    if (shared_.closed) return;
    std::vector<ShardSet::Member> members;
    for (size_t i = 0; i < kMaxShards; ++i) {
      const auto& shard = shared_.shards[i];
      if (shard == nullptr) continue;
      ordinals.push_back(i);
      members.push_back({shard->link.target(), shard->link.connected()});
    }
    changes = set_.Update(found.shards, members, Instant::Now());
    for (const auto& [i, address] : changes.moved) shared_.shards[ordinals[i]]->link.MoveTo(address);
    for (const size_t i : changes.gone) {
      RECBOTS_LOG(INFO) << "a shard of replay is gone" << Field("address", members[i].target);
    }
  }
  for (const size_t i : changes.gone) threads_[ordinals[i]].reset();
  MutexLock lock(&shared_.mu);
  for (const size_t i : changes.gone) shared_.RemoveShard(ordinals[i]);
  for (const ShardAddress& address : changes.added) {
    if (shared_.queue.num_shards() == kMaxShards) break;
    const size_t i = shared_.AddShard(address);
    threads_[i] = std::make_unique<ShardSampler>(&shared_, shared_.shards[i].get(), static_cast<int>(i));
  }
  if (shared_.queue.num_shards() == 0)
    shared_.Fail(shared_.connections.CheckAway(shared_.options.address, found.status));
  if (!found.status.ok() && shared_.last_error.ok()) shared_.last_error = found.status;
}

absl::StatusOr<std::unique_ptr<ReplaySampler>> ReplaySampler::Create(const RowSchema& schema,
                                                                     const ReplaySamplerOptions& given) {
  RECBOTS_CHECK(!schema.columns().empty());
  ReplaySamplerOptions options = given;
  if (options.batch_size < 1 || options.batch_size > kMaxBatchRows) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay sampler: batch_size ", options.batch_size, ", want 1..", kMaxBatchRows));
  }
  if (options.batches_in_flight < 1 || options.batches_in_flight > kMaxBatches) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay sampler: batches_in_flight ", options.batches_in_flight, ", want 1..", kMaxBatches));
  }
  if (options.resolver == nullptr) {
    RECBOTS_ASSIGN_OR_RETURN(options.resolver, MakeAddressResolver(options.address));
  }
  return std::unique_ptr<ReplaySampler>(new ReplaySampler(std::make_unique<Impl>(schema, options)));
}

ReplaySampler::ReplaySampler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReplaySampler::~ReplaySampler() = default;
absl::StatusOr<SampledBatch> ReplaySampler::Next(Instant deadline) { return impl_->Next(deadline); }
absl::Status ReplaySampler::UpdatePriorities(absl::Span<const ItemKey> keys, absl::Span<const float> priorities) {
  return impl_->UpdatePriorities(keys, priorities);
}
void ReplaySampler::UseStreams(int64_t below) { impl_->UseStreams(below); }
void ReplaySampler::Recycle(SampledBatch batch) { impl_->Recycle(std::move(batch)); }
std::vector<ShardChannel> ReplaySampler::connected_shards() const { return impl_->connected_shards(); }
void ReplaySampler::Close() { impl_->Close(); }
absl::Status ReplaySampler::status() const { return impl_->status(); }
ReplaySamplerStats ReplaySampler::stats() const { return impl_->stats(); }

}  // namespace recbots::replay

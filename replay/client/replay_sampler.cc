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
#include "replay/client/address_watch.h"
#include "replay/client/shard_sampler.h"
#include "replay/client/shard_set.h"
#include "replay/wire/sample_codec.h"

namespace recbots::replay {
namespace {

// A shard that holds up a batch for so long, while another has nothing to do, is left out for a while.
constexpr absl::Duration kPatience = absl::Seconds(3);
constexpr absl::Duration kSuspension = absl::Seconds(10);

}  // namespace

class ReplaySampler::Impl {
 public:
  Impl(const RowSchema& schema, const ReplaySamplerOptions& options) : shared_(schema, options) {
    shared_.advance = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { Advance(); };
    shared_.tell_streams = [this](int64_t heard) {
      if (shared_.options.on_streams) UseStreams(shared_.options.on_streams(heard));
    };
    watch_.emplace(options.resolver,
                   AddressWatch::Handlers{.on_addresses = [this](const Resolution& found) { OnAddresses(found); },
                                          .away = [this] { return SomethingAway(); }});
  }
  ~Impl() {
    Close();
    watch_.reset();
    std::array<Owned, kMaxShards> gone;  // Destroyed without the mutex.
    MutexLock lock(&shared_.mu);
    gone.swap(shards_);
    shared_.mu.Unlock();
    for (Owned& shard : gone) shard.reset();
    shared_.mu.Lock();
  }

  absl::StatusOr<SampledBatch> Next(Instant deadline);
  absl::Status UpdatePriorities(absl::Span<const ItemKey> keys, absl::Span<const float> priorities);
  void Recycle(SampledBatch batch) {
    MutexLock lock(&shared_.mu);
    shared_.queue.Recycle(std::move(batch));
  }
  void UseStreams(int64_t below) {
    MutexLock lock(&shared_.mu);
    shared_.streams_below = std::max(shared_.streams_below, below);
    Advance();
  }
  void Close() {
    MutexLock lock(&shared_.mu);
    shared_.closed = true;
  }
  absl::Status status() const {
    MutexLock lock(&shared_.mu);
    return shared_.final_error;
  }
  ReplaySamplerStats stats() const;

 private:
  using Owned = std::unique_ptr<ShardSampler>;

  // Orders what can be ordered, and ends streams that would hold everything up.
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_.mu);
  absl::Status NothingCame() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_.mu);

  // Called by the watch.
  bool SomethingAway() const {
    const ReplaySamplerStats now = stats();
    return now.shards == 0 || now.connected_shards < now.shards;
  }
  void OnAddresses(const Resolution& found) ABSL_LOCKS_EXCLUDED(shared_.mu);

  SamplerShared shared_;
  ShardSet set_;                          // Used by the watch only.
  std::array<Owned, kMaxShards> shards_;  // Changed by the watch only, under shared_.mu.
  std::optional<AddressWatch> watch_;
};

absl::StatusOr<SampledBatch> ReplaySampler::Impl::Next(Instant deadline) {
  MutexLock lock(&shared_.mu);
  // Not when it was taken: a learner that dies over a batch has not used it, and a queue gives it to the next one.
  shared_.queue.Use();
  Advance();
  const auto over = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return shared_.queue.ready() || shared_.closed || !shared_.final_error.ok();
  };
  if (!over()) {
    const Instant start = Instant::Now();
    shared_.mu.AwaitUntil(over, deadline);
    shared_.stats.waited += Instant::Now() - start;
  }
  if (shared_.closed) return absl::CancelledError("replay sampler: closed");
  if (!shared_.queue.ready()) return shared_.final_error.ok() ? NothingCame() : shared_.final_error;
  SampledBatch batch = shared_.queue.Take();
  ++shared_.stats.batches;
  Advance();
  return batch;
}

absl::Status ReplaySampler::Impl::NothingCame() const {
  const bool connected = shared_.contact.any();
  const absl::Status& error = shared_.last_error;
  return absl::DeadlineExceededError(absl::StrCat("no batch from replay at ", shared_.options.address,
                                                  connected ? ": connected, it holds them back" : "",
                                                  "; last error: ", error.ok() ? "none" : error.message()));
}

void ReplaySampler::Impl::Advance() {
  const Instant now = Instant::Now();
  if (const auto stalled = shared_.queue.Stalled(now, kPatience); stalled.has_value()) {
    RECBOTS_LOG(WARNING) << "a shard of replay holds batches up, going on without it"
                         << Field("address", shards_[static_cast<size_t>(*stalled)]->target());
    shared_.queue.Suspend(*stalled, now + kSuspension);
    shards_[static_cast<size_t>(*stalled)]->Restart();
  }
  shared_.queue.Place(now);
  for (const Owned& shard : shards_) {
    if (shard != nullptr) shard->SendCredit(/*all=*/false);
  }
  if (!shared_.queue.Stuck()) return;
  shared_.queue.AwaitCloses();
  for (const Owned& shard : shards_) {
    if (shard != nullptr) shard->Restart();
  }
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
    const Owned& shard = shards_[static_cast<size_t>(ShardOf(keys[i]))];
    if (shard == nullptr || !shard->AddPriority(keys[i], priorities[i])) ++shared_.stats.dropped_priorities;
  }
  return refused;
}

ReplaySamplerStats ReplaySampler::Impl::stats() const {
  MutexLock lock(&shared_.mu);
  ReplaySamplerStats stats = shared_.stats;
  for (const Owned& shard : shards_) {
    if (shard == nullptr) continue;
    ++stats.shards;
    if (shard->connected()) ++stats.connected_shards;
  }
  return stats;
}

void ReplaySampler::Impl::OnAddresses(const Resolution& found) {
  std::vector<Owned> gone;  // Destroyed without the mutex.
  std::vector<int> dropped;
  MutexLock lock(&shared_.mu);
  if (shared_.closed) return;
  std::vector<ShardSampler*> shards;
  std::vector<ShardSet::Member> members;
  for (const Owned& shard : shards_) {
    if (shard == nullptr) continue;
    shards.push_back(shard.get());
    members.push_back({shard->target(), shard->connected()});
  }
  const ShardChanges changes = set_.Update(found.shards, members, Instant::Now());
  for (const auto& [i, address] : changes.moved) shards[i]->MoveTo(address);
  for (const size_t i : changes.gone) {
    RECBOTS_LOG(INFO) << "a shard of replay is gone" << Field("address", members[i].target);
    shards[i]->Stop();
    dropped.push_back(shards[i]->shard());
    gone.push_back(std::move(shards_[static_cast<size_t>(dropped.back())]));
  }
  shared_.mu.Unlock();
  gone.clear();
  shared_.mu.Lock();
  for (const int shard : dropped) shared_.queue.RemoveShard(shard);
  for (const ShardAddress& address : changes.added) {
    if (shared_.queue.num_shards() == kMaxShards) break;
    const int shard = shared_.queue.AddShard();
    shards_[static_cast<size_t>(shard)] = std::make_unique<ShardSampler>(&shared_, address, shard);
  }
  if (shared_.queue.num_shards() == 0 && shared_.final_error.ok()) {
    shared_.final_error = shared_.contact.CheckAway(shared_.options.address, found.status);
  }
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
void ReplaySampler::Close() { impl_->Close(); }
absl::Status ReplaySampler::status() const { return impl_->status(); }
ReplaySamplerStats ReplaySampler::stats() const { return impl_->stats(); }

}  // namespace recbots::replay

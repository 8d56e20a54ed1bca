#include "replay/client/batch_queue.h"

#include <algorithm>
#include <utility>

#include "absl/numeric/int128.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/random.h"

namespace recbots::replay {
namespace {

// Keeps these draws apart from those of tables, which use the same purpose.
constexpr uint32_t kDrawsOfShards = 0xFFFFFFFF;
// The state of a shard is asked for again when it is this old: that of a shard without rows, that of any shard.
constexpr absl::Duration kAskEmpty = absl::Milliseconds(100);
constexpr absl::Duration kAskAny = absl::Seconds(1);

}  // namespace

BatchQueue::BatchQueue(const Options& options) : options_(options), shards_(kMaxShards) {
  for (int32_t i = 0; i < options.batches_in_flight; ++i) AddBatch();
}

int BatchQueue::AddShard() {
  const auto free = std::find_if(shards_.begin(), shards_.end(), [](const Shard& shard) { return !shard.exists; });
  RECBOTS_CHECK(free != shards_.end());
  free->exists = true;
  ++num_shards_;
  return static_cast<int>(free - shards_.begin());
}

void BatchQueue::RemoveShard(int shard) {
  RECBOTS_CHECK(At(shard).exists && !At(shard).open);
  At(shard) = Shard();
  --num_shards_;
}

void BatchQueue::Open(int shard) {
  RECBOTS_CHECK(At(shard).exists && !At(shard).open);
  At(shard).open = true;
}

void BatchQueue::Close(int shard) {
  Shard& gone = At(shard);
  for (const Part& part : gone.sent) Lose(part);
  for (const Part& part : gone.waiting) Lose(part);
  const Instant suspended_until = gone.suspended_until;
  gone = Shard();
  gone.exists = true;
  gone.suspended_until = suspended_until;
}

void BatchQueue::Lose(const Part& part) {
  Batch* const batch = Find(part.batch);
  if (batch == nullptr) return;
  if (part.arrived) batch->missing_rows += part.num_rows;
  // Join neighbouring ranges, so that they become one part again.
  std::vector<Range>& ranges = batch->unplaced;
  const auto behind = [](const Range& range, int32_t row) { return range.first_row < row; };
  auto at = ranges.insert(std::lower_bound(ranges.begin(), ranges.end(), part.first_row, behind),
                          {part.first_row, part.num_rows});
  const auto joined = [](const Range& a, const Range& b) { return a.first_row + a.num_rows == b.first_row; };
  if (at + 1 != ranges.end() && joined(*at, at[1])) {
    at->num_rows += at[1].num_rows;
    ranges.erase(at + 1);
  }
  if (at != ranges.begin() && joined(at[-1], *at)) {
    at[-1].num_rows += at->num_rows;
    ranges.erase(at);
  }
}

bool BatchQueue::PlaceRows(Instant now) {
  const auto unplaced = [](const Batch& batch) { return !batch.unplaced.empty(); };
  if (std::none_of(batches_.begin(), batches_.end(), unplaced)) return false;
  if (std::any_of(shards_.begin(), shards_.end(), [](const Shard& shard) { return shard.closing; })) return false;
  const std::vector<int>& candidates = Candidates(now);
  if (candidates.empty()) return false;
  for (size_t i = 0; i < batches_.size(); ++i) {
    for (const Range& range : batches_[i].unplaced) Split(first_batch_ + static_cast<int64_t>(i), range, candidates);
    batches_[i].unplaced.clear();
    batches_[i].touched = now;
  }
  return true;
}

const std::vector<int>& BatchQueue::Candidates(Instant now) {
  candidates_.clear();
  for (const bool even_suspended : {false, true}) {
    for (size_t i = 0; i < shards_.size(); ++i) {
      const Shard& shard = shards_[i];
      // An only shard gets the order even if it is empty: its server waits until there are rows.
      if (!shard.open || (shard.weight == 0 && num_shards_ > 1)) continue;
      if (even_suspended || shard.suspended_until <= now) candidates_.push_back(static_cast<int>(i));
    }
    if (!candidates_.empty()) break;
  }
  return candidates_;
}

void BatchQueue::Split(int64_t batch, Range range, const std::vector<int>& candidates) {
  if (candidates.size() == 1) {
    At(candidates[0]).waiting.push_back({batch, range.first_row, range.num_rows, 1, false});
    return;
  }
  absl::uint128 sum = 0;
  for (const int shard : candidates) sum += At(shard).weight;
  // The sum of 256 weights of 64 bits can take 72 bits: then drop the lowest eight of each.
  const int shift = absl::Uint128High64(sum) > 0 ? 8 : 0;
  uint64_t total = 0;
  for (const int shard : candidates) total += At(shard).weight >> shift;
  counts_.assign(candidates.size(), 0);
  Rng rng(options_.seed, Purpose::kReplay,
          {kDrawsOfShards, static_cast<uint32_t>(draws_ >> 32), static_cast<uint32_t>(draws_)});
  ++draws_;
  for (int32_t row = 0; row < range.num_rows; ++row) {
    const uint64_t bits = uint64_t{rng.Bits()} << 32 | rng.Bits();
    uint64_t drawn = absl::Uint128High64(absl::uint128(bits) * total);
    size_t i = 0;
    for (; drawn >= At(candidates[i]).weight >> shift; ++i) drawn -= At(candidates[i]).weight >> shift;
    ++counts_[i];
  }
  int32_t first = range.first_row;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (counts_[i] == 0) continue;
    Shard& shard = At(candidates[i]);
    const double share = static_cast<double>(shard.weight >> shift) / static_cast<double>(total);
    shard.waiting.push_back({batch, first, counts_[i], share, false});
    first += counts_[i];
  }
}

std::optional<int32_t> BatchQueue::NextOrder(int shard, Instant now) {
  Shard& from = At(shard);
  Acknowledged(shard);
  if (!from.open || from.sent.size() >= static_cast<size_t>(options_.batches_in_flight)) return std::nullopt;
  const bool heard = from.heard != Instant::InfinitePast();
  if (!from.waiting.empty() && (heard || from.asked_state)) {
    from.sent.push_back(from.waiting.front());
    from.waiting.pop_front();
    return from.sent.back().num_rows;
  }
  const absl::Duration age = now - from.heard;
  if ((num_shards_ == 1 && heard) || from.asked_state || age < (from.weight == 0 ? kAskEmpty : kAskAny)) {
    return std::nullopt;
  }
  from.asked_state = true;
  from.sent.push_back({-1, 0, 0, 1, false});
  return 0;
}

int64_t BatchQueue::Acknowledged(int shard) {
  Shard& from = At(shard);
  while (!from.sent.empty() && Used(from.sent.front())) {
    from.sent.pop_front();
    --from.arrived;
    ++from.acknowledged;
  }
  return from.acknowledged;
}

std::optional<PartTarget> BatchQueue::Expected(int shard) {
  const Shard& from = At(shard);
  if (from.arrived == from.sent.size()) return std::nullopt;
  const Part& part = from.sent[from.arrived];
  if (part.batch < 0) return PartTarget();
  Batch* const batch = Find(part.batch);
  RECBOTS_CHECK(batch != nullptr);  // A batch cannot be taken before all of its parts have arrived.
  GiveMemory(*batch);
  return PartTarget{&batch->result, part.first_row, part.num_rows, part.share};
}

void BatchQueue::Arrived(int shard, const v1::SampleHeader& header, Instant now) {
  Shard& from = At(shard);
  Part& part = from.sent[from.arrived++];
  part.arrived = true;
  from.weight = header.table().total_weight();
  from.state = header.table();
  from.heard = now;
  Count(header.table(), now);
  if (part.batch < 0) {
    from.asked_state = false;
    return;
  }
  from.suspended_until = Instant::InfinitePast();
  Batch& batch = *Find(part.batch);
  batch.missing_rows -= part.num_rows;
  batch.touched = now;
  batch.states.emplace_back(shard, header.table());
  const absl::Duration blocked = absl::Microseconds(header.blocked_micros());
  if (blocked >= batch.result.blocked) {
    batch.result.blocked = blocked;
    batch.result.blocked_on = static_cast<BlockedOn>(std::clamp<int>(header.blocked_on(), 1, kNumBlockedOn - 1));
  }
}

bool BatchQueue::Stuck() const {
  const auto of_oldest = [this](const Part& part) { return part.batch == first_batch_; };
  bool any_full = false;
  bool any_weight = false;
  for (const Shard& shard : shards_) {
    if (shard.closing) return false;  // Streams are ending already.
    any_weight = any_weight || shard.weight > 0;
    if (!IsFull(shard)) continue;
    any_full = true;
    if (std::any_of(shard.waiting.begin(), shard.waiting.end(), of_oldest)) return true;
  }
  return any_full && !any_weight && !batches_.front().unplaced.empty();
}

void BatchQueue::AwaitCloses() {
  for (Shard& shard : shards_) shard.closing = shard.open;
}

std::optional<int> BatchQueue::Stalled(Instant now, absl::Duration patience) const {
  const Batch& oldest = batches_.front();
  if (oldest.missing_rows == 0 || !oldest.unplaced.empty() || now - oldest.touched < patience) return std::nullopt;
  bool other_idle = false;
  std::optional<int> stalled;
  for (size_t i = 0; i < shards_.size(); ++i) {
    const Shard& shard = shards_[i];
    if (!shard.open || shard.weight == 0) continue;
    if (shard.arrived == shard.sent.size()) {
      other_idle = true;
    } else if (shard.sent[shard.arrived].batch == first_batch_ && !stalled.has_value()) {
      stalled = static_cast<int>(i);
    }
  }
  return other_idle ? stalled : std::nullopt;
}

SampledBatch BatchQueue::Take() {
  RECBOTS_CHECK(ready());
  Batch& oldest = batches_.front();
  oldest.result.table = StateOf(oldest);
  oldest.result.counts = run_counts_;
  SampledBatch result = std::move(oldest.result);
  batches_.pop_front();
  ++first_batch_;
  AddBatch();
  return result;
}

v1::TableState BatchQueue::StateOf(const Batch& batch) const {
  if (num_shards_ == 1 && batch.states.size() == 1) return batch.states[0].second;
  v1::TableState sum;
  for (size_t i = 0; i < shards_.size(); ++i) {
    const v1::TableState* state = shards_[i].state.has_value() ? &*shards_[i].state : nullptr;
    for (const auto& [shard, drawn] : batch.states) {
      if (shard == static_cast<int>(i)) state = &drawn;
    }
    if (state == nullptr) continue;
    sum.set_rows(sum.rows() + state->rows());
    sum.set_inserted(sum.inserted() + state->inserted());
    sum.set_sampled(sum.sampled() + state->sampled());
    sum.set_writers(sum.writers() + state->writers());
    sum.set_incarnation(sum.incarnation() * 1099511628211U + state->incarnation());
    sum.set_total_weight(sum.total_weight() + state->total_weight());
    sum.set_priorities_updated(sum.priorities_updated() + state->priorities_updated());
    sum.set_priorities_stale(sum.priorities_stale() + state->priorities_stale());
    sum.set_priorities_refused(sum.priorities_refused() + state->priorities_refused());
  }
  return sum;
}

void BatchQueue::Count(const v1::TableState& state, Instant now) {
  first_heard_ = std::min(first_heard_, now);
  SampledCounts newest = {state.inserted(), state.sampled(), state.priorities_stale(), state.priorities_refused()};
  const auto [found, is_new] = seen_.try_emplace(state.incarnation(), newest);
  SampledCounts& seen = found->second;
  // What a table says later is what this client told it.
  if (is_new) streams_below_ = std::max(streams_below_, state.streams_below());
  // A server that started after this client has nothing of earlier runs but what it restored from a checkpoint.
  if (is_new && absl::Seconds(state.age_seconds()) <= now - options_.began) seen.inserted = state.restored();
  if (is_new) run_counts_.inserted_before += seen.inserted;
  // Headers of several streams may overtake each other.
  const auto add = [](int64_t value, int64_t& before, int64_t& total) {
    total += std::max<int64_t>(0, value - before);
    before = std::max(before, value);
  };
  add(newest.inserted, seen.inserted, run_counts_.inserted);
  add(newest.sampled, seen.sampled, run_counts_.sampled);
  add(newest.priorities_stale, seen.priorities_stale, run_counts_.priorities_stale);
  add(newest.priorities_refused, seen.priorities_refused, run_counts_.priorities_refused);
}

std::optional<int64_t> BatchQueue::NewStreams(Instant now, absl::Duration patience) {
  if (told_streams_.has_value()) {
    if (streams_below_ <= *told_streams_) return std::nullopt;
  } else if (first_heard_ + patience > now) {
    const auto silent = [](const Shard& shard) { return shard.exists && !shard.state.has_value(); };
    if (num_shards_ == 0 || std::any_of(shards_.begin(), shards_.end(), silent)) return std::nullopt;
  }
  return told_streams_ = streams_below_;
}

void BatchQueue::Recycle(SampledBatch batch) {
  if (batch.batch.size() != options_.schema->batch_bytes(static_cast<size_t>(options_.batch_size))) return;
  // One more than batches_in_flight, for the batch that the learner works on.
  if (spare_.size() <= static_cast<size_t>(options_.batches_in_flight)) spare_.push_back(std::move(batch));
}

BatchQueue::Batch* BatchQueue::Find(int64_t number) {
  return number < first_batch_ ? nullptr : &batches_[static_cast<size_t>(number - first_batch_)];
}

void BatchQueue::AddBatch() {
  Batch& batch = batches_.emplace_back();
  batch.missing_rows = options_.batch_size;
  batch.unplaced.push_back({0, options_.batch_size});
}

void BatchQueue::GiveMemory(Batch& batch) {
  if (std::exchange(batch.has_memory, true)) return;
  if (!spare_.empty()) {
    SampledBatch& spare = spare_.back();
    batch.result.batch = std::move(spare.batch);
    batch.result.keys = std::move(spare.keys);
    batch.result.probabilities = std::move(spare.probabilities);
    spare_.pop_back();
  } else {
    batch.result.batch = ColumnBatch(options_.schema, options_.batch_size);
  }
  batch.result.keys.resize(static_cast<size_t>(options_.batch_size));
  batch.result.probabilities.resize(static_cast<size_t>(options_.batch_size));
}

}  // namespace recbots::replay

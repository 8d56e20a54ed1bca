// The part of Table that samples rows, and takes what readers report about them.
#include <algorithm>
#include <cmath>

#include "common/base/log.h"
#include "replay/table/gather.h"
#include "replay/table/table.h"

namespace recbots::replay {

SampleResult Table::Sample(int64_t num_rows, char* columns, ItemKey* keys, float* probabilities) {
  SampleResult result;
  Rng rng(0, Purpose::kReplay, {});
  for (int64_t done = 0; done < num_rows;) {
    LearnerLock lock(this);
    if (done == 0) {
      result.blocked_on = SampleBlockedOn(num_rows);
      if (result.blocked_on == BlockedOn::kNone) {
        rng = Rng(
            seed_, Purpose::kReplay,
            {.episode = static_cast<uint32_t>(batches_drawn_ >> 32), .step = static_cast<uint32_t>(batches_drawn_)});
        ++batches_drawn_;
        limiter_.Sampled(num_rows);
        counters_.sampled += num_rows;
      }
      result.table = StateLocked();
      if (result.blocked_on != BlockedOn::kNone) return result;
    }
    const int64_t rows = std::min(gather_rows_, num_rows - done);
    const int64_t drawn = SamplePiece(rng, done, rows, num_rows, columns, keys, probabilities);
    done += drawn;
    if (drawn == rows) continue;
    // Other readers took the last rows between two pieces of this batch: undo the batch.
    GiveBack(absl::MakeConstSpan(keys, static_cast<size_t>(done)));
    limiter_.Refunded(num_rows);
    counters_.sampled -= num_rows;
    result.blocked_on = BlockedOn::kItems;
    result.table = StateLocked();
    return result;
  }
  return result;
}

int64_t Table::SamplePiece(Rng& rng, int64_t first, int64_t rows, int64_t batch_rows, char* columns, ItemKey* keys,
                           float* probabilities) {
  uint32_t slots[kGatherRows];
  const char* from[kGatherRows];
  const auto wanted = absl::MakeSpan(slots, static_cast<size_t>(rows));
  int64_t drawn = rows;
  if (counted_) {
    drawn = DrawCounted(rng, wanted, probabilities + first);
  } else if (sampler_->total_weight() > 0) {
    sampler_->Draw(rng, wanted, absl::MakeSpan(probabilities + first, static_cast<size_t>(rows)));
  } else {
    return 0;
  }
  for (int64_t i = 0; i < drawn; ++i) {
    keys[first + i] = slots_.KeyOf(slots[i]);
    from[i] = RowAt(slots[i]);
  }
  GatherRows(schema_, absl::MakeConstSpan(from, static_cast<size_t>(drawn)), static_cast<size_t>(first),
             static_cast<size_t>(batch_rows), columns);
  return drawn;
}

int64_t Table::DrawCounted(Rng& rng, absl::Span<uint32_t> slots, float* probabilities) {
  for (size_t i = 0; i < slots.size(); ++i) {
    if (sampler_->total_weight() == 0) return static_cast<int64_t>(i);
    sampler_->Draw(rng, slots.subspan(i, 1), absl::MakeSpan(probabilities + i, 1));
    const uint32_t slot = slots[i];
    ++slots_.pending[slot];
    --draws_left_;
    if (++slots_.times[slot] < options_.max_times_sampled) continue;
    sampler_->Remove({&slot, 1});
    ++leased_;
  }
  return static_cast<int64_t>(slots.size());
}

void Table::Acknowledge(absl::Span<const ItemKey> keys) {
  if (!counted_) return;
  for (; !keys.empty(); keys.remove_prefix(std::min<size_t>(kGatherRows, keys.size()))) {
    LearnerLock lock(this);
    for (const ItemKey key : keys.first(std::min<size_t>(kGatherRows, keys.size()))) {
      const uint32_t slot = SlotOf(key);
      if (!slots_.Holds(key) || slots_.pending[slot] == 0) continue;
      // The row goes only when all its draws were used: a draw in another batch may still be refunded.
      if (--slots_.pending[slot] == 0 && Leased(slot)) Consume(slot);
    }
  }
}

void Table::Consume(uint32_t slot) {
  if (!slots_.parked(slot)) remover_->Remove({&slot, 1});
  slots_.GiveUp(slot);
  --leased_;
  ++counters_.consumed;
}

void Table::Refund(absl::Span<const ItemKey> keys) {
  for (; !keys.empty(); keys.remove_prefix(std::min<size_t>(kGatherRows, keys.size()))) {
    LearnerLock lock(this);
    const auto part = keys.first(std::min<size_t>(kGatherRows, keys.size()));
    const int64_t returned = GiveBack(part);
    // A queue counts the rows that it holds.
    const bool queue = limiter_.options().kind == RateLimiterOptions::Kind::kQueue;
    const int64_t refunded = queue ? returned : static_cast<int64_t>(part.size());
    limiter_.Refunded(refunded);
    counters_.refunded += refunded;
  }
}

int64_t Table::GiveBack(absl::Span<const ItemKey> keys) {
  if (!counted_) return 0;
  std::vector<uint32_t> drawable, removable;  // Slots that were leased; `removable` is a part of `drawable`.
  int64_t returned = 0;
  for (const ItemKey key : keys) {
    const uint32_t slot = SlotOf(key);
    if (!slots_.Holds(key) || slots_.pending[slot] == 0) continue;
    ++returned;
    const bool leased = Leased(slot);
    --slots_.pending[slot];
    --slots_.times[slot];
    draws_left_ += Drawable(slots_.priorities[slot]) ? 1 : 0;
    if (!leased) continue;
    --leased_;
    drawable.push_back(slot);
    if (slots_.parked(slot)) removable.push_back(slot);
    slots_.set_parked(slot, false);
  }
  const auto older = [this](uint32_t a, uint32_t b)
                         ABSL_NO_THREAD_SAFETY_ANALYSIS { return slots_.ages[a] < slots_.ages[b]; };
  std::sort(drawable.begin(), drawable.end(), older);
  std::sort(removable.begin(), removable.end(), older);
  sampler_->Insert(drawable);
  remover_->Insert(removable);
  return returned;
}

PriorityResult Table::UpdatePriorities(absl::Span<const ItemKey> keys, absl::Span<const float> priorities) {
  RECBOTS_CHECK(keys.size() == priorities.size()) << keys.size() << " keys, " << priorities.size() << " priorities";
  PriorityResult result;
  for (size_t begin = 0; begin < keys.size(); begin += kGatherRows) {
    LearnerLock lock(this);
    UpdatePiece(keys.subspan(begin, kGatherRows), priorities.subspan(begin, kGatherRows), result);
  }
  return result;
}

void Table::UpdatePiece(absl::Span<const ItemKey> keys, absl::Span<const float> priorities, PriorityResult& result) {
  uint32_t drawable[kGatherRows], removable[kGatherRows];
  size_t num_drawable = 0, num_removable = 0;
  int64_t stale = 0, refused = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    const float priority = priorities[i];
    if (!(priority >= 0 && std::isfinite(priority))) {
      ++refused;
      continue;
    }
    if (!slots_.Holds(keys[i])) {
      ++stale;
      continue;
    }
    const uint32_t slot = SlotOf(keys[i]);
    if (counted_) draws_left_ -= DrawsLeft(slot);
    slots_.priorities[slot] = priority;
    if (counted_) draws_left_ += DrawsLeft(slot);
    highest_priority_ = std::max(highest_priority_, priority);
    if (!Leased(slot)) drawable[num_drawable++] = slot;
    if (!slots_.parked(slot)) removable[num_removable++] = slot;
  }
  sampler_->Update(absl::MakeConstSpan(drawable, num_drawable));
  remover_->Update(absl::MakeConstSpan(removable, num_removable));
  const auto updated = static_cast<int64_t>(keys.size()) - stale - refused;
  result.updated += updated;
  result.stale += stale;
  result.refused += refused;
  counters_.priorities_updated += updated;
  counters_.priorities_stale += stale;
  counters_.priorities_refused += refused;
}

BlockedOn Table::SampleBlockedOn(int64_t rows) const {
  const BlockedOn reason = limiter_.SampleBlockedOn(rows);
  if (reason != BlockedOn::kNone) return reason;
  const bool enough = sampler_->total_weight() > 0 && (!counted_ || draws_left_ >= rows);
  return enough ? BlockedOn::kNone : BlockedOn::kItems;
}

}  // namespace recbots::replay

// What a table should do, in plain vectors: rows in order of age, each looked for by a scan; the limiter's inequality
// in long double; weights by the library's pow. Knows nothing of slots. Random draws it does not foresee: it is told
// which row came and says whether it could, and with which probability.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <vector>

#include "replay/table/table.h"

namespace recbots::replay {

struct ModelRow {
  int64_t sequence = 0;  // Unique name of the row.
  float priority = 0;
  int times = 0;
  int pending = 0;
};

class TableModel {
 public:
  TableModel(const TableOptions& options, int64_t capacity) : options_(options), capacity_(capacity) {}

  // How many of these rows go in, one after the other; `blocked_on` says why not all.
  int64_t Insert(int64_t first_sequence, int64_t count, const std::vector<float>& priorities, BlockedOn& blocked_on) {
    blocked_on = BlockedOn::kNone;
    for (int64_t i = 0; i < count; ++i) {
      blocked_on = InsertBlockedOn();
      if (blocked_on != BlockedOn::kNone) return i;
      if (static_cast<int64_t>(rows.size()) == capacity_) Evict();
      const float priority = priorities.empty() ? highest_priority : priorities[static_cast<size_t>(i)];
      highest_priority = std::max(highest_priority, priority);
      rows.push_back({first_sequence + i, priority, 0, 0});
      ++inserted;
      ++limiter_inserted;
    }
    return count;
  }

  BlockedOn InsertBlockedOn() const {
    const auto& limiter = options_.rate_limiter;
    if (queue()) {
      if (limiter_inserted - limiter_sampled >= limiter.queue_size) return BlockedOn::kSpiInsert;
    } else if (limiter.samples_per_insert > 0 &&
               Difference(1, 0) > Middle() + static_cast<long double>(limiter.error_buffer) + 1e-6L) {
      return BlockedOn::kSpiInsert;
    }
    if (static_cast<int64_t>(rows.size()) < capacity_) return BlockedOn::kNone;
    const bool all_leased = std::all_of(rows.begin(), rows.end(), [this](const ModelRow& row) { return Leased(row); });
    return queue() || all_leased ? BlockedOn::kCapacity : BlockedOn::kNone;
  }

  BlockedOn SampleBlockedOn(int64_t count) const {
    const auto& limiter = options_.rate_limiter;
    if (queue()) {
      if (limiter_inserted - limiter_sampled < count) return BlockedOn::kSpiSample;
    } else {
      if (limiter_inserted < limiter.min_size) return BlockedOn::kMinSize;
      if (limiter.samples_per_insert > 0 &&
          Difference(0, count) < Middle() - static_cast<long double>(limiter.error_buffer) - 1e-6L) {
        return BlockedOn::kSpiSample;
      }
    }
    int64_t draws = 0;
    for (const ModelRow& row : rows) {
      if (Weight(row) > 0) draws += options_.max_times_sampled > 0 ? options_.max_times_sampled - row.times : count;
    }
    return draws >= count ? BlockedOn::kNone : BlockedOn::kItems;
  }

  // The row that a sampler without chance draws next.
  int64_t NextSequence() const {
    const ModelRow* next = nullptr;
    for (const ModelRow& row : rows) {
      if (Leased(row)) continue;
      const bool better = next == nullptr || options_.sampler == SelectorKind::kNewest ||
                          (options_.sampler == SelectorKind::kHighestPriority && row.priority > next->priority) ||
                          (options_.sampler == SelectorKind::kLowestPriority && row.priority < next->priority);
      if (better) next = &row;
    }
    return next->sequence;
  }

  // Notes a draw; the probability it had, 0: it could not be.
  float Draw(int64_t sequence) {
    ModelRow* const row = Find(sequence);
    if (row == nullptr || Weight(*row) == 0) return 0;
    double probability = 1;
    if (random()) {
      uint64_t total = 0;
      for (const ModelRow& other : rows) total += Weight(other);
      probability = static_cast<double>(Weight(*row)) / static_cast<double>(total);
    } else if (sequence != NextSequence()) {
      return 0;
    }
    if (options_.max_times_sampled > 0) {
      ++row->times;
      ++row->pending;
    }
    return static_cast<float>(probability);
  }
  void Charge(int64_t count) {
    sampled += count;
    limiter_sampled += count;
  }

  void Acknowledge(const std::vector<int64_t>& sequences) {
    for (const int64_t sequence : sequences) {
      ModelRow* const row = Find(sequence);
      if (row == nullptr || row->pending == 0) continue;
      if (--row->pending > 0 || !Leased(*row)) continue;
      rows.erase(rows.begin() + (row - rows.data()));
      ++consumed;
    }
  }
  void Refund(const std::vector<int64_t>& sequences) {
    for (const int64_t sequence : sequences) {
      ModelRow* const row = Find(sequence);
      const bool there = row != nullptr && row->pending > 0;
      if (there) {
        --row->pending;
        --row->times;
      }
      if (queue() && !there) continue;
      ++refunded;
      --limiter_sampled;
    }
  }

  // True when the row was there and the priority can be used.
  void Update(int64_t sequence, float priority) {
    ModelRow* const row = Find(sequence);
    if (!(priority >= 0 && std::isfinite(priority))) {
      ++refused;
    } else if (row == nullptr) {
      ++stale;
    } else {
      ++updated;
      row->priority = priority;
      highest_priority = std::max(highest_priority, priority);
    }
  }

  ModelRow* Find(int64_t sequence) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const ModelRow& row) { return row.sequence == sequence; });
    return found == rows.end() ? nullptr : &*found;
  }
  bool Leased(const ModelRow& row) const {
    return options_.max_times_sampled > 0 && row.times == options_.max_times_sampled;
  }
  int64_t leased() const {
    return std::count_if(rows.begin(), rows.end(), [this](const ModelRow& row) { return Leased(row); });
  }
  // What draws are in proportion to.
  uint64_t Weight(const ModelRow& row) const {
    if (Leased(row)) return 0;
    if (options_.sampler != SelectorKind::kPrioritized) return 1;
    if (row.priority == 0) return 0;
    const double power = std::pow(static_cast<double>(row.priority), options_.priority_exponent) * 65536;
    return static_cast<uint64_t>(std::clamp(std::floor(power + 0.5), 1.0, 4294967295.0));
  }

  std::vector<ModelRow> rows;  // Oldest first.
  float highest_priority = 1;
  int64_t inserted = 0, sampled = 0, refunded = 0, consumed = 0, evicted = 0;
  int64_t updated = 0, stale = 0, refused = 0;
  int64_t limiter_inserted = 0, limiter_sampled = 0;

 private:
  bool queue() const { return options_.rate_limiter.kind == RateLimiterOptions::Kind::kQueue; }
  bool random() const {
    return options_.sampler == SelectorKind::kUniform || options_.sampler == SelectorKind::kPrioritized;
  }
  long double Difference(int64_t more_inserted, int64_t more_sampled) const {
    return static_cast<long double>(limiter_inserted + more_inserted) *
               static_cast<long double>(options_.rate_limiter.samples_per_insert) -
           static_cast<long double>(limiter_sampled + more_sampled);
  }
  long double Middle() const {
    return static_cast<long double>(options_.rate_limiter.min_size) *
           static_cast<long double>(options_.rate_limiter.samples_per_insert);
  }
  void Evict() {
    auto victim = rows.end();
    for (auto row = rows.begin(); row != rows.end(); ++row) {
      if (Leased(*row)) continue;
      const bool better = victim == rows.end() || options_.remover == SelectorKind::kNewest ||
                          (options_.remover == SelectorKind::kLowestPriority && row->priority < victim->priority);
      if (better) victim = row;
    }
    rows.erase(victim);
    ++evicted;
  }

  const TableOptions options_;
  const int64_t capacity_;
};

}  // namespace recbots::replay

// The part of Table that serves readers who look on.
#include <algorithm>

#include "replay/table/gather.h"
#include "replay/table/selectors/random_below.h"
#include "replay/table/table.h"

namespace recbots::replay {
namespace {

// If at least one of this many slots in use holds a row, random slots are tried until they hold one.
constexpr int64_t kSparse = 16;
// A piece of 1,024 rows thus takes fewer random numbers than one position has (2^18), and hardly ever ends empty.
constexpr int64_t kTriesPerRow = 64;
constexpr int64_t kMoreTries = 1024;
// 256 KiB of what is known of slots, which are looked through while the lock is held once.
constexpr uint64_t kScanSlots = 64 << 10;
constexpr int kMaxScans = 4;
// The draws of observers are apart from those of Table::Sample, whose stream is 0.
constexpr uint32_t kObserverStream = 1;

}  // namespace

SampleResult Table::Observe(int64_t num_rows, char* columns, ItemKey* keys, float* probabilities) {
  SampleResult result;
  std::vector<ItemKey> candidates;  // Only where few slots hold rows.
  int scans = 0;
  for (int64_t done = 0; done < num_rows;) {
    {
      MutexLock lock(&mu_);
      LetLearnerPass();
      if (done == 0 || slots_.num_held() == 0) result.table = StateLocked();
      if (slots_.num_held() == 0 || scans > kMaxScans) {
        result.blocked_on = BlockedOn::kItems;
        return result;
      }
      if (slots_.num_held() * kSparse >= slots_.used()) candidates.clear();
      if (slots_.num_held() * kSparse >= slots_.used() || !candidates.empty()) {
        const int64_t rows = std::min(gather_rows_, num_rows - done);
        const int64_t drawn = ObservePiece(candidates, done, rows, num_rows, columns, keys, probabilities);
        done += drawn;
        if (drawn > 0) continue;
      }
    }
    candidates = HeldKeys();
    ++scans;
  }
  return result;
}

int64_t Table::ObservePiece(absl::Span<const ItemKey> candidates, int64_t first, int64_t rows, int64_t batch_rows,
                            char* columns, ItemKey* keys, float* probabilities) {
  Rng rng(seed_, Purpose::kReplay,
          {.stream = kObserverStream,
           .episode = static_cast<uint32_t>(pieces_observed_ >> 32),
           .step = static_cast<uint32_t>(pieces_observed_)});
  ++pieces_observed_;
  const char* from[kGatherRows];
  int64_t drawn = 0;
  for (int64_t tries = kMoreTries + kTriesPerRow * rows; tries > 0 && drawn < rows; --tries) {
    ItemKey key = 0;
    if (candidates.empty()) {
      const auto slot = static_cast<uint32_t>(RandomBelow(rng, slots_.used()));
      if (!slots_.held(slot)) continue;
      key = slots_.KeyOf(slot);
    } else {
      key = candidates[RandomBelow(rng, candidates.size())];
      if (!slots_.Holds(key)) continue;
    }
    keys[first + drawn] = key;
    from[drawn++] = RowAt(SlotOf(key));
  }
  std::fill_n(probabilities + first, drawn, 1.0f / static_cast<float>(slots_.num_held()));
  GatherRows(schema_, absl::MakeConstSpan(from, static_cast<size_t>(drawn)), static_cast<size_t>(first),
             static_cast<size_t>(batch_rows), columns);
  return drawn;
}

std::vector<ItemKey> Table::HeldKeys() const {
  std::vector<ItemKey> keys;
  for (uint64_t begin = 0, used = 1; begin < used; begin += kScanSlots) {
    MutexLock lock(&mu_);
    LetLearnerPass();
    used = slots_.used();
    for (uint64_t slot = begin; slot < std::min(used, begin + kScanSlots); ++slot) {
      if (slots_.held(static_cast<uint32_t>(slot))) keys.push_back(slots_.KeyOf(static_cast<uint32_t>(slot)));
    }
  }
  return keys;
}

}  // namespace recbots::replay

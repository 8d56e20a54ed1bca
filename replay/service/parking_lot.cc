#include "replay/service/parking_lot.h"

#include <algorithm>
#include <utility>

#include "common/base/instant.h"

namespace recbots::replay {

void ParkingLot::Park(Side side, std::shared_ptr<Parkable> stream, BlockedOn reason, int64_t seen_wakes) {
  {
    MutexLock lock(&mu_);
    if (stream->gone()) return;
    Count(side, reason, +1);
    parked_[side].push_back({std::move(stream), reason});
    num_parked_[side].fetch_add(1);
    if (wakes(side) == seen_wakes) return;
    pending_[side] = true;
  }
  Pump();
}

void ParkingLot::Leave(Side side, const Parkable* stream) {
  std::shared_ptr<Parkable> last;  // Released outside the lock.
  MutexLock lock(&mu_);
  auto& parked = parked_[side];
  const auto found =
      std::find_if(parked.begin(), parked.end(), [stream](const Entry& entry) { return entry.stream.get() == stream; });
  if (found == parked.end()) return;
  Count(side, found->reason, -1);
  last = std::move(found->stream);
  parked.erase(found);
  num_parked_[side].fetch_sub(1);
}

void ParkingLot::Wake(Side side) {
  wakes_[side].fetch_add(1);
  const bool observers = side == kSampler && num_parked_[kObserver].load() > 0;
  if (num_parked_[side].load() == 0 && !observers) return;
  {
    MutexLock lock(&mu_);
    pending_[side] = true;
    if (observers) pending_[kObserver] = true;
  }
  Pump();
}

ParkingLot::BlockedTimes ParkingLot::blocked_times() const {
  MutexLock lock(&mu_);
  BlockedTimes times = blocked_;
  const Instant now = Instant::Now();
  for (size_t i = 0; i < times.size(); ++i) {
    if (waiting_[i] > 0) times[i] += now - since_[i];
  }
  return times;
}

void ParkingLot::Count(Side side, BlockedOn reason, int change) {
  if (side == kObserver) return;
  const auto i = static_cast<size_t>(reason);
  if (waiting_[i] == 0) since_[i] = Instant::Now();
  waiting_[i] += change;
  if (waiting_[i] == 0) blocked_[i] += Instant::Now() - since_[i];
}

void ParkingLot::Pump() {
  {
    MutexLock lock(&mu_);
    if (pumping_) return;
    pumping_ = true;
  }
  Side side;
  Entry entry;
  int64_t seen_wakes;
  while (TakeNext(side, entry, seen_wakes)) {
    const BlockedOn reason = entry.stream->Resume();
    if (reason == BlockedOn::kNone) {
      num_parked_[side].fetch_sub(1);
    } else {
      PutBack(side, std::move(entry), reason, seen_wakes);
    }
    entry.stream.reset();
  }
}

bool ParkingLot::TakeNext(Side& side, Entry& entry, int64_t& seen_wakes) {
  MutexLock lock(&mu_);
  for (const Side candidate : {kSampler, kInserter, kObserver}) {  // The learner has priority.
    if (!pending_[candidate]) continue;
    if (parked_[candidate].empty()) {
      pending_[candidate] = false;
      continue;
    }
    side = candidate;
    entry = std::move(parked_[candidate].front());
    parked_[candidate].pop_front();
    Count(side, entry.reason, -1);
    seen_wakes = wakes(side);
    return true;
  }
  pumping_ = false;
  return false;
}

void ParkingLot::PutBack(Side side, Entry entry, BlockedOn reason, int64_t seen_wakes) {
  MutexLock lock(&mu_);
  if (entry.stream->gone()) {
    num_parked_[side].fetch_sub(1);
    return;
  }
  // The streams behind it would be refused, too, unless the table has changed meanwhile.
  if (wakes(side) == seen_wakes) pending_[side] = false;
  Count(side, reason, +1);
  entry.reason = reason;
  parked_[side].push_front(std::move(entry));
}

}  // namespace recbots::replay

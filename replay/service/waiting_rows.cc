#include "replay/service/waiting_rows.h"

#include <algorithm>

namespace recbots::replay {

int64_t WaitingRows::Bound(const InsertRoom& room, int64_t writers, Instant now) {
  if (options_.max_rows == kUnbounded || room.admitted == InsertRoom::kAnyNumber) return kUnbounded;
  int64_t waiting = options_.max_rows;
  if (options_.max_age != absl::InfiniteDuration()) {
    MutexLock lock(&mu_);
    waiting = std::min(waiting, std::max(CameIn(room.inserted, now), writers));
  }
  return room.admitted + waiting;
}

int64_t WaitingRows::Share(const InsertRoom& room, int64_t writers, Instant now) {
  const int64_t bound = Bound(room, writers, now);
  if (bound == kUnbounded) return kUnbounded;
  return std::max<int64_t>(1, bound / std::max<int64_t>(1, writers));
}

int64_t WaitingRows::CameIn(int64_t inserted, Instant now) {
  const int64_t slice = now.since_beginning() / std::max(options_.max_age / kSlices, absl::Microseconds(1));
  if (slice_ < 0) began_with_.fill(inserted);
  for (int64_t next = std::max(slice_ + 1, slice - kSlices + 1); slice_ >= 0 && next <= slice; ++next) {
    began_with_[static_cast<size_t>(next % kSlices)] = inserted_;
  }
  slice_ = std::max(slice_, slice);
  inserted_ = inserted;
  return inserted - began_with_[static_cast<size_t>((slice_ + 1) % kSlices)];
}

}  // namespace recbots::replay

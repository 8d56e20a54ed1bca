// Holds writing to a rate while no caller waits for the checkpoint.
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "common/base/instant.h"

namespace recbots::replay {

// Paces the bytes of one attempt. Time in which nothing is written does not allow a burst later. Not thread-safe.
class Pacer {
 public:
  // 0 means no bound.
  explicit Pacer(int64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}

  void Start(Instant now) { due_ = now; }
  // Notes that `bytes` bytes were written. Returns the time before which no more should be written.
  Instant Wrote(int64_t bytes, Instant now) {
    if (bytes_per_second_ == 0) return now;
    due_ =
        (due_ > now ? due_ : now) + absl::Seconds(static_cast<double>(bytes) / static_cast<double>(bytes_per_second_));
    return due_;
  }

 private:
  const int64_t bytes_per_second_;
  Instant due_ = Instant::InfinitePast();
};

}  // namespace recbots::replay

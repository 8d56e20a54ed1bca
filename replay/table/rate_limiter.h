// Holds the number of samples per insert near a set ratio. With n rows inserted and s sampled,
//
//   min_size * spi - error_buffer  <=  n * spi - s  <=  min_size * spi + error_buffer
//
// (Cassirer et al. 2021, "Reverb: a framework for experience replay", arXiv:2102.04736, section 3.3): samples wait at
// the lower bound and until min_size rows were inserted, inserts wait at the upper one. Below min_size rows the upper
// bound cannot bite, so inserts are free there.
//
// All integers: the ratio is kept as a fraction p / q, and n * p - s * q is kept as one number, so nothing drifts.
//
// A queue is the ratio 1 with the bounds 0 and queue_size.
//
// Not thread-safe: Table guards it.
#pragma once

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots::replay {

// Why the other side does not go on; the numbers are those of v1::BlockedOn.
enum class BlockedOn : int {
  kNone = 1,
  kMinSize = 2,
  kSpiInsert = 3,
  kSpiSample = 4,
  kDraining = 5,
  kCapacity = 6,
  kItems = 7,
  kCheckpoint = 8,
};
inline constexpr int kNumBlockedOn = 9;  // Size of an array indexed by it.

// "min_size", "spi_insert", ...: values of the label `reason`.
absl::string_view NameOf(BlockedOn reason);

struct RateLimiterOptions {
  // Numbers are those of v1::RateLimiterConfig::Kind.
  enum class Kind : int {
    kRatio = 1,  // The inequality above.
    // 0 <= n - s <= queue_size; the other settings do not count. A table with such a limiter removes nothing to make
    // room: inserts wait.
    kQueue = 2,
  };
  Kind kind = Kind::kRatio;
  int64_t queue_size = 10'000;
  // Rows inserted before the first sample. At least 1.
  int64_t min_size = 1;
  // Times a row is sampled in the mean: 0 (no ratio is held, only min_size) or 1e-6..1e6. Kept as the nearest fraction
  // with a denominator up to 1e6: 8, 0.1 and 1/3 are exact.
  double samples_per_insert = 0;
  // Allowed deviation, in samples. Small: tight ratio, more waiting. Not used without a ratio.
  double error_buffer = 0;
};

class RateLimiter {
 public:
  // INVALID_ARGUMENT  a value out of range, or an error_buffer under which nothing could move: the message names the
  //                   smallest that would work
  static absl::StatusOr<RateLimiter> Create(const RateLimiterOptions& options);

  // FAILED_PRECONDITION  a reader with this many batches in flight could wait for ever; names the error_buffer or
  //                      queue_size that would do
  absl::Status CheckReader(int64_t batch_size, int64_t batches_in_flight) const;

  // How many of `wanted` rows may be inserted now: 0..wanted.
  int64_t AdmittedInserts(int64_t wanted) const;
  // True when a batch of `rows` may be drawn now.
  bool AdmitsSample(int64_t rows) const { return SampleBlockedOn(rows) == BlockedOn::kNone; }
  // kNone or what one more row, or a batch of `rows`, would wait for.
  BlockedOn InsertBlockedOn() const { return AdmittedInserts(1) == 1 ? BlockedOn::kNone : BlockedOn::kSpiInsert; }
  BlockedOn SampleBlockedOn(int64_t rows) const;

  // Count what was admitted. Refunded: a sample that was not used; inserts may have to wait for it to be drawn again.
  void Inserted(int64_t rows);
  void Sampled(int64_t rows);
  void Refunded(int64_t rows);

  // What admission follows from, for telling whether two limiters are alike.
  using Settings = std::array<int64_t, 5>;
  Settings settings() const { return {p_, q_, low_, high_, min_size_}; }

  // Goes on from counters of a limiter with `settings`: rows inserted, at least 0, and sampled, refunds taken off.
  // Under other settings than this limiter's, the counters may lie outside of its bounds: then samples are counted as
  // if they lay just within, so that no caller waits until the past is made up for, and the result is false.
  bool Continue(int64_t inserted, int64_t sampled, const Settings& settings);

  int64_t inserted() const { return inserted_; }
  int64_t sampled() const { return sampled_; }
  const RateLimiterOptions& options() const { return options_; }

 private:
  RateLimiter() = default;

  RateLimiterOptions options_;
  int64_t min_size_ = 0;
  int64_t p_ = 0;  // The ratio is p / q; p == 0: none is held.
  int64_t q_ = 1;
  int64_t low_ = 0;  // Bounds of balance_.
  int64_t high_ = 0;

  int64_t inserted_ = 0;
  int64_t sampled_ = 0;
  int64_t balance_ = 0;  // inserted * p - sampled * q
};

}  // namespace recbots::replay

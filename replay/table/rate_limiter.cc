#include "replay/table/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots::replay {
namespace {

constexpr double kMinRatio = 1e-6;
constexpr double kMaxRatio = 1e6;
constexpr int64_t kMaxDenominator = 1'000'000;
constexpr double kMaxBalance = 0x1p61;

// The last convergent of the continued fraction of `value` whose denominator is at most kMaxDenominator.
std::pair<int64_t, int64_t> NearestFraction(double value) {
  int64_t p = 1, q = 0, last_p = 0, last_q = 1;
  double rest = value;
  for (int i = 0; i < 64; ++i) {
    const double whole = std::floor(rest);
    if (whole * static_cast<double>(q) + static_cast<double>(last_q) > static_cast<double>(kMaxDenominator)) break;
    const auto digit = static_cast<int64_t>(whole);
    std::tie(last_p, p) = std::pair(p, digit * p + last_p);
    std::tie(last_q, q) = std::pair(q, digit * q + last_q);
    // Beyond the precision of a double the digits are noise: 0.1 is 1/10.
    if (std::abs(static_cast<double>(p) / static_cast<double>(q) - value) <= value * 1e-15) break;
    rest = 1 / (rest - whole);
  }
  return {p, q};
}

absl::Status CheckRanges(const RateLimiterOptions& options) {
  if (options.kind == RateLimiterOptions::Kind::kQueue) {
    if (options.queue_size >= 1) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("rate limiter: queue_size ", options.queue_size, ", want at least 1"));
  }
  if (options.min_size < 1) {
    return absl::InvalidArgumentError(absl::StrCat("rate limiter: min_size ", options.min_size, ", want at least 1"));
  }
  const double spi = options.samples_per_insert;
  if (!(spi == 0 || (spi >= kMinRatio && spi <= kMaxRatio))) {
    return absl::InvalidArgumentError(
        absl::StrCat("rate limiter: samples_per_insert ", spi, ", want 0 or ", kMinRatio, "..", kMaxRatio));
  }
  if (spi == 0) return absl::OkStatus();
  const double smallest = 2 * std::max(1.0, spi);
  if (!(options.error_buffer >= smallest)) {
    return absl::InvalidArgumentError(absl::StrCat("rate limiter: error_buffer ", options.error_buffer,
                                                   ", want at least 2 * max(1, samples_per_insert) = ", smallest));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view NameOf(BlockedOn reason) {
  switch (reason) {
    case BlockedOn::kNone:
      return "none";
    case BlockedOn::kMinSize:
      return "min_size";
    case BlockedOn::kSpiInsert:
      return "spi_insert";
    case BlockedOn::kSpiSample:
      return "spi_sample";
    case BlockedOn::kDraining:
      return "draining";
    case BlockedOn::kCapacity:
      return "capacity";
    case BlockedOn::kItems:
      return "items";
    case BlockedOn::kCheckpoint:
      return "checkpoint";
  }
  return "unknown";
}

absl::StatusOr<RateLimiter> RateLimiter::Create(const RateLimiterOptions& options) {
  if (absl::Status status = CheckRanges(options); !status.ok()) return status;
  RateLimiter limiter;
  limiter.options_ = options;
  if (options.kind == RateLimiterOptions::Kind::kQueue) {
    limiter.min_size_ = 0;
    limiter.p_ = 1;
    limiter.high_ = options.queue_size;
    return limiter;
  }
  limiter.min_size_ = options.min_size;
  if (options.samples_per_insert == 0) return limiter;
  std::tie(limiter.p_, limiter.q_) = NearestFraction(options.samples_per_insert);
  const auto q = static_cast<double>(limiter.q_);
  const double middle = static_cast<double>(options.min_size) * static_cast<double>(limiter.p_);
  const double largest = (kMaxBalance - middle) / q;
  if (!(options.error_buffer <= largest)) {
    return absl::InvalidArgumentError(absl::StrCat("rate limiter: error_buffer ", options.error_buffer,
                                                   ", want at most ", largest, " with min_size ", options.min_size,
                                                   " and samples_per_insert ", options.samples_per_insert));
  }
  const int64_t buffer = std::llround(options.error_buffer * q);
  limiter.low_ = options.min_size * limiter.p_ - buffer;
  limiter.high_ = options.min_size * limiter.p_ + buffer;
  return limiter;
}

absl::Status RateLimiter::CheckReader(int64_t batch_size, int64_t batches_in_flight) const {
  if (p_ == 0) return absl::OkStatus();
  if (options_.kind == RateLimiterOptions::Kind::kQueue) {
    if (batch_size <= options_.queue_size) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("rate limiter: queue_size ", options_.queue_size, ", want at least batch_size ", batch_size));
  }
  const int64_t rows = batch_size * batches_in_flight;
  if (options_.error_buffer >= static_cast<double>(rows)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("rate limiter: error_buffer ", options_.error_buffer,
                                                    ", want at least batch_size ", batch_size, " x ", batches_in_flight,
                                                    " batches in flight = ", rows));
}

int64_t RateLimiter::AdmittedInserts(int64_t wanted) const {
  if (p_ == 0) return wanted;
  return std::clamp<int64_t>((high_ - balance_) / p_, 0, wanted);
}

BlockedOn RateLimiter::SampleBlockedOn(int64_t rows) const {
  if (inserted_ < min_size_) return BlockedOn::kMinSize;
  if (p_ != 0 && balance_ - rows * q_ < low_) return BlockedOn::kSpiSample;
  return BlockedOn::kNone;
}

void RateLimiter::Inserted(int64_t rows) {
  inserted_ += rows;
  balance_ += rows * p_;
}

void RateLimiter::Sampled(int64_t rows) {
  sampled_ += rows;
  if (p_ != 0) balance_ -= rows * q_;
}

void RateLimiter::Refunded(int64_t rows) { Sampled(-rows); }

bool RateLimiter::Continue(int64_t inserted, int64_t sampled, const Settings& other) {
  inserted_ = inserted;
  sampled_ = sampled;
  balance_ = 0;
  if (p_ == 0) return true;
  __extension__ using Wide = __int128;
  const Wide made = Wide{inserted} * p_;
  const Wide balance = made - Wide{sampled} * q_;
  // Alike: also what refunds have lifted over the bounds goes on as it was.
  constexpr auto kMost = static_cast<Wide>(kMaxBalance);
  if (other == settings() && balance <= kMost && balance >= -kMost) {
    balance_ = static_cast<int64_t>(balance);
    return true;
  }
  Wide counted = sampled;
  if (balance > high_) counted = (made - high_ + q_ - 1) / q_;
  if (balance < low_) counted = std::max<Wide>(made - low_, 0) / q_;
  if (counted > kMost) {  // No limiter can have counted this far: the counters were made up, and counting starts at 0.
    inserted_ = sampled_ = 0;
    return false;
  }
  sampled_ = static_cast<int64_t>(counted);
  balance_ = static_cast<int64_t>(made - counted * q_);
  return counted == sampled;
}

}  // namespace recbots::replay

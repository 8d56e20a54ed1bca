#include "common/rpc/retry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"

namespace recbots {
namespace {

// No line is logged for a peer that comes back sooner than this, as at the start of a cluster.
constexpr absl::Duration kSilence = absl::Milliseconds(500);
constexpr absl::Duration kSayEvery = absl::Seconds(5);

std::string Rounded(absl::Duration duration) {
  return absl::FormatDuration(absl::Trunc(duration, absl::Milliseconds(100)));
}

}  // namespace

bool IsTransient(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kResourceExhausted:
      return true;
    default:
      return false;
  }
}

PeerRetry::PeerRetry(std::string peer_name, std::string address, RetryOptions options, Clock* clock)
    : peer_name_(std::move(peer_name)), address_(std::move(address)), options_(options), clock_(clock) {}

absl::StatusOr<absl::Duration> PeerRetry::Failed(const absl::Status& status) {
  if (!IsTransient(status)) return status;
  const Instant now = clock_->Now();
  if (!failing_) {
    failing_ = true;
    said_ = false;
    first_failure_ = now;
    delay_ = options_.initial_delay;
    ShowAway();
  } else {
    delay_ = std::min(delay_ * 2, options_.max_delay);
  }
  const absl::Duration away = now - first_failure_;
  if (away >= options_.give_up_after) {
    return absl::DeadlineExceededError(absl::StrCat(peer_name_, " at ", address_, " was away for ", Rounded(away),
                                                    ", want at most ", absl::FormatDuration(options_.give_up_after),
                                                    "; last error: ", status.message()));
  }
  // An attempt that ran into its deadline has taken long already, and so may the next one: log now.
  const bool slow = status.code() == absl::StatusCode::kDeadlineExceeded;
  const bool due = said_ ? now - last_said_ >= kSayEvery : slow || away + delay_ >= kSilence;
  if (due) {
    RECBOTS_LOG(WARNING) << peer_name_ << " at " << address_ << " is away, trying again" << Field("away", Rounded(away))
                         << Field("error", status.message());
    said_ = true;
    last_said_ = now;
  }
  return delay_;
}

void PeerRetry::ShowAway() {
  if (options_.waits != nullptr) {
    away_ = std::make_unique<Away>(options_.waits, peer_name_, address_, first_failure_ + options_.give_up_after);
  }
}

void PeerRetry::Succeeded() {
  away_ = nullptr;
  if (failing_ && said_) {
    RECBOTS_LOG(INFO) << peer_name_ << " at " << address_ << " is back after "
                      << Rounded(clock_->Now() - first_failure_);
  }
  failing_ = false;
  said_ = false;
}

}  // namespace recbots

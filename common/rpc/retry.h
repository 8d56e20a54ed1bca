// Decides when to try again, and logs what happens meanwhile.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/instant.h"
#include "common/base/wait_board.h"

namespace recbots {

// True for codes after which the same call may succeed later: UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED, CANCELLED (by
// the peer), UNKNOWN, INTERNAL (a broken connection), RESOURCE_EXHAUSTED. All others are final.
bool IsTransient(const absl::Status& status);

struct RetryOptions {
  absl::Duration initial_delay = absl::Milliseconds(50);
  absl::Duration max_delay = absl::Milliseconds(300);
  // How long a peer may be away before Failed() gives up; infinite means never.
  absl::Duration give_up_after = absl::Minutes(10);
  // Where it is shown, in the background, that a peer is away; it must outlive what follows the peer. nullptr: nowhere.
  WaitBoard* waits = nullptr;
};

// Follows one peer through failures and recoveries. Logs a line within 2 s of the first of several failures in a row,
// then a line every 5 s, and a line at recovery ("replay at 127.0.0.1:7001 is back after 3.2s"). Not thread-safe.
class PeerRetry {
 public:
  PeerRetry(std::string peer_name, std::string address, RetryOptions options = {}, Clock* clock = &Clock::Real());

  // Notes a failure. Returns the time to wait before the next attempt (exponential), or
  //   the status itself        it is final (IsTransient is false)
  //   DEADLINE_EXCEEDED        the peer was away for give_up_after; names peer, address and the last error
  absl::StatusOr<absl::Duration> Failed(const absl::Status& status);
  // Notes a success: the next failure counts as the first.
  void Succeeded();

  bool failing() const { return failing_; }

 private:
  const std::string peer_name_;
  const std::string address_;
  const RetryOptions options_;
  Clock* const clock_;
  // The wait for the peer, with the texts that it shows.
  struct Away {
    Away(WaitBoard* waits, const std::string& peer_name, const std::string& peer_address, Instant deadline)
        : thing("the " + peer_name + " to come back"),
          address(peer_address),
          wait(waits, {.thing = thing, .peer = address, .deadline = deadline, .kind = WaitKind::kBackground}) {}
    const std::string thing, address;
    const ScopedWait wait;
  };
  void ShowAway();

  std::unique_ptr<Away> away_;  // Null: the peer is there, or nothing is shown.
  bool failing_ = false;
  bool said_ = false;
  Instant first_failure_;
  Instant last_said_;
  absl::Duration delay_;
};

}  // namespace recbots

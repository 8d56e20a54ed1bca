// Bounds how often somebody may be wrong, for each peer by itself: no peer can use up the attempts of another one.
#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace recbots {

struct AttemptLimiterOptions {
  // A peer may be wrong this many times at once, and again once per `pause` after that.
  double burst = 10;
  absl::Duration pause = absl::Seconds(1);
  // Peers remembered at a time. The one whose last wrong attempt is oldest makes room.
  size_t max_peers = 1024;
};

// Thread-safe.
class AttemptLimiter {
 public:
  // `clock` must outlive the limiter.
  AttemptLimiter(const AttemptLimiterOptions& options, Clock& clock) : options_(options), clock_(clock) {}

  // Whether an attempt of `peer` may be looked at.
  bool MayTry(const std::string& peer) ABSL_LOCKS_EXCLUDED(mu_);
  // The attempt was wrong.
  void AddWrong(const std::string& peer) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Record {
    double wrong = 0;  // Wrong attempts as of `last`; they are forgiven at the rate of one per pause.
    Instant last;
  };
  double WrongNow(const Record& record) const;

  const AttemptLimiterOptions options_;
  Clock& clock_;

  Mutex mu_;
  std::map<std::string, Record> records_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots

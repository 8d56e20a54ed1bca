// Asks again and again how a run is, in a thread of its own, so that a learner that answers late does not hold up the
// keys.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "deploy/cli/view/run_source.h"

namespace recbots {

// What is known of a run.
struct PolledRun {
  std::optional<RunView> view;  // The newest answer; none yet: absent.
  Instant at;                   // When it came.
  absl::Status trouble;         // Why there has been none since; OK: the newest question was answered.
  int64_t answers = 0;
  int64_t questions = 0;  // That have ended.
};

// Thread-safe.
class RunPoller {
 public:
  // `source` must outlive the poller. Asks at once, then every `interval`, or as soon as AskNow is called.
  RunPoller(const RunSource& source, int points, absl::Duration interval);
  // Returns once the question on its way has ended, within PageClient::kPatience for each of its pages.
  ~RunPoller();

  PolledRun newest() const ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until a question has ended beside the first `known`, at most `patience`; false after that.
  bool AwaitQuestion(int64_t known, absl::Duration patience) const ABSL_LOCKS_EXCLUDED(mu_);
  void AskNow() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Loop() ABSL_LOCKS_EXCLUDED(mu_);

  const RunSource& source_;
  const int points_;
  const absl::Duration interval_;
  mutable Mutex mu_;
  PolledRun newest_ ABSL_GUARDED_BY(mu_);
  bool ask_now_ ABSL_GUARDED_BY(mu_) = false;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  std::unique_ptr<Thread> thread_;
};

}  // namespace recbots

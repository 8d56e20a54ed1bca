// Looks at the newest weights in a thread of its own, at most once per evaluation.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "actor/client/policy_view.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

struct PublishedWeights {
  v1::WeightsHeader header;
  std::string payload;
};

struct PolicyWatchHooks {
  // The newest published weights; NOT_FOUND: none yet.
  std::function<absl::StatusOr<PublishedWeights>()> newest;
  // Makes a view (PolicyViewer). The answer of `stop` says whether to end at once.
  std::function<absl::StatusOr<PolicyView>(absl::string_view payload)> look;
  // Looks at the references once, after the first view; OK where there is nothing to look at.
  std::function<absl::Status()> look_at_references;
  // Takes each view, with the weights that it is of.
  std::function<void(const PublishedWeights& weights, const PolicyView& view)> on_view;
};

struct PolicyWatchOptions {
  // The least time from one view to the next.
  absl::Duration pause = absl::Milliseconds(500);
  // The thread rests for this many times the processor time that a view took: it takes at most a fiftieth of a core.
  double rest = 49;
};

// All hooks are called in the thread, which the system serves last (nice 15). A view that fails is logged once, and
// tried again with the next evaluation. Thread-safe.
class PolicyWatch {
 public:
  PolicyWatch(PolicyWatchHooks hooks, const PolicyWatchOptions& options = {});
  // Ends the thread; what a hook is doing must end by itself, when stopping() says so.
  ~PolicyWatch();

  // Something new is to be seen: an evaluation has come, or the first weights are there. Returns at once.
  void Wake() ABSL_LOCKS_EXCLUDED(mu_);
  // For the hooks.
  bool stopping() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until there is something to see; false: the end.
  bool AwaitNews() ABSL_LOCKS_EXCLUDED(mu_);
  void Rest(absl::Duration time) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status LookOnce();
  void Note(const absl::Status& status);

  const PolicyWatchHooks hooks_;
  const PolicyWatchOptions options_;

  mutable Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool news_ ABSL_GUARDED_BY(mu_) = false;

  // Of the thread.
  bool warned_ = false;
  bool knows_references_ = false;

  Thread thread_;  // Last: it uses all of the above.
};

}  // namespace recbots

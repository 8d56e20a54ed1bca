// Holds a process's lease at the learner: tells it every second how the process is.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/base/wait_board.h"
#include "common/rpc/client_stream.h"
#include "common/rpc/security.h"
#include "recbots/v1/membership.pb.h"

namespace recbots {

struct LeaseKeeperOptions {
  std::string address;                            // The learner's: host:port or unix:/path.
  std::shared_ptr<const Security> security = {};  // nullptr: none.
  // What the process says of itself; called in the keeper's thread.
  std::function<v1::RoleReport()> report;
  // Until the learner says how often it wants reports.
  absl::Duration report_every = absl::Seconds(1);
  // Where it is shown, in the background, that there is no lease; it must outlive the keeper. nullptr: nowhere.
  WaitBoard* waits = nullptr;
  // The pause after a learner that knows no leases, or refuses this one.
  absl::Duration refused_pause = absl::Seconds(10);
};

// Works in a thread of its own, and never keeps its process from anything: a learner that is away is tried again for
// ever, silently (the WeightsWatcher speaks of it), and one that is older and knows no leases is asked again every
// refused_pause. Thread-safe.
class LeaseKeeper {
 public:
  // Begins to report.
  explicit LeaseKeeper(LeaseKeeperOptions options);
  // Says goodbye, which takes a second at most, and ends the thread.
  ~LeaseKeeper();

  // Whether the learner has taken a report over the present connection.
  bool held() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  using Stream = ClientStream<v1::RoleReport, v1::LeaseTerms>;

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // Reports over one stream until it ends, or the process does; returns why it ended.
  absl::Status HoldOnce(const std::shared_ptr<grpc::Channel>& channel) ABSL_LOCKS_EXCLUDED(mu_);
  // False: the stream has ended.
  bool ReportOnce(Stream& stream, v1::RoleReport& report, bool* leaving) ABSL_LOCKS_EXCLUDED(mu_);
  void Show() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnTerms(const v1::LeaseTerms& terms) ABSL_LOCKS_EXCLUDED(mu_);

  const LeaseKeeperOptions options_;

  mutable Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool held_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<ScopedWait> wait_ ABSL_GUARDED_BY(mu_);  // For the lease, while there is none.
  bool refused_ ABSL_GUARDED_BY(mu_) = false;            // The line was logged.
  absl::Duration report_every_ ABSL_GUARDED_BY(mu_);

  Thread thread_;  // Last: it uses all of the above.
};

}  // namespace recbots

// Asks every shard of replay, again and again, what it says of itself (RoleService.Report).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/rpc/security.h"
#include "recbots/v1/membership.pb.h"
#include "replay/client/shard_channel.h"

namespace recbots::replay {

struct ShardReportsOptions {
  // The shards of this moment that are connected. Must be thread-safe.
  std::function<std::vector<ShardChannel>()> shards;
  // Each answer; called in gRPC's threads, perhaps several at a time, and never after the destructor has returned.
  std::function<void(const std::string& address, const v1::RoleReport& report)> on_report;
  std::shared_ptr<const Security> security = {};  // nullptr: none.
  absl::Duration period = absl::Seconds(1);       // Between two reports of a shard.
  absl::Duration patience = absl::Seconds(3);     // For one answer, besides the period.
};

// A shard that does not answer is asked again; one that does not know the call, because it is older, every ten seconds.
// Works in a thread of its own.
class ShardReports {
 public:
  explicit ShardReports(ShardReportsOptions options);
  // Cancels the calls under way.
  ~ShardReports();

 private:
  struct Asking;

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // Begins calls to shards that are not being asked, and forgets shards that are gone.
  void AskAll(const std::vector<ShardChannel>& shards) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Ask(Asking& asking) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnAnswer(Asking& asking, const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

  const ShardReportsOptions options_;

  Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::unique_ptr<Asking>> asking_ ABSL_GUARDED_BY(mu_);

  Thread thread_;  // Last: it uses all of the above.
};

}  // namespace recbots::replay

// Asks every shard of replay, once per period, what its tables hold and what they wait for (ReplayService.Info).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/rpc/security.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/shard_channel.h"

namespace recbots::replay {

struct ShardInfosOptions {
  // The shards of this moment that are connected. Must be thread-safe.
  std::function<std::vector<ShardChannel>()> shards;
  std::shared_ptr<const Security> security = {};  // nullptr: none.
  absl::Duration period = absl::Seconds(1);       // Between two rounds of questions.
  absl::Duration patience = absl::Seconds(3);     // For one answer.
};

struct ShardInfo {
  std::string address;
  v1::InfoResponse info;
};

// Works in a thread of its own, over the connections that there are. Thread-safe.
class ShardInfos {
 public:
  explicit ShardInfos(ShardInfosOptions options);
  ~ShardInfos();

  // What the shards that answered in the newest round said, in the order of the shards.
  std::vector<ShardInfo> newest() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Asking;
  struct Round;

  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // All shards at the same time, until the last one has answered or is too late.
  std::vector<ShardInfo> AskAll();

  const ShardInfosOptions options_;

  mutable Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<ShardInfo> newest_ ABSL_GUARDED_BY(mu_);

  Thread thread_;  // Last: it uses all of the above.
};

}  // namespace recbots::replay

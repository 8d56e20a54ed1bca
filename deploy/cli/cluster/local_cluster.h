// The whole system as processes on one machine: replay, learner, actors, evaluator.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "deploy/cli/cluster/child_process.h"

namespace recbots {

struct LocalClusterOptions {
  std::string program_dir;   // Where recbots-replay and the others lie.
  std::string config_path;   // What all roles read: a file that stays as it is, overrides applied.
  std::string run_dir;       // Exists, and is claimed.
  int lock_descriptor = -1;  // The claim, which all roles are to hold as well; -1: none.
  std::string learner_http = "127.0.0.1:0";
  int num_actors = 1;
  int num_replay_shards = 1;  // Replay processes; each has the settings of the configuration for itself.
  bool checkpoint = false;    // Replay keeps checkpoints in run_dir/replay, and begins with what lies there.
  // What is kept is taken though it is of another experiment.
  bool allow_other_experiment = false;
  bool keep = false;   // Go on after the goal.
  bool quiet = false;  // Do not pass the learner's lines on to stdout.
  // Time that actors and evaluator have to drain, and then the services, which have `save` more for what was learnt and
  // with checkpoints `last_checkpoint` more for the last one. What still runs then is killed.
  absl::Duration drain = absl::Seconds(5);
  absl::Duration save = absl::Seconds(30);
  absl::Duration last_checkpoint = absl::Seconds(60);
};

// Where the services of a cluster listen.
struct ClusterAddresses {
  std::vector<std::string> replay;  // One per shard.
  std::string learner;
  bool sockets = false;  // unix: in the run directory, not loopback.
};

// Sockets in the run directory, which cost less per byte than TCP; where its path is too long for one, or has a comma,
// free ports of 127.0.0.1. INVALID_ARGUMENT, UNAVAILABLE: no such directory, no free port.
absl::StatusOr<ClusterAddresses> ChooseAddresses(const std::string& run_dir, int num_replay_shards);

// How a cluster ended.
struct ClusterEnd {
  enum class Cause { kLearnerDone, kRoleDied, kInterrupted };
  Cause cause = Cause::kLearnerDone;
  int exit_code = 0;        // Of the learner, or of the role that died.
  std::string dead_role;    // kRoleDied: which.
  std::string log_excerpt;  // kRoleDied: the last lines of its log.
  // The last line that the learner printed: after a death of its own, what its end was (RunVerdict, learner/run).
  std::string learner_line;
};

// Starts everything at `addresses`, passes the learner's status lines on, and ends everything: when the learner is
// done, when a role dies, on SIGINT, SIGTERM and SIGHUP (unless that is ignored: nohup). Nothing it started is left
// when it returns. Blocks these signals while it runs; call it while the process has a single thread. Ends within twice
// `drain`, `save`, and with checkpoints `last_checkpoint` of a signal even when roles hang. Where nobody reads stdout
// any more the run goes on; learner.log has the lines.
//   FAILED_PRECONDITION  a log cannot be written; nothing was started
//   UNAVAILABLE          a process could not be started
absl::StatusOr<ClusterEnd> RunLocalCluster(const LocalClusterOptions& options, const ClusterAddresses& addresses);

// A TCP port of the loopback interface that was free a moment ago.
absl::StatusOr<int> FindFreePort();

}  // namespace recbots

// The whole system as processes on one machine: replay, learner, actors, evaluator.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "deploy/cli/cluster/child_process.h"
#include "deploy/cli/cluster/restarts.h"

namespace recbots {

struct LocalClusterOptions {
  std::string program_dir;   // The folder of recbots-replay and the other programs.
  std::string config_path;   // The file that all roles read: constant, with overrides applied.
  std::string run_dir;       // Exists and is claimed.
  int lock_descriptor = -1;  // The claim, which all roles shall hold as well; -1: none.
  std::string learner_http = "127.0.0.1:0";
  int num_actors = 1;
  int num_replay_shards = 1;  // Replay processes, each with the full settings of the configuration.
  int num_learners = 1;       // Learner processes that train as one.
  absl::Duration group_timeout = absl::Seconds(30);  // They end when one of them takes no part for this long.
  // Go on with the run that lies in run_dir although its settings are others.
  bool allow_other_experiment = false;
  std::string networks_of = {};  // A run directory: a run that begins takes over its networks.
  bool append_logs = false;      // Of a run that goes on; otherwise logs are overwritten.
  bool keep = false;             // Continue after the goal.
  bool quiet = false;            // Do not pass the learner's lines on to stdout.
  // Actors and evaluator have the time `drain` to end, and after them the services, which have `save` in addition to
  // save the results, and `last_checkpoint` for the last checkpoint. A process that still runs then is killed.
  absl::Duration drain = absl::Seconds(5);
  absl::Duration save = absl::Seconds(30);
  absl::Duration last_checkpoint = absl::Seconds(60);
  RestartOptions restarts = {};
  // Whether a learner that has ended with 0 has ended the run; if not, somebody has told it alone to end, and it is
  // started again. Without the function it always has.
  std::function<bool()> is_over = nullptr;
};

// Where the services of a cluster listen.
struct ClusterAddresses {
  std::vector<std::string> replay;  // One per shard.
  std::string learner;
  bool sockets = false;  // unix: in the run directory, not loopback.
};

// Chooses sockets in the run directory, which cost less per byte than TCP; if its path is too long for a socket, or
// contains a comma, free ports of 127.0.0.1. INVALID_ARGUMENT: there is no such directory; UNAVAILABLE: there is no
// free port.
absl::StatusOr<ClusterAddresses> ChooseAddresses(const std::string& run_dir, int num_replay_shards);

// How a cluster ended.
struct ClusterEnd {
  enum class Cause { kLearnerDone, kRoleDied, kInterrupted };
  Cause cause = Cause::kLearnerDone;
  int exit_code = 0;        // Of the learner, or of the role that died
  std::string dead_role;    // kRoleDied: its name
  std::string log_excerpt;  // kRoleDied: the last lines of its log
  // The last line that the learner printed; it tells how the run ended, even if the learner itself failed.
  std::string learner_line;
};

// Starts all roles at `addresses` and passes the learner's status lines on. A role that dies is started again, with a
// line that says why; the learner not after an error of its own, which is final. Several learners end and are started
// again together, and one that hangs is killed. Ends all roles when
// the learner is done, when a role refuses its configuration or dies too often (RestartOptions), and on SIGINT, SIGTERM
// and SIGHUP (unless SIGHUP is ignored, as under nohup). When it returns, no process that it started is left. It blocks
// these signals while it runs; call it while the process has a single thread. After a signal it ends within 2 x `drain`
// + `save` + `last_checkpoint`, even if roles hang. If no process reads stdout any more, the run continues; learner.log
// has the lines.
//   FAILED_PRECONDITION  a log cannot be written; no role was started
//   UNAVAILABLE          a process could not be started
absl::StatusOr<ClusterEnd> RunLocalCluster(const LocalClusterOptions& options, const ClusterAddresses& addresses);

// A TCP port of the loopback interface that was free a moment ago.
absl::StatusOr<int> FindFreePort();

}  // namespace recbots

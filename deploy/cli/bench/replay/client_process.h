// Clients in a separate process, so that their use of the machine cannot be mistaken for that of a server: `recbots
// bench-NAME ARGUMENTS... FOLDER` has clients until SIGTERM, and says in files of FOLDER how far they are.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/shutdown.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/replay/replay_server.h"
#include "deploy/cli/cluster/child_process.h"
#include "deploy/cli/commands.h"

namespace recbots::replay_bench {

// Not thread-safe.
class ClientProcess {
 public:
  // Starts the process and returns when `num_clients` are connected.
  //   UNAVAILABLE  they do not connect; the message has the end of their log
  static absl::StatusOr<std::unique_ptr<ClientProcess>> Start(const BenchOptions& options, const std::string& command,
                                                              std::vector<std::string> arguments, int num_clients);

  pid_t pid() const { return process_.pid(); }
  // Ends the clients in order; returns the number that they said last.
  absl::StatusOr<int64_t> Stop();

 private:
  ClientProcess(std::unique_ptr<TemporaryFolder> folder, ChildProcess process)
      : folder_(std::move(folder)), process_(std::move(process)) {}
  absl::Status Failure(const std::string& what) const;

  std::unique_ptr<TemporaryFolder> folder_;
  ChildProcess process_;
};

// Starts writers of rows of PayloadSchema(row_bytes); Stop waits until all rows are in the table, and returns the
// number of rows acknowledged.
absl::StatusOr<std::unique_ptr<ClientProcess>> StartWriters(const BenchOptions& options, const ReplayServer& server,
                                                            int num_writers);

// The other side: what such a process does. The functions may be called from one thread only.
struct Clients {
  std::function<int()> connected;                 // The number connected now.
  std::function<absl::Status()> status;           // The first error.
  std::function<absl::StatusOr<int64_t>()> stop;  // Ends them; the number that Stop returns.
};
// Says in `folder` when `num_clients` are connected, and what `clients.stop` returned after SIGTERM.
absl::Status ServeClients(const Clients& clients, int num_clients, const std::string& folder, Shutdown& shutdown);
// The exit code for `status`, which is logged under the command's name.
int ClientExitCode(absl::string_view command, const absl::Status& status);

}  // namespace recbots::replay_bench

// A folder in which our programs run as they would at a user's prompt: lines of bash, the programs in PATH, the shipped
// configurations at deploy/config, and, made when first asked for, a replay server, a checkpoint and a trained run.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "deploy/cli/cluster/child_process.h"

namespace recbots::testing {

struct Outcome {
  int exit_code = -1;
  std::string output;  // Both streams.
};

// Removed with its content at the end; programs that still run are ended. Not thread-safe.
class Workshop {
 public:
  Workshop();
  ~Workshop();

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  // Runs a line of bash to its end, in the folder.
  Outcome Run(const std::string& line, absl::Duration patience = absl::Minutes(2));
  // Starts one program, with its arguments in bash's syntax. Output goes to a file, log_path().
  ChildProcess Start(const std::string& line);
  // Waits for a program's end, at most this long; its exit code, and what it wrote.
  Outcome Finish(ChildProcess& program, absl::Duration patience = absl::Minutes(2));

  // The address at which a role that runs with --run_dir=DIR serves "grpc" or "http"; waits for it.
  std::string AwaitAddress(const std::string& run_dir, const std::string& role, const std::string& what);

  // The address of a replay server of browse.textproto that writes checkpoints.
  const std::string& server();
  // The directory of a checkpoint with rows in it, of a cluster that has ended.
  const std::string& checkpoint();
  // The run directory of browse.textproto, trained for a moment.
  const std::string& trained_run();
  // What the random policy showed in browse.textproto.
  const std::string& log();

 private:
  std::string path_;
  int num_started_ = 0;
  std::optional<ChildProcess> replay_;
  std::string server_;
  std::string checkpoint_;
  std::string trained_run_;
  std::string log_;
};

std::string FileContent(const std::string& path);

}  // namespace recbots::testing

// A program started by us, ended by us.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/instant.h"

namespace recbots {

struct ChildOptions {
  std::string name;                    // For messages: "actor-1".
  std::vector<std::string> arguments;  // The program's path first.
  std::string log_path;      // stderr goes there (an older log is overwritten); stdout too, unless it is piped.
  bool pipe_stdout = false;  // stdout can be read from stdout_fd().
  int lock_descriptor = -1;  // A lock that it is to hold as well (common/base/file_lock.h); -1: none.
};

// Gets SIGTERM when this process dies, whatever it dies of, and does not get the terminal's Ctrl-C: its parent passes
// on what it should hear. Not thread-safe.
class ChildProcess {
 public:
  // Other threads may run: between fork and exec only calls are made that are safe then. SIGTERM comes when the thread
  // that made this call ends: make it from one that stays.
  //   FAILED_PRECONDITION  the log cannot be written (TryLog)
  //   UNAVAILABLE          no process can be made
  static absl::StatusOr<ChildProcess> Start(const ChildOptions& options);

  // Whether the log can be written; makes it where it is missing. FAILED_PRECONDITION: names it, and says why not.
  static absl::Status TryLog(const ChildOptions& options);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();  // Kills it if it still runs.

  const std::string& name() const { return name_; }
  const std::string& log_path() const { return log_path_; }
  int stdout_fd() const { return stdout_fd_; }  // -1 when not piped.
  pid_t pid() const { return pid_; }            // -1 once it has ended.

  // Takes note of its end, if it has ended. Returns whether it runs.
  bool Running();
  // Exit code, or 128 + signal; -1 while it runs.
  int exit_code() const { return exit_code_; }
  void Signal(int signal_number);
  // Waits for its end; false when it still runs at the deadline.
  bool AwaitEnd(Instant deadline);
  // The last lines of its log, at most this many.
  std::string LastLogLines(int count) const;

 private:
  ChildProcess(std::string name, std::string log_path, pid_t pid, int stdout_fd)
      : name_(std::move(name)), log_path_(std::move(log_path)), pid_(pid), stdout_fd_(stdout_fd) {}

  std::string name_;
  std::string log_path_;
  pid_t pid_;
  int stdout_fd_;
  int exit_code_ = -1;
};

}  // namespace recbots

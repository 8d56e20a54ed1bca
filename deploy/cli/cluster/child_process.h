// A program that this process starts and ends.
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
  std::string log_path;                // stderr goes there, and stdout, too, unless it is piped.
  bool append_log = false;             // Keep what is in the log; otherwise it is overwritten.
  bool pipe_stdout = false;            // stdout can be read from stdout_fd().
  int lock_descriptor = -1;  // A lock that the program shall hold as well (common/base/file_lock.h); -1: none.
};

// The child gets SIGTERM when this process dies for any reason. It does not get the terminal's Ctrl-C: the parent
// passes on the signals that the child should get. Not thread-safe.
class ChildProcess {
 public:
  // Other threads may run, because only safe calls are made between fork and exec. The child also gets SIGTERM when the
  // thread that called Start ends, so call it from a thread that stays.
  //   FAILED_PRECONDITION  the log cannot be written (TryLog)
  //   UNAVAILABLE          the process cannot be started
  static absl::StatusOr<ChildProcess> Start(const ChildOptions& options);

  // OK if the log can be written; makes the file if it is missing. FAILED_PRECONDITION: the message names the log and
  // the reason.
  static absl::Status TryLog(const ChildOptions& options);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();  // Kills the child if it still runs.

  const std::string& name() const { return name_; }
  const std::string& log_path() const { return log_path_; }
  int stdout_fd() const { return stdout_fd_; }  // -1 when not piped.
  pid_t pid() const { return pid_; }            // -1 once it has ended.

  // Whether the child runs; notes its end if it has ended.
  bool Running();
  // The exit code, or 128 + signal; -1 while the child runs.
  int exit_code() const { return exit_code_; }
  void Signal(int signal_number);
  // Waits for the child's end; false if it still runs at the deadline.
  bool AwaitEnd(Instant deadline);
  // The last `count` lines of its log, or fewer.
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

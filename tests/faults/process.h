// A program as a child process that the tests may stop, kill and measure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/instant.h"

namespace recbots::faults {

// Dies with the thread that started it (SIGKILL, which ends stopped processes as well), and with this object at the
// latest. deploy/cli/cluster/child_process.h is what users get: there a child may end in good order. May be started
// while other threads run. Not thread-safe.
class Process {
 public:
  // arguments: the program's path first. stdout and stderr go to the log.
  //   UNAVAILABLE  the log cannot be opened, no process can be made
  static absl::StatusOr<Process> Start(const std::string& name, const std::vector<std::string>& arguments,
                                       const std::string& log_path);

  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  const std::string& name() const { return name_; }
  const std::string& log_path() const { return log_path_; }

  // Whether it runs; takes note of its end.
  bool Running();
  // Exit code, or 128 + signal; -1 while it runs.
  int exit_code() const { return exit_code_; }
  // Nothing happens when it has ended.
  void Signal(int signal_number);
  // SIGKILL, and waits until it is gone: its sockets are closed and its locks free then.
  void Kill();
  // Waits for its end; false when it still runs at the deadline.
  bool AwaitEnd(Instant deadline);

  // Bytes of its memory that are in RAM (VmRSS); 0 when it has ended.
  int64_t ResidentBytes() const;
  std::string Log() const;
  // The last lines of the log.
  std::string LogTail() const;

 private:
  Process(std::string name, std::string log_path, pid_t pid)
      : name_(std::move(name)), log_path_(std::move(log_path)), pid_(pid) {}

  std::string name_;
  std::string log_path_;
  pid_t pid_ = -1;
  int exit_code_ = -1;
};

}  // namespace recbots::faults

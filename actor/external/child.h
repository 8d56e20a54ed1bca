// A program that this process has started, as a group of processes of its own.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "actor/external/output_tail.h"
#include "common/base/file_descriptor.h"

namespace recbots {

// Its environment variable of this name has the number of its end of the socket.
inline constexpr char kSocketVariable[] = "RECBOTS_ENVIRONMENT_SOCKET";

// Standard input is empty; standard output and error are read here. The program gets SIGKILL when the thread that
// called Start ends, or this process does. Not thread-safe.
class Child {
 public:
  // Other threads may run, because only safe calls are made between fork and exec.
  //   NOT_FOUND    the program does not exist, or may not be run; the message has the system's reason
  //   UNAVAILABLE  there is no room for another process or descriptor
  static absl::StatusOr<std::unique_ptr<Child>> Start(const std::vector<std::string>& words);
  // Ends the whole group with SIGKILL, after `kPatience` in which the program may end by itself where the socket has
  // been closed.
  ~Child();

  // The socket to the program. Calls that read or write return after kTurn at the latest.
  int socket() const { return socket_.get(); }
  pid_t pid() const { return pid_; }
  // Whether the program has ended; how it ended is then in `how`: "it ended with exit code 1".
  bool Ended(std::string* how);
  // The same, after waiting for at most `patience`.
  bool AwaitEnd(absl::Duration patience, std::string* how);
  // Ends the group at once.
  void Kill();
  std::string LastLines() const { return output_->Last(absl::Milliseconds(300)); }

  static constexpr absl::Duration kTurn = absl::Milliseconds(100);

 private:
  Child(pid_t pid, FileDescriptor socket, FileDescriptor output);

  pid_t pid_;
  bool ended_ = false;
  bool killed_ = false;
  std::string how_;
  FileDescriptor socket_;
  std::unique_ptr<OutputTail> output_;
};

}  // namespace recbots

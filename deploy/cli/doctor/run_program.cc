#include "deploy/cli/doctor/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"

namespace recbots {
namespace {

constexpr size_t kMaxOutput = 64 << 10;
constexpr int kCannotExecute = 127;

// Runs between fork and exec: makes only calls that are safe there.
[[noreturn]] void BecomeProgram(char* const* arguments, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  execvp(arguments[0], arguments);
  _exit(kCannotExecute);
}

// Reads until the end or the deadline; returns whether the end came.
bool ReadAll(int fd, Instant deadline, std::string& output) {
  std::array<char, 4096> piece;
  while (output.size() < kMaxOutput) {
    const auto left = absl::ToInt64Milliseconds(deadline - Instant::Now());
    if (left <= 0) return false;
    pollfd source{fd, POLLIN, 0};
    if (poll(&source, 1, static_cast<int>(std::min<int64_t>(left, 1000))) <= 0) continue;
    const ssize_t n = read(fd, piece.data(), piece.size());
    if (n <= 0) return true;
    output.append(piece.data(), static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

absl::StatusOr<std::string> OutputOf(const std::vector<std::string>& arguments, absl::Duration patience) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) != 0) return absl::UnavailableError(absl::StrCat("no pipe: ", strerror(errno)));
  const pid_t pid = fork();
  if (pid == 0) BecomeProgram(argv.data(), pipe_fds[1]);
  const int fork_error = errno;
  close(pipe_fds[1]);
  std::string output;
  const bool ended = pid > 0 && ReadAll(pipe_fds[0], Instant::Now() + patience, output);
  close(pipe_fds[0]);
  if (pid < 0) return absl::UnavailableError(absl::StrCat(arguments[0], " cannot be started: ", strerror(fork_error)));
  // The output is complete, or the program must end: the wait for its end is short in both cases.
  if (!ended || output.size() >= kMaxOutput) kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  if (!ended) {
    return absl::DeadlineExceededError(
        absl::StrCat(arguments[0], " did not answer within ", absl::FormatDuration(patience)));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == kCannotExecute) {
    return absl::NotFoundError(absl::StrCat(arguments[0], " cannot be run"));
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::UnavailableError(WIFEXITED(status)
                                      ? absl::StrCat(arguments[0], " ended with code ", WEXITSTATUS(status))
                                      : absl::StrCat(arguments[0], " ended by signal ", WTERMSIG(status)));
  }
  return output;
}

}  // namespace recbots

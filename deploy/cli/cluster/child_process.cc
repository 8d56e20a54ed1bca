#include "deploy/cli/cluster/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/base/file_descriptor.h"
#include "common/base/file_lock.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// Runs between fork and exec: makes only calls that are safe there. Does not return.
[[noreturn]] void BecomeProgram(char* const* arguments, int log_fd, int stdout_fd, int lock_fd, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);  // The parent died before prctl.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null_fd = open("/dev/null", O_RDONLY);
  dup2(null_fd, STDIN_FILENO);
  dup2(stdout_fd, STDOUT_FILENO);
  dup2(log_fd, STDERR_FILENO);
  if (lock_fd >= 0) HandOnLock(lock_fd);  // Last, because it may take over the descriptor of another.
  signal(SIGPIPE, SIG_DFL);               // The launcher ignores SIGPIPE.
  execv(arguments[0], arguments);
  _exit(127);
}

absl::StatusOr<FileDescriptor> OpenLog(const ChildOptions& options, int flags) {
  FileDescriptor log(open(options.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0644));
  if (log.is_open()) return log;
  return absl::FailedPreconditionError(FileError("write the log", options.log_path, errno).message());
}

}  // namespace

absl::Status ChildProcess::TryLog(const ChildOptions& options) { return OpenLog(options, 0).status(); }

absl::StatusOr<ChildProcess> ChildProcess::Start(const ChildOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const FileDescriptor log, OpenLog(options, options.append_log ? 0 : O_TRUNC));
  int pipe_fds[2] = {-1, -1};
  if (options.pipe_stdout && pipe2(pipe_fds, O_CLOEXEC) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot make a pipe for ", options.name, ": ", strerror(errno)));
  }
  std::vector<char*> arguments;
  for (const std::string& argument : options.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    BecomeProgram(arguments.data(), log.get(), options.pipe_stdout ? pipe_fds[1] : log.get(), options.lock_descriptor,
                  parent);
  }
  const int fork_error = errno;
  if (options.pipe_stdout) close(pipe_fds[1]);
  if (pid < 0) {
    if (options.pipe_stdout) close(pipe_fds[0]);
    return absl::UnavailableError(absl::StrCat("cannot start ", options.name, ": ", strerror(fork_error)));
  }
  return ChildProcess(options.name, options.log_path, pid, pipe_fds[0]);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : name_(std::move(other.name_)),
      log_path_(std::move(other.log_path_)),
      pid_(std::exchange(other.pid_, -1)),
      stdout_fd_(std::exchange(other.stdout_fd_, -1)),
      exit_code_(other.exit_code_) {}

ChildProcess::~ChildProcess() {
  if (Running()) {
    Signal(SIGKILL);
    AwaitEnd(Instant::Now() + absl::Seconds(5));
  }
  if (stdout_fd_ >= 0) close(stdout_fd_);
}

bool ChildProcess::Running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
  return false;
}

void ChildProcess::Signal(int signal_number) {
  if (pid_ > 0) kill(pid_, signal_number);
}

std::string ChildProcess::LastLogLines(int count) const {
  constexpr off_t kMaxBytes = 65536;
  const FileDescriptor log(open(log_path_.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!log.is_open() || fstat(log.get(), &info) != 0) return "";
  const off_t begin = std::max<off_t>(0, info.st_size - kMaxBytes);
  std::string end(static_cast<size_t>(info.st_size - begin), '\0');
  const ssize_t got = pread(log.get(), end.data(), end.size(), begin);
  end.resize(static_cast<size_t>(std::max<ssize_t>(0, got)));
  std::vector<std::string> lines = absl::StrSplit(absl::StripSuffix(end, "\n"), '\n');
  const auto extra = static_cast<std::ptrdiff_t>(lines.size()) - count;
  if (extra > 0) lines.erase(lines.begin(), lines.begin() + extra);
  return absl::StrJoin(lines, "\n");
}

bool ChildProcess::AwaitEnd(Instant deadline) {
  while (Running()) {
    if (Instant::Now() >= deadline) return false;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return true;
}

}  // namespace recbots

#include "tests/faults/process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"

namespace recbots::faults {
namespace {

constexpr size_t kTailBytes = 3000;

// Between fork and exec: only calls that are safe there. Does not return.
[[noreturn]] void BecomeProgram(char* const* arguments, int log_fd, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // The parent died before prctl.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(log_fd, STDOUT_FILENO);
  dup2(log_fd, STDERR_FILENO);
  execv(arguments[0], arguments);
  _exit(127);
}

}  // namespace

absl::StatusOr<Process> Process::Start(const std::string& name, const std::vector<std::string>& arguments,
                                       const std::string& log_path) {
  const int log_fd = open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
  if (log_fd < 0) return absl::UnavailableError(absl::StrCat("cannot open '", log_path, "': ", strerror(errno)));
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) BecomeProgram(pointers.data(), log_fd, parent);
  const int fork_error = errno;
  close(log_fd);
  if (pid < 0) return absl::UnavailableError(absl::StrCat("cannot start ", name, ": ", strerror(fork_error)));
  return Process(name, log_path, pid);
}

Process::Process(Process&& other) noexcept
    : name_(std::move(other.name_)),
      log_path_(std::move(other.log_path_)),
      pid_(std::exchange(other.pid_, -1)),
      exit_code_(other.exit_code_) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(log_path_, other.log_path_);
  std::swap(pid_, other.pid_);
  std::swap(exit_code_, other.exit_code_);
  return *this;
}

Process::~Process() { Kill(); }

bool Process::Running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
  return false;
}

void Process::Signal(int signal_number) {
  if (Running()) kill(pid_, signal_number);
}

void Process::Kill() {
  Signal(SIGKILL);
  AwaitEnd(Instant::Now() + absl::Seconds(30));
}

bool Process::AwaitEnd(Instant deadline) {
  while (Running()) {
    if (Instant::Now() >= deadline) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

int64_t Process::ResidentBytes() const {
  std::ifstream status(absl::StrCat("/proc/", pid_, "/status"));
  for (std::string line; std::getline(status, line);) {
    const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar("\t "), absl::SkipEmpty());
    int64_t kib = 0;
    if (words.size() == 3 && words[0] == "VmRSS:" && absl::SimpleAtoi(words[1], &kib)) return kib * 1024;
  }
  return 0;
}

std::string Process::Log() const {
  std::ifstream file(log_path_);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Process::LogTail() const {
  const std::string log = Log();
  return log.size() <= kTailBytes ? log : log.substr(log.find('\n', log.size() - kTailBytes) + 1);
}

}  // namespace recbots::faults

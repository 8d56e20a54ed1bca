#include "actor/external/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(1);
constexpr int kChildSocket = 3;

struct Pair {
  FileDescriptor ours, its;
};

absl::Status NoRoom(const char* what) {
  return absl::UnavailableError(absl::StrCat("cannot make ", what, ": ", strerror(errno)));
}

absl::StatusOr<Pair> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return NoRoom("a pipe");
  return Pair{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

absl::StatusOr<Pair> MakeSockets() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return NoRoom("a pair of sockets");
  Pair pair = {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  timeval turn{};
  turn.tv_usec = static_cast<suseconds_t>(absl::ToInt64Microseconds(Child::kTurn));
  setsockopt(pair.ours.get(), SOL_SOCKET, SO_RCVTIMEO, &turn, sizeof(turn));
  setsockopt(pair.ours.get(), SOL_SOCKET, SO_SNDTIMEO, &turn, sizeof(turn));
  return pair;
}

// The variables of this process, with that of the socket; output is not to be lost where Python is killed.
std::vector<std::string> Variables() {
  std::vector<std::string> variables = {absl::StrCat(kSocketVariable, "=", kChildSocket)};
  if (getenv("PYTHONUNBUFFERED") == nullptr) variables.emplace_back("PYTHONUNBUFFERED=1");
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!absl::StartsWith(*variable, absl::StrCat(kSocketVariable, "="))) variables.emplace_back(*variable);
  }
  return variables;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Descriptors {
  int null, socket, output, failure;
};

// Runs between fork and exec: makes only calls that are safe there. Does not return.
[[noreturn]] void BecomeProgram(char* const* words, char* const* variables, const Descriptors& from, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // The parent died before prctl.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) signal(number, SIG_DFL);
  dup2(from.null, STDIN_FILENO);
  dup2(from.output, STDOUT_FILENO);
  dup2(from.output, STDERR_FILENO);
  // Descriptor 3 may be that of a part: the failure pipe is moved out of the way, and both are closed by exec.
  const int failure = fcntl(from.failure, F_DUPFD_CLOEXEC, kChildSocket + 1);
  if (from.socket == kChildSocket) {
    fcntl(kChildSocket, F_SETFD, 0);
  } else {
    dup2(from.socket, kChildSocket);
  }
  close_range(kChildSocket + 1, ~0U, CLOSE_RANGE_CLOEXEC);  // Whatever this process has open is none of the program's.
  execvpe(words[0], words, variables);
  const int error = errno;
  [[maybe_unused]] const ssize_t told = write(failure, &error, sizeof(error));
  _exit(127);
}

}  // namespace

Child::Child(pid_t pid, FileDescriptor socket, FileDescriptor output)
    : pid_(pid), socket_(std::move(socket)), output_(std::make_unique<OutputTail>(std::move(output))) {}

absl::StatusOr<std::unique_ptr<Child>> Child::Start(const std::vector<std::string>& words) {
  RECBOTS_ASSIGN_OR_RETURN(Pair sockets, MakeSockets());
  RECBOTS_ASSIGN_OR_RETURN(Pair output, MakePipe());
  RECBOTS_ASSIGN_OR_RETURN(Pair failure, MakePipe());
  const FileDescriptor null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::vector<std::string> variables = Variables();
  const std::vector<char*> word_pointers = Pointers(words);
  const std::vector<char*> variable_pointers = Pointers(variables);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    BecomeProgram(word_pointers.data(), variable_pointers.data(),
                  {null.get(), sockets.its.get(), output.its.get(), failure.its.get()}, parent);
  }
  if (pid < 0) return NoRoom("a process");
  setpgid(pid, pid);  // Here, too, so that the group is there whichever of the two comes first.
  sockets.its.Close();
  output.its.Close();
  failure.its.Close();
  int error = 0;
  ssize_t got = 0;
  do {
    got = read(failure.ours.get(), &error, sizeof(error));
  } while (got < 0 && errno == EINTR);
  auto child = absl::WrapUnique(new Child(pid, std::move(sockets.ours), std::move(output.ours)));
  if (got != sizeof(error)) return child;
  return absl::NotFoundError(absl::StrCat("cannot start '", words[0], "': ", strerror(error)));
}

Child::~Child() {
  socket_.Close();
  std::string how;
  if (!killed_) AwaitEnd(kPatience, &how);
  Kill();
}

void Child::Kill() {
  killed_ = true;
  // The group may have members where the program has ended, and its number is not given to others as long as it has.
  kill(-pid_, SIGKILL);
  std::string how;
  while (!ended_) {
    if (!AwaitEnd(absl::Seconds(1), &how)) kill(-pid_, SIGKILL);
  }
}

bool Child::Ended(std::string* how) {
  int status = 0;
  if (!ended_ && waitpid(pid_, &status, WNOHANG) == pid_) {
    ended_ = true;
    how_ = WIFEXITED(status)
               ? absl::StrCat("it ended with exit code ", WEXITSTATUS(status))
               : absl::StrCat("it was ended by signal ", WTERMSIG(status), " (", strsignal(WTERMSIG(status)), ")");
  }
  *how = how_;
  return ended_;
}

bool Child::AwaitEnd(absl::Duration patience, std::string* how) {
  const Instant deadline = Instant::Now() + patience;
  while (!Ended(how)) {
    if (Instant::Now() >= deadline) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

}  // namespace recbots

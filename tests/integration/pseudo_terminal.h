// A program at a terminal that a test holds: what it writes, what is typed, the size, and the state of the terminal
// after it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "common/base/instant.h"

namespace recbots::testing {

// Ends the program, if it still runs, with its destructor. Not thread-safe.
class PseudoTerminal {
 public:
  // Starts `arguments` (the program's path first) at a terminal of this size; `variables` are set beside TERM=xterm.
  PseudoTerminal(std::vector<std::string> arguments, int columns, int rows,
                 const std::vector<std::pair<std::string, std::string>>& variables = {}) {
    winsize size = {static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
    EXPECT_EQ(openpty(&here_, &there_, nullptr, nullptr, &size), 0);
    tcgetattr(there_, &before_);
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      login_tty(there_);
      setenv("TERM", "xterm", 1);
      unsetenv("NO_COLOR");
      for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
      execv(words[0], words.data());
      _exit(127);
    }
  }
  ~PseudoTerminal() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(there_);
    close(here_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  void Type(const std::string& keys) {
    EXPECT_EQ(write(here_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  void Resize(int columns, int rows) {
    winsize size = {static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
    EXPECT_EQ(ioctl(here_, TIOCSWINSZ, &size), 0);
  }
  void Signal(int number) { kill(pid_, number); }

  // Everything written so far.
  const std::string& written() const { return written_; }
  // Reads until `text` stands behind the first `from` bytes.
  ::testing::AssertionResult Await(const std::string& text, size_t from = 0,
                                   absl::Duration patience = absl::Seconds(60)) {
    const Instant deadline = Instant::Now() + patience;
    while (written_.find(text, from) == std::string::npos) {
      if (!Read(deadline))
        return ::testing::AssertionFailure() << "no '" << text << "' in:\n"
                                             << written_.substr(std::min(from, written_.size()));
    }
    return ::testing::AssertionSuccess();
  }
  // Waits for the program's end; its exit code, or 128 + signal. -1: it still runs.
  int Finish(absl::Duration patience = absl::Seconds(60)) {
    const Instant deadline = Instant::Now() + patience;
    int status = 0;
    while (waitpid(pid_, &status, WNOHANG) == 0) {
      if (Instant::Now() >= deadline) return -1;
      Read(Instant::Now() + absl::Milliseconds(20));
    }
    pid_ = -1;
    while (Read(Instant::Now() + absl::Milliseconds(20))) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  // Whether echo, lines and signal keys are as they were before the program.
  bool IsAsBefore() const {
    termios now = {};
    tcgetattr(there_, &now);
    return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag && now.c_oflag == before_.c_oflag;
  }

 private:
  // Reads what is there, at the latest at the deadline; false: nothing came.
  bool Read(Instant deadline) {
    const absl::Duration left = std::max(deadline - Instant::Now(), absl::ZeroDuration());
    pollfd input = {here_, POLLIN, 0};
    if (poll(&input, 1, static_cast<int>(absl::ToInt64Milliseconds(left))) <= 0) return false;
    char bytes[4096];
    const ssize_t n = read(here_, bytes, sizeof(bytes));
    if (n <= 0) return false;
    written_.append(bytes, static_cast<size_t>(n));
    return true;
  }

  int here_ = -1, there_ = -1;
  pid_t pid_ = -1;
  termios before_ = {};
  std::string written_;
};

}  // namespace recbots::testing

#include "deploy/cli/terminal/full_screen.h"

#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/base/file_descriptor.h"
#include "deploy/cli/terminal/cells.h"

namespace recbots {
namespace {

// The second screen, without a cursor and without line breaks of its own; and back.
constexpr char kEnter[] = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr char kLeave[] = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr int kCtrlZ = 26;
constexpr int kEscape = 27;
constexpr int kDeadly[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

// What the handlers need, which can call only what is safe in a handler.
termios saved_terminal;
std::atomic<bool> taken{false};

void GiveBack() {
  if (!taken.exchange(false)) return;
  [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, kLeave, sizeof(kLeave) - 1);
  tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_terminal);
}

void OnDeadlySignal(int signal_number) {
  GiveBack();
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

}  // namespace

absl::StatusOr<std::unique_ptr<FullScreen>> FullScreen::Take() {
  if (!IsTerminal(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &saved_terminal) != 0) {
    return absl::FailedPreconditionError("standard input and output are not both a terminal");
  }
  static const int at_exit = std::atexit(GiveBack);
  static_cast<void>(at_exit);
  std::unique_ptr<FullScreen> screen(new FullScreen());
  for (const int signal_number : kDeadly) signal(signal_number, OnDeadlySignal);
  screen->Enter();
  return screen;
}

FullScreen::~FullScreen() {
  Leave();
  for (const int signal_number : kDeadly) signal(signal_number, SIG_DFL);
}

void FullScreen::Enter() {
  termios raw = saved_terminal;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  taken = true;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  WriteAll(STDOUT_FILENO, kEnter);
  shown_.clear();
  shown_size_ = {0, 0};
}

void FullScreen::Leave() { GiveBack(); }

TerminalSize FullScreen::size() const { return SizeOf(STDOUT_FILENO); }

bool FullScreen::Show(const std::vector<std::string>& lines) {
  const TerminalSize now = size();
  const bool resized = now.columns != shown_size_.columns || now.rows != shown_size_.rows;
  std::string bytes = resized ? "\x1b[2J" : "";
  if (resized) shown_.clear();
  shown_.resize(static_cast<size_t>(now.rows));
  for (size_t row = 0; row < shown_.size(); ++row) {
    const std::string line = row < lines.size() ? CutTo(lines[row], now.columns) : "";
    if (line == shown_[row]) continue;
    absl::StrAppend(&bytes, "\x1b[", row + 1, ";1H\x1b[2K", line, "\x1b[0m");
    shown_[row] = line;
  }
  shown_size_ = now;
  return bytes.empty() || WriteAll(STDOUT_FILENO, bytes) == 0;
}

int FullScreen::AwaitKey(absl::Duration patience) {
  pollfd input = {STDIN_FILENO, POLLIN, 0};
  const int ready = poll(&input, 1, static_cast<int>(absl::ToInt64Milliseconds(patience)));
  if (ready <= 0) return ready < 0 && errno != EINTR ? kGone : kNoKey;
  char bytes[64];
  const ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
  if (n < 0) return errno == EAGAIN || errno == EINTR ? kNoKey : kGone;
  if (n == 0) return (input.revents & (POLLHUP | POLLERR)) != 0 ? kGone : kNoKey;
  if (bytes[0] == kCtrlZ) {
    Leave();
    kill(0, SIGTSTP);  // The shell waits for all processes of its job.
    Enter();
    return kContinued;
  }
  // What keys without a character send begins so; Escape alone is a character.
  if (bytes[0] == kEscape && n > 1) return kOtherKey;
  return static_cast<unsigned char>(bytes[0]);
}

}  // namespace recbots

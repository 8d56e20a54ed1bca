// The whole terminal as a page, and single keys: a second screen, so that what was there comes back at the end, without
// a cursor and without echo.
//
// The terminal gets its state back on every end of the program that a program can see: the destructor, exit, and the
// signals that end a process without asking (SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL). Signals that ask
// (SIGINT, SIGTERM, SIGHUP) are those of Shutdown (common/base/shutdown.h): the owner ends its loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "deploy/cli/terminal/terminal.h"

namespace recbots {

// Not thread-safe. A process has at most one at a time.
class FullScreen {
 public:
  // What AwaitKey returns beside a character.
  static constexpr int kNoKey = -1;      // Nothing was typed within the time.
  static constexpr int kGone = -2;       // The terminal is gone.
  static constexpr int kOtherKey = -3;   // A key that is no character, such as an arrow.
  static constexpr int kContinued = -4;  // The program was stopped (Ctrl-Z) and goes on: draw again.

  // Takes the terminal of standard input and output.
  //   FAILED_PRECONDITION  one of them is no terminal
  static absl::StatusOr<std::unique_ptr<FullScreen>> Take();
  ~FullScreen();
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;

  // The size now; it changes when somebody resizes the window.
  TerminalSize size() const;
  // Shows the lines from the top left corner, each cut to the width, and nothing else; lines below the screen are not
  // shown. Writes only lines that have changed since the last Show at this size. False: the terminal is gone.
  bool Show(const std::vector<std::string>& lines);
  // Waits until a key is typed, at most `patience`; Ctrl-C is 3. Ctrl-Z stops the program as the shell expects it, and
  // gives the terminal back until the program goes on.
  int AwaitKey(absl::Duration patience);

 private:
  FullScreen() = default;
  void Enter();
  void Leave();

  std::vector<std::string> shown_;
  TerminalSize shown_size_ = {0, 0};
};

}  // namespace recbots

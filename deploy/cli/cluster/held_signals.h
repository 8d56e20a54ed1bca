// Signals that end a run, as a question instead of an interruption.
#pragma once

#include <signal.h>
#include <time.h>

namespace recbots {

// Keeps signals that end a run pending in the kernel until they are read, so that no handler runs between our calls.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    if (!IsIgnored(SIGHUP)) sigaddset(&set_, SIGHUP);
    sigprocmask(SIG_BLOCK, &set_, &before_);
    signal(SIGPIPE, SIG_IGN);
  }
  ~HeldSignals() {
    const timespec none{0, 0};
    while (sigtimedwait(&set_, nullptr, &none) > 0) {
    }
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  bool Came() const {
    const timespec none{0, 0};
    return sigtimedwait(&set_, nullptr, &none) > 0;
  }

 private:
  static bool IsIgnored(int signal_number) {
    struct sigaction action {};
    return sigaction(signal_number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
  }

  sigset_t set_;
  sigset_t before_;
};

}  // namespace recbots

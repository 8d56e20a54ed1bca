#include "common/base/shutdown.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "common/base/log.h"

namespace recbots {
namespace {

sigset_t EndSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

Shutdown::Shutdown() {
  const sigset_t set = EndSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  listener_ = std::make_unique<Thread>("signals", [this] { Listen(); });
}

Shutdown::~Shutdown() {
  stop_listening_ = true;
  listener_.reset();
}

void Shutdown::Request() {
  MutexLock lock(&mu_);
  requested_ = true;
}

bool Shutdown::AwaitFor(absl::Duration timeout) {
  MutexLock lock(&mu_);
  return mu_.AwaitFor([this] { return requested(); }, timeout);
}

void Shutdown::Listen() {
  const sigset_t set = EndSignals();
  const timespec poll{0, 50'000'000};
  while (!stop_listening_) {
    const int signal_number = sigtimedwait(&set, nullptr, &poll);
    if (signal_number < 0) continue;
    if (requested()) _exit(130);
    RECBOTS_LOG(INFO) << "ending" << Field("signal", signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
    Request();
  }
}

}  // namespace recbots

#include "common/base/shutdown.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/program.h"

namespace recbots {
namespace {

constexpr int kSignalsUntilTheEnd = 3;

// The state of the handler, which may run on any thread at any time.
std::atomic<int> signals_taken{0};
volatile sig_atomic_t last_signal = 0;
std::atomic<sem_t*> handler_wakes{nullptr};

void OnSignal(int signal_number) {
  if (++signals_taken >= kSignalsUntilTheEnd) _exit(kExitInterrupted);
  last_signal = signal_number;
  const int error = errno;         // Belongs to the interrupted code.
  sem_post(handler_wakes.load());  // Fails only if the count is full; then the listener is awake already.
  errno = error;
}

// A program started with nohup shall outlive its terminal.
bool IsIgnored(int signal_number) {
  struct sigaction action {};
  return sigaction(signal_number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void Handle(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  if (!IsIgnored(SIGHUP)) sigaction(SIGHUP, &action, nullptr);
}

const char* NameOf(int signal_number) {
  if (signal_number == SIGTERM) return "SIGTERM";
  return signal_number == SIGHUP ? "SIGHUP" : "SIGINT";
}

}  // namespace

Shutdown::Shutdown() {
  RECBOTS_CHECK(sem_init(&wake_, /*pshared=*/0, 0) == 0);
  signals_taken = 0;
  last_signal = 0;
  handler_wakes = &wake_;
  Handle(OnSignal);
  signal(SIGPIPE, SIG_IGN);
  listener_ = std::make_unique<Thread>("signals", [this] { Listen(); });
}

Shutdown::~Shutdown() {
  Handle(SIG_DFL);
  stop_listening_ = true;
  sem_post(&wake_);
  listener_.reset();
  sem_destroy(&wake_);
}

void Shutdown::Request() {
  MutexLock lock(&mu_);
  requested_ = true;
}

void Shutdown::Fail(const absl::Status& status) {
  MutexLock lock(&mu_);
  failure_.Update(status);
  requested_ = true;
}

absl::Status Shutdown::failure() const {
  MutexLock lock(&mu_);
  return failure_;
}

bool Shutdown::AwaitFor(absl::Duration timeout) {
  MutexLock lock(&mu_);
  return mu_.AwaitFor([this] { return requested(); }, timeout);
}

void Shutdown::Listen() {
  while (!stop_listening_) {
    if (sem_wait(&wake_) != 0 || last_signal == 0 || stop_listening_) continue;
    if (requested() && signals_taken > 1) {
      RECBOTS_LOG(INFO) << "still ending; one more signal ends the process at once, and loses what it would have saved";
    } else if (!requested()) {
      RECBOTS_LOG(INFO) << "ending" << Field("signal", NameOf(last_signal));
      Request();
    }
  }
}

}  // namespace recbots

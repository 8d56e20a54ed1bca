#include "common/base/shutdown.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/log.h"

namespace recbots {
namespace {

// What the handler works with; it may run on any thread at any time.
volatile sig_atomic_t signals_taken = 0;
volatile sig_atomic_t last_signal = 0;
std::atomic<int> handler_fd{-1};

void Wake(int fd) {
  const uint64_t one = 1;
  // Fails only when the counter is full: then the reader is awake already.
  [[maybe_unused]] const ssize_t written = write(fd, &one, sizeof(one));
}

void OnSignal(int signal_number) {
  if (signals_taken != 0) _exit(130);
  signals_taken = 1;
  last_signal = signal_number;
  Wake(handler_fd.load());
}

// A program started with nohup is to outlive its terminal.
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

Shutdown::Shutdown() : wake_fd_(eventfd(0, EFD_CLOEXEC)) {
  RECBOTS_CHECK(wake_fd_ >= 0) << "no eventfd";
  signals_taken = 0;
  last_signal = 0;
  handler_fd = wake_fd_;
  Handle(OnSignal);
  signal(SIGPIPE, SIG_IGN);
  listener_ = std::make_unique<Thread>("signals", [this] { Listen(); });
}

Shutdown::~Shutdown() {
  Handle(SIG_DFL);
  stop_listening_ = true;
  Wake(wake_fd_);
  listener_.reset();
  close(wake_fd_);
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
  uint64_t count = 0;
  while (!stop_listening_) {
    if (read(wake_fd_, &count, sizeof(count)) != sizeof(count) || last_signal == 0 || requested()) continue;
    RECBOTS_LOG(INFO) << "ending" << Field("signal", NameOf(last_signal));
    Request();
  }
}

}  // namespace recbots

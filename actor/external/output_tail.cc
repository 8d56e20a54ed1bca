#include "actor/external/output_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "absl/strings/str_join.h"
#include "common/base/log.h"

namespace recbots {
namespace {

constexpr int kTurnMillis = 50;

}  // namespace

OutputTail::OutputTail(FileDescriptor output) : output_(std::move(output)), second_(Instant::Now()) {
  fcntl(output_.get(), F_SETFL, fcntl(output_.get(), F_GETFL) | O_NONBLOCK);
  thread_ = std::make_unique<Thread>("env-output", [this] { Read(); });
}

OutputTail::~OutputTail() {
  stop_ = true;
  thread_.reset();
}

void OutputTail::Read() {
  std::array<char, 65536> bytes;
  while (true) {
    const ssize_t got = read(output_.get(), bytes.data(), bytes.size());
    if (got > 0) {
      Take({bytes.data(), static_cast<size_t>(got)});
      if (!stop_) continue;
      break;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR) || stop_) break;
    pollfd wait = {output_.get(), POLLIN, 0};
    poll(&wait, 1, kTurnMillis);
  }
  if (!line_.empty()) TakeLine();
  ShowSkipped();
  MutexLock lock(&mu_);
  ended_ = true;
}

void OutputTail::Take(absl::string_view bytes) {
  for (const char c : bytes) {
    if (c != '\n') line_.push_back(c);
    if (c == '\n' || line_.size() == kMaxLineBytes) TakeLine();
  }
}

void OutputTail::TakeLine() {
  if (const Instant now = Instant::Now(); now - second_ >= absl::Seconds(1)) {
    ShowSkipped();
    second_ = now;
    logged_ = 0;
  }
  if (logged_ < kMaxLinesLogged) {
    RECBOTS_LOG(INFO) << "environment: " << line_;
    ++logged_;
  } else {
    ++skipped_;
  }
  MutexLock lock(&mu_);
  lines_.push_back(std::exchange(line_, std::string()));
  if (lines_.size() > kLinesKept) lines_.pop_front();
}

void OutputTail::ShowSkipped() {
  if (skipped_ == 0) return;
  RECBOTS_LOG(WARNING) << "lines of the environment are not shown" << Field("lines", skipped_)
                       << Field("shown_a_second", kMaxLinesLogged);
  skipped_ = 0;
}

std::string OutputTail::Last(absl::Duration patience) const {
  MutexLock lock(&mu_);
  mu_.AwaitFor([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return ended_; }, patience);
  return absl::StrJoin(lines_, "\n");
}

}  // namespace recbots

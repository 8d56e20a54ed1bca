#include "common/base/wait_board.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/log.h"

namespace recbots {

std::string WaitedText(absl::Duration duration) {
  if (duration < absl::Seconds(10)) return absl::StrFormat("%.1f s", absl::ToDoubleSeconds(duration));
  if (duration < absl::Minutes(2)) return absl::StrCat(absl::ToInt64Seconds(duration), " s");
  return absl::FormatDuration(absl::Trunc(duration, absl::Seconds(1)));
}

std::string DescribeWait(absl::string_view thing, absl::string_view peer) {
  return peer.empty() ? std::string(thing) : absl::StrCat(thing, " at ", peer);
}

std::string DescribeWait(const WaitInfo& wait) {
  return absl::StrCat(DescribeWait(wait.thing, wait.peer), ", for ", WaitedText(wait.waited));
}

WaitBoard::~WaitBoard() {
  MutexLock lock(&mu_);
  RECBOTS_CHECK(first_ == nullptr) << "a wait outlives its board: " << first_->wait_.thing;
}

std::vector<WaitInfo> WaitBoard::waits() const {
  std::vector<WaitInfo> infos;
  {
    MutexLock lock(&mu_);
    const Instant now = clock_.Now();
    for (const ScopedWait* wait = first_; wait != nullptr; wait = wait->after_) infos.push_back(wait->Info(now));
  }
  const auto longer = [](const WaitInfo& a, const WaitInfo& b) { return a.waited > b.waited; };
  std::stable_sort(infos.begin(), infos.end(), longer);
  return infos;
}

absl::Duration WaitBoard::idle_time() const {
  MutexLock lock(&mu_);
  absl::Duration idle = past_idle_time();
  const Instant now = clock_.Now();
  for (const ScopedWait* wait = first_; wait != nullptr; wait = wait->after_) {
    if (wait->wait_.kind == WaitKind::kIdle) idle += now - wait->since_;
  }
  return idle;
}

ScopedWait::ScopedWait(WaitBoard* board, const WaitFor& wait, Instant since)
    : board_(board), wait_(wait), since_(std::min(since, Now())) {
  if (board_ == nullptr) return;
  MutexLock lock(&board_->mu_);
  after_ = board_->first_;
  if (after_ != nullptr) after_->before_ = this;
  board_->first_ = this;
}

ScopedWait::~ScopedWait() {
  if (board_ == nullptr) return;
  MutexLock lock(&board_->mu_);
  if (wait_.kind == WaitKind::kIdle) board_->idle_nanos_ += absl::ToInt64Nanoseconds(Now() - since_);
  (before_ == nullptr ? board_->first_ : before_->after_) = after_;
  if (after_ != nullptr) after_->before_ = before_;
}

Instant ScopedWait::Now() const { return board_ == nullptr ? Instant::Now() : board_->clock_.Now(); }

absl::Duration ScopedWait::waited() const { return Now() - since_; }

bool ScopedWait::expired() const { return Now() >= wait_.deadline; }

absl::Status ScopedWait::TimedOut(const absl::Status& last_error) const {
  const std::string text =
      absl::StrCat("waited ", WaitedText(waited()), " for ", DescribeWait(wait_.thing, wait_.peer));
  if (last_error.ok()) return absl::DeadlineExceededError(text);
  return absl::DeadlineExceededError(absl::StrCat(text, "; last error: ", last_error.message()));
}

WaitInfo ScopedWait::Info(Instant now) const {
  return {std::string(wait_.thing), std::string(wait_.peer), wait_.kind, now - since_,
          wait_.deadline == Instant::InfiniteFuture() ? absl::InfiniteDuration() : wait_.deadline - now};
}

}  // namespace recbots

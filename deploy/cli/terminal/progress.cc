#include "deploy/cli/terminal/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "deploy/cli/terminal/cells.h"
#include "deploy/cli/terminal/terminal.h"

namespace recbots {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(100);
constexpr int kLongestBar = 40, kShortestBar = 8;
// Earlier an estimate would be a guess.
constexpr double kLeastShare = 0.005;
constexpr absl::Duration kLeastTime = absl::Milliseconds(500);

std::string Bar(double share, int cells) {
  const auto done = static_cast<size_t>(std::floor(share * cells));
  return absl::StrCat("[", std::string(done, '#'), std::string(static_cast<size_t>(cells) - done, '.'), "]");
}

}  // namespace

std::string ClockText(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(duration));
  if (seconds >= 3600) return absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return absl::StrFormat("%d:%02d", seconds / 60, seconds % 60);
}

std::string ProgressText(absl::string_view what, double share, absl::Duration passed, absl::Duration left,
                         int columns) {
  const std::string time = ClockText(passed);
  if (!(share >= 0)) return CutTo(absl::StrCat(what, "  ", time), columns);
  share = std::min(share, 1.0);
  const std::string percent = absl::StrFormat("%3d %%", static_cast<int>(std::floor(share * 100)));
  const std::string rest = left < absl::ZeroDuration() ? "" : absl::StrCat("about ", ClockText(left), " left");
  const std::string end = absl::StrCat("  ", time, rest.empty() ? "" : ", ", rest);
  const int room = columns - CellsOf(what) - CellsOf(percent) - CellsOf(end) - 5;  // Spaces and brackets.
  if (room >= kShortestBar) {
    return absl::StrCat(what, " ", Bar(share, std::min(room, kLongestBar)), " ", percent, end);
  }
  const std::string without_bar = absl::StrCat(what, " ", percent, end);
  if (CellsOf(without_bar) <= columns) return without_bar;
  return CutTo(absl::StrCat(what, " ", percent, rest.empty() ? "" : ", ", rest), columns);
}

Progress::Progress(std::string what, Clock& clock)
    : columns_([] { return SizeOf(STDERR_FILENO).columns; }),
      write_(
          !IsTerminal(STDERR_FILENO) ? nullptr : std::function<void(const std::string&)>([](const std::string& bytes) {
            // A terminal that is gone is no reason to stop working.
            [[maybe_unused]] const ssize_t n = write(STDERR_FILENO, bytes.data(), bytes.size());
          })),
      clock_(clock),
      start_(clock.Now()),
      what_(std::move(what)) {}

Progress::Progress(std::string what, int columns, std::function<void(const std::string&)> write, Clock& clock)
    : columns_([columns] { return columns; }),
      write_(std::move(write)),
      clock_(clock),
      start_(clock.Now()),
      what_(std::move(what)) {}

Progress::~Progress() { Clear(); }

void Progress::Update(double share) {
  if (!shown()) return;
  MutexLock lock(&mu_);
  Show(share);
}

void Progress::Update(double share, const std::string& what) {
  if (!shown()) return;
  MutexLock lock(&mu_);
  if (what != what_) next_ = Instant();
  what_ = what;
  Show(share);
}

void Progress::Show(double share) {
  const Instant now = clock_.Now();
  if (first_share_ < 0 && share >= 0) {
    first_share_ = share;
    first_at_ = now;
  }
  if (now < next_) return;
  next_ = now + kPause;
  absl::Duration left = -absl::Seconds(1);
  const double done = share - first_share_;
  if (share >= 0 && done >= kLeastShare && now - first_at_ >= kLeastTime) {
    left = (now - first_at_) * (std::max(0.0, 1 - share) / done);
  }
  // One cell less than there are: some terminals begin a new line at the last one.
  write_(absl::StrCat("\r", ProgressText(what_, share, now - start_, left, columns_() - 1), "\x1b[K"));
  visible_ = true;
}

void Progress::Clear() {
  if (!shown()) return;
  MutexLock lock(&mu_);
  if (visible_) write_("\r\x1b[K");
  visible_ = false;
  next_ = Instant();
}

}  // namespace recbots

#include "replay/table/writer_ledger.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"

namespace recbots::replay {

absl::Status WriterLedger::Open(const WriterId& id) {
  auto found = writers_.find(id);
  if (found == writers_.end()) {
    if (size() >= max_writers_ && !ForgetOldest()) {
      return absl::ResourceExhaustedError(absl::StrCat("writer ", size() + 1, ", want at most ", max_writers_));
    }
    found = writers_.emplace(id, Entry()).first;
  }
  ++found->second.open_streams;
  return absl::OkStatus();
}

void WriterLedger::Close(const WriterId& id) {
  const auto found = writers_.find(id);
  if (found == writers_.end() || found->second.open_streams == 0) return;
  --found->second.open_streams;
  found->second.closed_at = ++closes_;
}

int64_t* WriterLedger::Find(const WriterId& id) {
  const auto found = writers_.find(id);
  return found == writers_.end() ? nullptr : &found->second.rows;
}

int64_t WriterLedger::durable(const WriterId& id) const {
  const auto found = writers_.find(id);
  return found == writers_.end() ? 0 : found->second.durable_rows;
}

void WriterLedger::SetDurable(absl::Span<const WriterMark> marks) {
  for (auto& [id, entry] : writers_) entry.durable_rows = 0;
  for (const WriterMark& mark : marks) {
    const auto found = writers_.find(mark.id);
    // A writer that was forgotten and has come back since counts from 0 again.
    if (found != writers_.end()) found->second.durable_rows = std::min(mark.rows, found->second.rows);
  }
}

std::vector<WriterMark> WriterLedger::Marks() const {
  std::vector<WriterMark> marks;
  marks.reserve(writers_.size());
  for (const auto& [id, entry] : writers_) {
    marks.push_back({id, entry.rows, entry.open_streams != 0 ? 0 : entry.closed_at});
  }
  return marks;
}

absl::StatusOr<int64_t> WriterLedger::Restore(std::vector<WriterMark> marks) {
  const auto order = [](const WriterMark& mark) {
    return mark.closed_at == 0 ? std::numeric_limits<int64_t>::max() : mark.closed_at;
  };
  std::sort(marks.begin(), marks.end(), [&order](const WriterMark& a, const WriterMark& b) {
    return order(a) != order(b) ? order(a) < order(b) : a.id < b.id;
  });
  const int64_t forgotten = std::max<int64_t>(0, static_cast<int64_t>(marks.size()) - max_writers_);
  for (auto mark = marks.begin() + forgotten; mark != marks.end(); ++mark) {
    const Entry entry = {.rows = mark->rows, .durable_rows = mark->rows, .closed_at = ++closes_};
    if (mark->rows < 0 || mark->closed_at < 0 || !writers_.emplace(mark->id, entry).second) {
      writers_.clear();
      return absl::InvalidArgumentError(
          absl::StrCat("writer with ", mark->rows, " rows, closed at ", mark->closed_at, ": negative, or there twice"));
    }
  }
  return forgotten;
}

bool WriterLedger::ForgetOldest() {
  auto oldest = writers_.end();
  for (auto it = writers_.begin(); it != writers_.end(); ++it) {
    if (it->second.open_streams != 0) continue;
    if (oldest == writers_.end() || it->second.closed_at < oldest->second.closed_at) oldest = it;
  }
  if (oldest == writers_.end()) return false;
  writers_.erase(oldest);
  return true;
}

}  // namespace recbots::replay

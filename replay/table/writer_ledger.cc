#include "replay/table/writer_ledger.h"

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

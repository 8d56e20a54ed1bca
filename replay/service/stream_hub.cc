#include "replay/service/stream_hub.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace recbots::replay {
namespace {

constexpr int64_t kMinWindowBytes = 4 << 10;

int64_t ShareOf(const ReplayServiceOptions& options, int64_t writers, int64_t readers) {
  const auto shares = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(std::max<int64_t>(1, writers))));
  const int64_t budget = readers == 0
                             ? options.insert_budget_bytes
                             : std::min(options.insert_budget_bytes, options.insert_budget_beside_readers_bytes);
  return std::min(options.insert_window_bytes, std::max(kMinWindowBytes, budget / shares));
}

}  // namespace

StreamHub::StreamHub(Store* store, const ReplayServiceOptions& options)
    : store_(*store), options_(options), window_bytes_(ShareOf(options, 0, 0)), ack_timer_(options.ack_delay) {
  const WaitingRows::Options waiting = {
      .max_rows = options.max_waiting_rows,
      .max_age = options.max_waiting > absl::ZeroDuration() ? options.max_waiting : absl::InfiniteDuration()};
  for (const std::unique_ptr<TablePlace>& place : store_.places()) {
    tables_.push_back(std::make_unique<TableHub>(place.get(), waiting));
  }
}

absl::StatusOr<TableHub*> StreamHub::Find(absl::string_view caller, absl::string_view table) const {
  const TablePlace* const wanted = store_.FindPlace(table);
  for (const std::unique_ptr<TableHub>& hub : tables_) {
    if (&hub->place == wanted) return hub.get();
  }
  const auto name = [](std::string* out, const std::unique_ptr<TableHub>& hub) { out->append(hub->place.name()); };
  return absl::NotFoundError(
      absl::StrCat(caller, ": no table '", table, "', there are: ", absl::StrJoin(tables_, ", ", name)));
}

bool StreamHub::Add(std::shared_ptr<ServiceStream> stream) {
  MutexLock lock(&mu_);
  ServiceStream* const key = stream.get();
  streams_.emplace(key, std::move(stream));
  return !draining_;
}

std::shared_ptr<ServiceStream> StreamHub::Remove(ServiceStream* stream) {
  MutexLock lock(&mu_);
  const auto found = streams_.find(stream);
  std::shared_ptr<ServiceStream> last = std::move(found->second);
  streams_.erase(found);
  return last;
}

std::vector<std::shared_ptr<ServiceStream>> StreamHub::streams() const {
  MutexLock lock(&mu_);
  std::vector<std::shared_ptr<ServiceStream>> all;
  all.reserve(streams_.size());
  for (const auto& entry : streams_) all.push_back(entry.second);
  return all;
}

void StreamHub::SetDraining() {
  MutexLock lock(&mu_);
  draining_ = true;
}

bool StreamHub::draining() const {
  MutexLock lock(&mu_);
  return draining_;
}

bool StreamHub::CountWriter(int change) {
  MutexLock lock(&mu_);
  writers_ += change;
  return UpdateWindow();
}

bool StreamHub::CountReader(int change) {
  MutexLock lock(&mu_);
  readers_ += change;
  return UpdateWindow();
}

bool StreamHub::UpdateWindow() {
  const int64_t share = ShareOf(options_, writers_, readers_);
  return window_bytes_.exchange(share) != share;
}

void StreamHub::AnnounceWindow() {
  for (const auto& stream : streams()) stream->OnWindow();
}

bool StreamHub::MayLog() {
  const int64_t now = absl::GetCurrentTimeNanos() / 1000;
  int64_t next = next_log_micros_.load();
  return now >= next && next_log_micros_.compare_exchange_strong(next, now + 1'000'000);
}

}  // namespace recbots::replay

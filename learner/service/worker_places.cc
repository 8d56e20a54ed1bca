#include "learner/service/worker_places.h"

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots {
namespace {

constexpr size_t kMaxGiven = 100'000;

}  // namespace

WorkerPlaces::WorkerPlaces(const WorkerPlacesOptions& options, StreamLedger& ledger, Clock& clock)
    : options_(options), ledger_(ledger), clock_(clock), start_(clock.Now()) {}

bool WorkerPlaces::IsFree(const Place& place, uint64_t instance) const {
  const auto own = [instance](uint64_t other) { return other != 0 && other == instance; };
  const auto held = held_.find(place);
  if (held != held_.end() && !own(held->second.instance)) return false;
  const auto kept = kept_.find(place);
  return kept == kept_.end() || own(kept->second.instance);
}

int WorkerPlaces::Take(v1::WorkerRole role, uint64_t instance, std::optional<int> had) {
  const Instant now = clock_.Now();
  std::erase_if(kept_, [&](const auto& entry) {
    return entry.second.until <= now || (options_.gone && options_.gone(entry.second.instance));
  });
  int index = had.value_or(0);
  if (!had.has_value() || !IsFree({role, index}, instance)) {
    for (index = 0; !IsFree({role, index}, instance);) ++index;
  }
  const auto [held, is_new] = held_.insert({{role, index}, {instance, 1}});
  if (!is_new) ++held->second.streams;
  kept_.erase({role, index});
  return index;
}

void WorkerPlaces::Release(v1::WorkerRole role, uint64_t instance, int index) {
  const auto held = held_.find({role, index});
  RECBOTS_CHECK(held != held_.end() && held->second.instance == instance) << "index " << index << " is not held";
  if (--held->second.streams > 0) return;
  held_.erase(held);
  if (instance != 0) kept_[{role, index}] = {instance, clock_.Now() + options_.keep_index};
}

std::optional<WorkerPlace> WorkerPlaces::Admit(v1::WorkerRole role, uint64_t instance, const std::string& name,
                                               int64_t num_streams) {
  if (ledger_.had_earlier() && clock_.Now() - start_ < options_.veterans_first) return std::nullopt;
  const std::optional<int64_t> first = ledger_.Take(num_streams);
  if (!first.has_value()) return std::nullopt;
  given_[*first] = {num_streams, instance, name};
  if (given_.size() > kMaxGiven) given_.erase(given_.begin());
  return WorkerPlace{Take(role, instance, std::nullopt), *first};
}

absl::Status WorkerPlaces::CheckStreams(const v1::WatchRequest& request) const {
  if (request.instance() == 0 || request.streams_held() == 0) return absl::OkStatus();
  const int64_t end = request.streams_below();
  const int64_t first = end - request.streams_held();
  // Ranges given away do not overlap: only those that begin before the worker's end, from the last one on, matter.
  for (auto it = given_.lower_bound(end); it != given_.begin();) {
    --it;
    if (it->first + it->second.count <= first) break;
    if (it->second.instance == request.instance()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("random streams ", first, "..", end - 1, " of ", request.worker_name(), " now belong to ",
                     it->second.name, " as well: the learner had forgotten them; start the process again"));
  }
  return absl::OkStatus();
}

}  // namespace recbots

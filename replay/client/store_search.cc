#include "replay/client/store_search.h"

namespace recbots::replay {

bool StoreSearch::Answered(const std::string& target, uint64_t store_id) {
  directory_.Note(target, store_id);
  if (store_id_ != 0 && store_id != store_id_) return false;
  store_id_ = store_id;
  End();
  return true;
}

StoreSearch::Step StoreSearch::Next(const ShardAddress& at, bool answered) {
  const Instant now = clock_.Now();
  if (!active()) {
    since_ = now;
    from_ = at;
  }
  (answered ? tried_ : failed_).insert(at.target);
  std::set<std::string> passed = tried_;
  passed.insert(failed_.begin(), failed_.end());
  if (const auto next = directory_.Candidate(store_id_, passed); next.has_value()) return {.address = next};
  // Begin another round: the store may be at an address that did not answer.
  if (!failed_.empty() && now - since_ < kSearchFor) {
    failed_.clear();
    return {.address = directory_.Candidate(store_id_, tried_), .delay = pause_};
  }
  Step last = {.given_up = true};
  if (tried_.contains(from_.target)) last.address = from_;
  End();
  store_id_ = 0;
  return last;
}

void StoreSearch::End() {
  since_ = Instant::InfiniteFuture();
  tried_.clear();
  failed_.clear();
}

}  // namespace recbots::replay

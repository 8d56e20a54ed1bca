#include "replay/client/store_directory.h"

namespace recbots::replay {

void StoreDirectory::SetAddresses(const std::vector<ShardAddress>& addresses) {
  MutexLock lock(&mu_);
  for (auto& [target, place] : places_) place.listed = false;
  for (const ShardAddress& address : addresses) {
    Place& place = places_[address.target];
    place.address = address;
    place.listed = true;
  }
  for (auto place = places_.begin(); place != places_.end();) {
    place = place->second.listed || place->second.users > 0 ? std::next(place) : places_.erase(place);
  }
}

bool StoreDirectory::Has(const std::string& target) const {
  MutexLock lock(&mu_);
  const auto place = places_.find(target);
  return place != places_.end() && place->second.listed;
}

void StoreDirectory::Enter(const std::string& target) {
  MutexLock lock(&mu_);
  ++places_[target].users;
}

void StoreDirectory::Leave(const std::string& target) {
  MutexLock lock(&mu_);
  --places_[target].users;
}

std::vector<ShardAddress> StoreDirectory::Free() const {
  MutexLock lock(&mu_);
  std::vector<ShardAddress> free;
  for (const auto& [target, place] : places_) {
    if (place.listed && place.users == 0) free.push_back(place.address);
  }
  return free;
}

void StoreDirectory::Note(const std::string& target, uint64_t store_id) {
  MutexLock lock(&mu_);
  if (const auto place = places_.find(target); place != places_.end()) place->second.store_id = store_id;
}

std::optional<ShardAddress> StoreDirectory::Candidate(uint64_t store_id, const std::set<std::string>& tried) const {
  MutexLock lock(&mu_);
  std::optional<ShardAddress> found;
  for (const auto& [target, place] : places_) {
    if (!place.listed || tried.contains(target)) continue;
    if (place.store_id == store_id) return place.address;
    if (place.store_id == 0 && !found.has_value()) found = place.address;
  }
  return found;
}

}  // namespace recbots::replay

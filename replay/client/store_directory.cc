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
  std::erase_if(places_, [](const auto& place) { return IsBlank(place.second); });
}

void StoreDirectory::Note(const std::string& target, uint64_t store_id) {
  MutexLock lock(&mu_);
  const auto place = places_.try_emplace(target).first;
  place->second.store_id = store_id;
  if (IsBlank(place->second)) places_.erase(place);
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

#include "replay/client/store_directory.h"

namespace recbots::replay {

void StoreDirectory::SetAddresses(const std::vector<ShardAddress>& addresses) {
  MutexLock lock(&mu_);
  for (auto& [target, entry] : entries_) entry.listed = false;
  for (const ShardAddress& address : addresses) {
    Entry& entry = entries_[address.target];
    entry.address = address;
    entry.listed = true;
  }
  std::erase_if(entries_, [](const auto& entry) { return IsBlank(entry.second); });
}

void StoreDirectory::Note(const std::string& target, uint64_t store_id) {
  MutexLock lock(&mu_);
  const auto entry = entries_.try_emplace(target).first;
  entry->second.store_id = store_id;
  if (IsBlank(entry->second)) entries_.erase(entry);
}

std::optional<ShardAddress> StoreDirectory::Candidate(uint64_t store_id, const std::set<std::string>& tried) const {
  MutexLock lock(&mu_);
  std::optional<ShardAddress> found;
  for (const auto& [target, entry] : entries_) {
    if (!entry.listed || tried.contains(target)) continue;
    if (entry.store_id == store_id) return entry.address;
    if (entry.store_id == 0 && !found.has_value()) found = entry.address;
  }
  return found;
}

}  // namespace recbots::replay

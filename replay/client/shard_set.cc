#include "replay/client/shard_set.h"

#include <set>

namespace recbots::replay {

ShardChanges ShardSet::Update(const std::vector<ShardAddress>& listed, const std::vector<Member>& members,
                              Instant now) {
  std::set<std::string> there;
  std::set<std::string> used;
  for (const Member& member : members) used.insert(member.target);
  ShardChanges changes;
  for (const ShardAddress& address : listed) {
    there.insert(address.target);
    if (!used.contains(address.target)) changes.added.push_back(address);
  }
  std::map<std::string, Instant> gone_since;
  std::set<std::string> met;
  for (size_t i = 0; i < members.size(); ++i) {
    const std::string& target = members[i].target;
    const bool orphan = !members[i].connected && !there.contains(target);
    if (orphan && !changes.added.empty()) {
      changes.moved.emplace_back(i, changes.added.back());
      changes.added.pop_back();
    } else if (!met.insert(target).second) {
      changes.spare.push_back(i);
    } else if (orphan) {
      const auto before = gone_since_.find(target);
      const Instant since =
          gone_since.emplace(target, before == gone_since_.end() ? now : before->second).first->second;
      if (now - since >= kGrace) changes.gone.push_back(i);
    }
  }
  gone_since_ = std::move(gone_since);
  return changes;
}

}  // namespace recbots::replay

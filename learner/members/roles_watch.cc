#include "learner/members/roles_watch.h"

#include <map>
#include <utility>

#include "common/base/log.h"
#include "common/role/roles.h"

namespace recbots {

void ShowRoles(const std::vector<Member>& members, Metrics& metrics) {
  std::map<std::pair<std::string, std::string>, int> counts;
  for (const RoleKind& role : kRoles) {
    for (const MemberState state : kMemberStates) counts[{role.name, std::string(NameOf(state))}] = 0;
    counts[{role.name, "stalled"}] = 0;
  }
  for (const Member& member : members) {
    ++counts[{member.report.role(), std::string(NameOf(member.state))}];
    const bool reports = member.state == MemberState::kJoined || member.state == MemberState::kLagging;
    if (reports && !member.report.stall().empty()) ++counts[{member.report.role(), "stalled"}];
  }
  for (const auto& [key, count] : counts) metrics.gauge(metric::kLearnerRoles, key.first, key.second).Set(count);
}

RolesWatch::RolesWatch(MemberTable& table, Metrics& metrics, std::function<v1::RoleReport()> own_report,
                       std::function<void()> on_look)
    : table_(table),
      metrics_(metrics),
      own_report_(std::move(own_report)),
      on_look_(std::move(on_look)),
      thread_("roles-watch", [this] { Run(); }) {}

RolesWatch::~RolesWatch() {
  MutexLock lock(&mu_);
  stopping_ = true;
}  // The thread, the last member, is joined first.

void RolesWatch::Run() {
  while (true) {
    Look();
    MutexLock lock(&mu_);
    const auto stopping = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; };
    if (mu_.AwaitFor(stopping, table_.options().report_every)) return;
  }
}

void RolesWatch::Look() {
  if (const absl::Status kept = table_.OnReport(own_report_(), /*peer=*/""); !kept.ok()) {
    RECBOTS_LOG(ERROR) << "the learner is not in its own table of roles: " << kept.message();
  }
  ShowRoles(table_.members(), metrics_);
  on_look_();
}

}  // namespace recbots

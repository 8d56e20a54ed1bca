#include "learner/members/roles_report.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/base/format_count.h"
#include "common/base/host_port.h"
#include "common/base/wait_board.h"

namespace recbots {
namespace {

// nlohmann's own order of keys is that of the alphabet.
using Json = nlohmann::ordered_json;

std::string Date(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()); }

Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json WaitsJson(const v1::RoleReport& report) {
  Json waits = Json::array();
  for (const v1::WaitReport& wait : report.waits()) {
    Json one;
    one["for"] = wait.thing();
    one["at"] = TextOrNull(wait.peer());
    one["seconds"] = wait.seconds();
    one["gives_up_in_seconds"] = wait.deadline_seconds() < 0 ? Json(nullptr) : Json(wait.deadline_seconds());
    waits.push_back(std::move(one));
  }
  return waits;
}

Json WeightsJson(const Member& member) {
  const v1::RoleReport& report = member.report;
  const std::optional<WeightsAge>& age = member.age;
  if (report.weights_version() == 0) return nullptr;
  Json weights;
  weights["version"] = report.weights_version();
  weights["lag_updates"] = age.has_value() ? Json(age->updates) : Json(nullptr);
  weights["lag_seconds"] = age.has_value() ? Json(absl::ToDoubleSeconds(age->elapsed)) : Json(nullptr);
  return weights;
}

Json MemberJson(const Member& member) {
  const v1::RoleReport& report = member.report;
  Json one;
  one["role"] = report.role();
  one["name"] = report.name();
  one["instance"] = absl::StrCat(absl::Hex(report.instance(), absl::kZeroPad16));
  one["state"] = std::string(NameOf(member.state));
  one["since"] = Date(member.changed_at);
  one["for_seconds"] = absl::ToDoubleSeconds(member.in_state);
  one["joined"] = Date(member.first_joined_at);
  one["silent_seconds"] = absl::ToDoubleSeconds(member.silent);
  one["peer"] = TextOrNull(member.peer);
  one["host"] = report.host();
  one["pid"] = report.pid();
  one["version"] = report.version();
  one["pages"] = TextOrNull(report.pages());
  one["uptime_seconds"] = report.uptime_seconds();
  one["worker_index"] = report.has_worker_index() ? Json(report.worker_index()) : Json(nullptr);
  one["doing"] = report.doing();
  one["progress"] = report.progress();
  one["progress_unit"] = TextOrNull(report.progress_unit());
  one["progress_per_second"] = member.progress_per_second;
  one["weights"] = WeightsJson(member);
  one["waits"] = WaitsJson(report);
  one["stalled"] = TextOrNull(report.stall());
  one["stalled_seconds"] = report.stalled_seconds();
  return one;
}

bool Reports(const Member& member) {
  return member.state == MemberState::kJoined || member.state == MemberState::kLagging;
}

// HOST:PORT of the pages (as MemberTable has made them reachable); "" where there are none.
std::string TargetOf(const v1::RoleReport& report) {
  absl::string_view rest = report.pages();
  if (!absl::ConsumePrefix(&rest, "http://") && !absl::ConsumePrefix(&rest, "https://")) return "";
  const absl::StatusOr<HostPort> address = ParseHostPort(rest);
  return address.ok() ? address->ToString() : "";
}

std::string MemberText(const Member& member) {
  const v1::RoleReport& report = member.report;
  std::string text = absl::StrCat(NameOf(member.state), " for ", WaitedText(member.in_state));
  if (!Reports(member)) return text;
  if (!report.progress_unit().empty()) {
    absl::StrAppendFormat(&text, "; %s %s (%s/s)", FormatCount(static_cast<double>(report.progress())),
                          report.progress_unit(), FormatCount(member.progress_per_second));
  }
  if (member.age.has_value()) {
    absl::StrAppendFormat(&text, "; weights %d updates, %s old", member.age->updates, WaitedText(member.age->elapsed));
  }
  absl::StrAppend(&text, "; ", report.stall().empty() ? report.doing() : report.stall());
  if (!report.pages().empty()) absl::StrAppend(&text, "; ", report.pages());
  return text;
}

}  // namespace

std::string RolesJson(const std::vector<Member>& members, absl::Time now) {
  Json roles = Json::array();
  for (const Member& member : members) roles.push_back(MemberJson(member));
  Json page;
  page["now"] = Date(now);
  page["roles"] = std::move(roles);
  return page.dump(2, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + "\n";
}

std::string TargetsJson(const std::vector<Member>& members, const std::string& run) {
  Json groups = Json::array();
  for (const Member& member : members) {
    const std::string target = Reports(member) ? TargetOf(member.report) : "";
    if (target.empty()) continue;
    Json group;
    group["targets"] = {target};
    group["labels"] = {{"service", member.report.role()}, {"run", run}};
    groups.push_back(std::move(group));
  }
  return groups.dump(2, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + "\n";
}

StatusSection RolesSection(const std::vector<Member>& members) {
  StatusSection section{absl::StrCat("Roles (", members.size(), ")"), {}};
  for (const Member& member : members) {
    section.rows.push_back({absl::StrCat(member.report.role(), " ", member.report.name()), MemberText(member)});
  }
  return section;
}

std::string StalledText(const std::vector<Member>& members) {
  std::string text;
  int more = -1;
  for (const Member& member : members) {
    if (!Reports(member) || member.report.stall().empty()) continue;
    if (++more == 0) {
      text = absl::StrCat(member.report.role(), " ", member.report.name(), " (", member.report.stall(), ")");
    }
  }
  return more > 0 ? absl::StrCat(text, ", ", more, " more") : text;
}

}  // namespace recbots

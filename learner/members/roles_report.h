// The roles of a run as the learner shows them: JSON for programs, a section of /statusz for people, words for the
// status line.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/metrics/http_server.h"
#include "learner/members/member_table.h"

namespace recbots {

inline constexpr char kRolesPath[] = "/api/roles";
inline constexpr char kTargetsPath[] = "/api/v1/targets";

// One JSON object; docs/formats.md describes it.
std::string RolesJson(const std::vector<Member>& members, absl::Time now);

// Where Prometheus finds the metrics of every member that reports and has pages, in the format of its http_sd_configs;
// `run` becomes a label of all of them. docs/formats.md describes it.
std::string TargetsJson(const std::vector<Member>& members, const std::string& run);

// A row for each member.
StatusSection RolesSection(const std::vector<Member>& members);

// "actor HOST/7 (no step for 42 s: ...), 2 more"; "" if no member that reports has stalled.
std::string StalledText(const std::vector<Member>& members);

}  // namespace recbots

// Reports of processes, complete but for what a test is about.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "recbots/v1/membership.pb.h"

namespace recbots::testing {

inline v1::RoleReport MakeReport(uint64_t instance, const std::string& role = "actor") {
  v1::RoleReport report;
  report.set_instance(instance);
  report.set_role(role);
  report.set_name(absl::StrCat("host/", instance));
  report.set_host("host");
  report.set_pid(static_cast<int64_t>(instance));
  report.set_version("1.0");
  report.set_pages("http://127.0.0.1:9100");
  report.set_doing("acting");
  report.set_progress_unit("steps");
  return report;
}

}  // namespace recbots::testing

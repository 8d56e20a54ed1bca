// Settings of agents as text, "name" -> "value", and functions that fill options structs from them field by field.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/agents/click_bandit_slate.h"
#include "common/agents/tabular_q_policy.h"

namespace recbots {

using AgentSettings = std::map<std::string, std::string, std::less<>>;

// Reads a value into `field`: a number, "true" or "false", numbers separated by commas, or the name of a choice.
//   INVALID_ARGUMENT  the value has the wrong form; the message has name, value and what is wanted; `field` is
//                     unchanged
absl::Status ParseSetting(absl::string_view name, absl::string_view value, double& field);
absl::Status ParseSetting(absl::string_view name, absl::string_view value, int& field);
absl::Status ParseSetting(absl::string_view name, absl::string_view value, bool& field);
absl::Status ParseSetting(absl::string_view name, absl::string_view value, std::vector<double>& field);
absl::Status ParseSetting(absl::string_view name, absl::string_view value, ArmTies& field);
absl::Status ParseSetting(absl::string_view name, absl::string_view value, TabularExploration& field);

// The names of the fields of an options struct (ForEachField), in their order.
template <typename Options>
std::vector<std::string> SettingNames() {
  std::vector<std::string> names;
  Options options;
  options.ForEachField([&](const char* name, auto&) { names.emplace_back(name); });
  return names;
}

// Fills the fields that `settings` names, and ignores settings that are no fields of `options`. The owner of the
// options must check the bounds.
//   INVALID_ARGUMENT  as in ParseSetting, for the first bad value in the order of fields
template <typename Options>
absl::Status FillSettings(const AgentSettings& settings, Options& options) {
  absl::Status status;
  options.ForEachField([&](const char* name, auto& field) {
    const auto found = settings.find(absl::string_view(name));
    if (status.ok() && found != settings.end()) status = ParseSetting(name, found->second, field);
  });
  return status;
}

}  // namespace recbots

#include "common/agents/agent_settings.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace recbots {
namespace {

absl::Status Wanted(absl::string_view name, absl::string_view value, absl::string_view wanted) {
  return absl::InvalidArgumentError(absl::StrCat(name, " '", value, "', want ", wanted));
}

template <typename Enum>
absl::Status ParseChoice(absl::string_view name, absl::string_view value,
                         const std::vector<std::pair<std::string, Enum>>& choices, Enum& field) {
  for (const auto& [choice, meaning] : choices) {
    if (choice != value) continue;
    field = meaning;
    return absl::OkStatus();
  }
  const auto write_name = [](std::string* out, const auto& choice) { out->append(choice.first); };
  return Wanted(name, value, absl::StrCat("one of ", absl::StrJoin(choices, ", ", write_name)));
}

}  // namespace

absl::Status ParseSetting(absl::string_view name, absl::string_view value, double& field) {
  double parsed = 0;
  if (!absl::SimpleAtod(value, &parsed)) return Wanted(name, value, "a number");
  field = parsed;
  return absl::OkStatus();
}

absl::Status ParseSetting(absl::string_view name, absl::string_view value, int& field) {
  int parsed = 0;
  if (!absl::SimpleAtoi(value, &parsed)) return Wanted(name, value, "an integer of 32 bits");
  field = parsed;
  return absl::OkStatus();
}

absl::Status ParseSetting(absl::string_view name, absl::string_view value, bool& field) {
  return ParseChoice<bool>(name, value, {{"true", true}, {"false", false}}, field);
}

absl::Status ParseSetting(absl::string_view name, absl::string_view value, std::vector<double>& field) {
  std::vector<double> parsed;
  for (const absl::string_view number : absl::StrSplit(value, ',')) {
    parsed.push_back(0);
    if (!absl::SimpleAtod(number, &parsed.back())) return Wanted(name, value, "numbers with commas between");
  }
  field = std::move(parsed);
  return absl::OkStatus();
}

absl::Status ParseSetting(absl::string_view name, absl::string_view value, ArmTies& field) {
  return ParseChoice<ArmTies>(
      name, value,
      {{"random", ArmTies::kRandom}, {"lower_arm", ArmTies::kLowerArm}, {"higher_arm", ArmTies::kHigherArm}}, field);
}

absl::Status ParseSetting(absl::string_view name, absl::string_view value, TabularExploration& field) {
  return ParseChoice<TabularExploration>(
      name, value,
      {{"epsilon_greedy", TabularExploration::kEpsilonGreedy}, {"min_count", TabularExploration::kMinCount}}, field);
}

}  // namespace recbots

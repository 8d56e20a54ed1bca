#include "common/log/parse_value.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/time/time.h"

namespace recbots {

std::optional<bool> ParseFlag(absl::string_view text) {
  if (text == "0" || text == "0.0" || absl::EqualsIgnoreCase(text, "false")) return false;
  if (text == "1" || text == "1.0" || absl::EqualsIgnoreCase(text, "true")) return true;
  return std::nullopt;
}

std::optional<double> ParseTimestamp(absl::string_view text) {
  if (const std::optional<double> seconds = ParseFinite<double>(text)) return seconds;
  absl::Time time;
  for (const char* format : {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%d%t%H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M:%E*S",
                             "%Y-%m-%d%t%H:%M:%E*S", "%Y-%m-%d"}) {
    if (absl::ParseTime(format, text, &time, nullptr)) {
      return absl::ToDoubleSeconds(time - absl::UnixEpoch());
    }
  }
  return std::nullopt;
}

}  // namespace recbots

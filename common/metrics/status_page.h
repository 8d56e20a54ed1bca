// What /statusz shows, as HTML for people and as text for terminals.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/metrics/http_server.h"

namespace recbots {

// A page of its own (no script, no file besides), readable on a phone, that loads itself again every 2 s. Names and
// values may hold any character.
std::string StatusHtml(absl::string_view role, absl::Duration uptime, const std::vector<StatusSection>& sections);

// "learner, up 1h2m3s", then sections of "name: value" lines.
std::string StatusText(absl::string_view role, absl::Duration uptime, const std::vector<StatusSection>& sections);

}  // namespace recbots

// The page /statusz, as HTML for browsers and as text for terminals.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/metrics/http_server.h"

namespace recbots {

// A complete page (no script, no other file) that is readable on a phone and reloads itself every 2 s. Names and values
// may contain any character.
std::string StatusHtml(absl::string_view role, absl::Duration uptime, const std::vector<StatusSection>& sections);

// "learner, up 1h2m3s", then sections of "name: value" lines.
std::string StatusText(absl::string_view role, absl::Duration uptime, const std::vector<StatusSection>& sections);

}  // namespace recbots

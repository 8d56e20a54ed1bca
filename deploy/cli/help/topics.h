// Short texts about what all commands share: `recbots help TOPIC`.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace recbots {

// "configuration", "environment", "exit-codes", "files".
std::vector<std::string> TopicNames();
// The text; empty: there is no such topic.
absl::string_view TopicText(absl::string_view name);

}  // namespace recbots

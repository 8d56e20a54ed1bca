// Parts the command of a program into words.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

// As a shell parts words: at spaces, except within '...', within "..." and behind \. Nothing else that a shell knows
// means anything: no variables, no patterns, no pipes.
//   INVALID_ARGUMENT  no word, an open quotation mark, or a \ at the end
absl::StatusOr<std::vector<std::string>> CommandWords(absl::string_view command);

}  // namespace recbots

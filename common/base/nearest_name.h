// Finds the name that somebody may have meant: for messages about a name that does not exist.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace recbots {

// The candidate nearest to `name` by edit distance (Levenshtein), or "" if none is so near that it may have been meant:
// at most 2 characters apart, or half of the characters of a long name. Of equally near ones the first.
std::string NearestName(absl::string_view name, const std::vector<std::string>& candidates);

// ", did you mean 'seed'?", or "" if no candidate is near.
std::string DidYouMean(absl::string_view name, const std::vector<std::string>& candidates);

}  // namespace recbots

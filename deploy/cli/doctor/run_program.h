// Runs a program and returns its output.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace recbots {

// The standard output of a program, at most 64 KiB; arguments[0] is its path, or a name to be found in PATH. Its
// standard input is empty, and its stderr is discarded.
//   NOT_FOUND           there is no such program
//   DEADLINE_EXCEEDED   the program did not end within `patience`, and was killed
//   UNAVAILABLE         the program ended with another code than 0, or could not be started
absl::StatusOr<std::string> OutputOf(const std::vector<std::string>& arguments, absl::Duration patience);

}  // namespace recbots

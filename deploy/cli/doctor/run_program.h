// Runs a program for what it prints.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace recbots {

// The output of a program, at most 64 KiB; arguments[0] is its path, or a name that is looked for in PATH. It reads
// nothing, and what it says on stderr is thrown away.
//   NOT_FOUND           there is no such program
//   DEADLINE_EXCEEDED   it did not end within `patience`, and was killed
//   UNAVAILABLE         it ended with another code than 0, or could not be started
absl::StatusOr<std::string> OutputOf(const std::vector<std::string>& arguments, absl::Duration patience);

}  // namespace recbots

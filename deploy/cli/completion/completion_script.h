// Completion for bash and zsh, made from the table of commands.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "deploy/cli/commands.h"

namespace recbots {

// The script for `shell`, "bash" or "zsh", of those `commands` that are for people. INVALID_ARGUMENT: another shell.
absl::StatusOr<std::string> CompletionScript(const std::string& shell, const std::vector<Command>& commands);

}  // namespace recbots

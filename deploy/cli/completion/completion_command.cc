// recbots completion bash|zsh: a script for the shell.
#include <iostream>

#include "common/base/command_line.h"
#include "common/base/program.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/completion/completion_script.h"

namespace recbots {
namespace {

CommandSyntax Syntax() { return {"recbots completion bash|zsh; source <(recbots completion bash)", {}, 1, "shells"}; }

int Print(const CommandLine& flags) {
  const absl::StatusOr<std::string> script = CompletionScript(flags.positional()[0], Commands());
  if (!script.ok()) return Fail(script.status(), kExitBadUsage);
  std::cout << *script;
  return kExitOk;
}

}  // namespace

Command CompletionCommand() {
  return {"completion", "bash|zsh", "completion of commands and flags for a shell",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Print); }, Syntax};
}

}  // namespace recbots

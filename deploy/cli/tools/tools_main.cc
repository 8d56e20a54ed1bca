// recbots-tools: the commands of `recbots` that no run needs. They are a program of their own so that a build for a run
// (deploy/run) leaves them out. `recbots COMMAND` becomes `recbots-tools COMMAND`.
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/program.h"
#include "deploy/cli/commands.h"

namespace recbots {
namespace {

std::vector<Command> ToolCommands() {
  return {ReproduceCommand(), BenchCommand(), InspectCommand(), BenchWritersCommand(), BenchWatchersCommand()};
}

std::string Usage() {
  std::string usage = "usage: recbots-tools COMMAND ...\nThe same as `recbots COMMAND ...`:\n";
  for (const Command& command : ToolCommands()) {
    if (!command.help.empty()) absl::StrAppend(&usage, "  ", command.name, " ", command.arguments, "\n");
  }
  return usage;
}

int Dispatch(const std::vector<std::string>& arguments) {
  const std::string name = arguments.empty() ? "" : arguments[0];
  if (name == "--help" || name == "-h") {
    std::cout << Usage();
    return kExitOk;
  }
  for (const Command& command : ToolCommands()) {
    if (command.name == name) return command.run({arguments.begin() + 1, arguments.end()});
  }
  std::cerr << "recbots-tools: " << (name.empty() ? "no command given" : absl::StrCat("unknown command '", name, "'"))
            << "\n"
            << Usage();
  return kExitBadUsage;
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) { return recbots::RunProgram("recbots", argc, argv, recbots::Dispatch); }

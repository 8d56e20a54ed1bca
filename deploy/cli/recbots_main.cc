// recbots: the one tool for people. Light commands are built in; the others are programs beside it, so that asking for
// help or health does not load LibTorch.
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/program.h"
#include "deploy/cli/commands.h"

namespace recbots {
namespace {

std::string Usage() {
  std::string usage = "usage: recbots COMMAND ...\n";
  for (const Command& command : Commands()) {
    if (command.help.empty()) continue;
    absl::StrAppendFormat(&usage, "  %-25s%s\n", absl::StrCat(command.name, " ", command.arguments), command.help);
  }
  return usage + "Every command takes --help.\n";
}

int Dispatch(const std::vector<std::string>& arguments) {
  std::string name = arguments.empty() ? "" : arguments[0];
  if (name == "--version") name = "version";
  if (name == "help" || name == "--help" || name == "-h") {
    std::cout << Usage();
    return kExitOk;
  }
  for (const Command& command : Commands()) {
    if (command.name == name) return command.run({arguments.begin() + 1, arguments.end()});
  }
  std::cerr << "recbots: " << (name.empty() ? "no command given" : absl::StrCat("unknown command '", name, "'")) << "\n"
            << Usage();
  return kExitBadUsage;
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) { return recbots::RunProgram("recbots", argc, argv, recbots::Dispatch); }

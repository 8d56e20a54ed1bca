// recbots version.
#include <iostream>

#include "common/base/command_line.h"
#include "common/base/program.h"
#include "common/base/version.h"
#include "deploy/cli/commands.h"

namespace recbots {
namespace {

CommandSyntax Syntax() { return {"recbots version", {}}; }

int PrintVersion(const CommandLine&) {
  std::cout << "recbots " << kVersion << "\n";
  return kExitOk;
}

}  // namespace

Command VersionCommand() {
  return {"version", "", "the version",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, PrintVersion); },
          Syntax};
}

}  // namespace recbots

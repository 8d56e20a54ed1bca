// recbots doctor: describes this machine, and the parts of recbots that will not work well on it.
#include <iostream>

#include "common/base/command_line.h"
#include "common/base/program.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/doctor/examine.h"
#include "deploy/cli/doctor/read_machine.h"

namespace recbots {
namespace {

CommandSyntax Syntax() {
  return {"recbots doctor [--json]; ends with 0 when nothing is a problem",
          {{"json", "", "one JSON object instead of a page", ""}}};
}

int Doctor(const CommandLine& flags) {
  const std::vector<Finding> findings = Examine(ReadMachine(ProgramFolder()));
  std::cout << (flags.has("json") ? FindingsJson(findings) : FindingsText(findings)) << std::flush;
  return Worst(findings) == Judgement::kProblem ? kExitFailed : kExitOk;
}

}  // namespace

Command DoctorCommand() {
  return {"doctor", "[flags]", "what this machine is, and what will not work well on it",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Doctor); }, Syntax};
}

}  // namespace recbots

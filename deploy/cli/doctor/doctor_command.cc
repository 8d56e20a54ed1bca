#include "deploy/cli/doctor/doctor_command.h"

#include <iostream>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/command_line.h"
#include "common/role/role.h"
#include "deploy/cli/doctor/examine.h"
#include "deploy/cli/doctor/read_machine.h"

namespace recbots {
namespace {

std::vector<FlagSpec> Flags() {
  return {{"json", "", "one JSON object instead of a page", ""}, {"help", "", "this text", ""}};
}

absl::Status Check(const CommandLine& flags) {
  if (flags.positional().empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("unexpected argument '", flags.positional()[0], "'"));
}

}  // namespace

int DoctorCommand(const std::string& program_dir, const std::vector<std::string>& arguments) {
  const absl::StatusOr<CommandLine> flags = CommandLine::Parse(arguments, Flags());
  const absl::Status status = flags.ok() ? Check(*flags) : flags.status();
  if (!status.ok()) {
    std::cerr << "recbots: " << status.message() << "\n";
    return kExitBadUsage;
  }
  if (flags->has("help")) {
    std::cout << "usage: recbots doctor [--json]; ends with 0 when nothing is a problem\n"
              << CommandLine::Help(Flags());
    return kExitOk;
  }
  const std::vector<Finding> findings = Examine(ReadMachine(program_dir));
  std::cout << (flags->has("json") ? FindingsJson(findings) : FindingsText(findings)) << std::flush;
  return Worst(findings) == Judgement::kProblem ? kExitFailed : kExitOk;
}

}  // namespace recbots

// recbots: the one tool for people. Light commands are built in; the others are programs beside it, so that asking for
// help or health does not load LibTorch.
#include <string.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/command_line.h"
#include "common/base/program.h"
#include "common/base/version.h"
#include "common/role/role.h"
#include "deploy/cli/bench/bench_command.h"
#include "deploy/cli/cluster/cluster_command.h"
#include "deploy/cli/doctor/doctor_command.h"
#include "deploy/cli/health/health_command.h"
#include "deploy/cli/inspect/inspect_command.h"
#include "deploy/cli/reproduce/reproduce_command.h"
#include "deploy/cli/simulate/simulate_command.h"

namespace recbots {
namespace {

using Arguments = std::vector<std::string>;

struct Command {
  std::string name;
  std::string arguments;  // What follows the name, for the usage.
  std::string help;       // One line; empty: not for people, and not in the usage.
  std::function<int(const Arguments&)> run;
};

std::string ProgramDir() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

// Becomes the program of that name beside this one. Returns only when that fails.
int Become(const std::string& name, const Arguments& arguments) {
  const std::string program = absl::StrCat(ProgramDir(), "/", name);
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  return Fail(absl::UnavailableError(absl::StrCat("cannot run ", program, ": ", strerror(errno))), kExitFailed);
}

// recbots-bench knows all benches. Those that need no LibTorch are run here when they are named.
int RunBench(const Arguments& arguments) {
  std::vector<Bench> light = ReplayBenches();
  for (const Bench& bench : SlateBenches()) light.push_back(bench);
  const bool all_here = !arguments.empty() && !BenchesCalled(arguments[0], light).empty();
  return all_here ? BenchCommand(light, arguments) : Become("recbots-bench", arguments);
}

int ShowVersion(const Arguments& arguments) {
  const std::vector<FlagSpec> specs = {{"help", "", "this text", ""}};
  const absl::StatusOr<CommandLine> flags = CommandLine::Parse(arguments, specs);
  if (!flags.ok()) return Fail(flags.status(), kExitBadUsage);
  if (!flags->positional().empty()) {
    return Fail(absl::InvalidArgumentError(absl::StrCat("unexpected argument '", flags->positional()[0], "'")),
                kExitBadUsage);
  }
  if (flags->has("help")) {
    std::cout << "usage: recbots version\n" << CommandLine::Help(specs);
  } else {
    std::cout << "recbots " << kVersion << "\n";
  }
  return kExitOk;
}

std::vector<Command> Commands() {
  return {
      {"cluster", "CONFIG [flags]", "replay, learner, actors and evaluator on this machine, until the goal is reached",
       [](const Arguments& arguments) { return ClusterCommand(ProgramDir(), arguments); }},
      {"train", "CONFIG [flags]", "the same in one process without network, deterministic",
       [](const Arguments& arguments) { return Become("recbots-train", arguments); }},
      {"simulate", "CONFIG [flags]", "what a policy earns over many episodes, and the log of what it showed",
       SimulateCommand},
      {"reproduce", "slateq [flags]", "published results, run again, beside ours",
       [](const Arguments& arguments) { return ReproduceCommand(ProgramDir(), arguments); }},
      {"bench", "[NAME] [flags]", "figures of this machine, one JSON object a line", RunBench},
      {"inspect", "TARGET [flags]", "what a replay server (HOST:PORT, unix:/PATH) or a checkpoint (DIR) holds",
       InspectCommand},
      {"health", "ADDRESS [flags]", "whether a role serves", HealthCommand},
      {"doctor", "[flags]", "what this machine is, and what will not work well on it",
       [](const Arguments& arguments) { return DoctorCommand(ProgramDir(), arguments); }},
      {"version", "", "the version", ShowVersion},
      {"bench-writers", "", "", BenchWritersCommand}};
}

std::string Usage() {
  std::string usage = "usage: recbots COMMAND ...\n";
  for (const Command& command : Commands()) {
    if (command.help.empty()) continue;
    absl::StrAppendFormat(&usage, "  %-25s%s\n", absl::StrCat(command.name, " ", command.arguments), command.help);
  }
  return usage + "Every command takes --help.\n";
}

int Dispatch(const Arguments& arguments) {
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

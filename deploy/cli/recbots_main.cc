// recbots: the one tool for people. Light commands are built in; `recbots NAME` runs the program recbots-NAME beside it
// otherwise, so that asking for help or health does not load LibTorch.
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/role/role.h"
#include "deploy/cli/bench/bench_command.h"
#include "deploy/cli/cluster_command.h"
#include "deploy/cli/health_command.h"
#include "deploy/cli/inspect/inspect_command.h"
#include "deploy/cli/reproduce/reproduce_command.h"
#include "deploy/cli/simulate_command.h"

namespace recbots {
namespace {

constexpr char kUsage[] =
    "usage: recbots COMMAND ...\n"
    "  cluster CONFIG [flags]   replay, learner, actors and evaluator on this machine, until the goal is reached\n"
    "  train CONFIG [flags]     the same in one process without network, deterministic\n"
    "  simulate CONFIG [flags]  what a policy earns over many episodes, and the log of what it showed\n"
    "  reproduce slateq         published results, run again, beside ours\n"
    "  bench [NAME] [flags]     figures of this machine, one JSON object a line\n"
    "  inspect TARGET [flags]   what a replay server (HOST:PORT, unix:/PATH) or a checkpoint (DIR) holds\n"
    "  health ADDRESS           whether a role serves\n"
    "  version\n"
    "Every command takes --help.\n";

int Dispatch(const std::vector<std::string>& arguments) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string program_dir = self.parent_path().string();
  const std::string command = arguments.empty() ? "help" : arguments[0];
  const std::vector<std::string> rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  if (command == "cluster") return ClusterCommand(program_dir, rest);
  if (command == "health") return HealthCommand(rest);
  if (command == "inspect") return InspectCommand(rest);
  if (command == "reproduce") return ReproduceCommand(program_dir, rest);
  if (command == "simulate") return SimulateCommand(rest);
  if (command == "version" || command == "--version") {
    std::cout << "recbots " << kVersion << "\n";
    return kExitOk;
  }
  if (command == "help" || command == "--help") {
    std::cout << kUsage;
    return arguments.empty() ? kExitBadUsage : kExitOk;
  }
  // These need no LibTorch; recbots-bench lists and runs them too, among all others.
  const auto is_bench = [&](const char* name) {
    return command == "bench" && !rest.empty() && rest[0].rfind(name, 0) == 0;
  };
  if (is_bench("replay")) return BenchCommand(ReplayBenches(), rest);
  if (is_bench("slate")) return BenchCommand(SlateBenches(), rest);
  if (command == "bench-writers") return BenchWritersCommand(rest);
  if (command == "train" || command == "bench") {
    const std::string program = program_dir + "/recbots-" + command;
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (const std::string& argument : rest) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(program.c_str(), argv.data());
    std::cerr << "recbots: cannot run " << program << "\n";
    return kExitFailed;
  }
  std::cerr << "recbots: unknown command '" << command << "'\n" << kUsage;
  return kExitBadUsage;
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  recbots::SetLogRole("recbots");
  recbots::SkipLockOrderChecks();
  return recbots::Dispatch({argv + 1, argv + argc});
}

// The commands of `recbots`: each says of itself how it is called, and stands in one list.
//
// A new command NAME is a file NAME/NAME_command.cc with its function, two lines here and one in CMakeLists.txt.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace recbots {

struct Command {
  std::string name;
  std::string arguments;  // What follows the name, for the usage: "CONFIG [flags]".
  std::string help;       // One line; empty: not for people, and not in the usage.
  // Gets what follows the name; returns the exit code (common/base/program.h).
  std::function<int(const std::vector<std::string>& arguments)> run;
};

// All roles as processes on this machine until the goal is reached. 0: reached; 2: a flag or the configuration is
// wrong; 130: interrupted before; 1: anything else.
Command ClusterCommand();
// Becomes the program recbots-train.
Command TrainCommand();
// What a policy earns. 130: SIGINT or SIGTERM came before all episodes were played; what was played is reported.
Command SimulateCommand();
// 0: every run ended and the page is written, whatever it says; 1: a run failed (the page names it) or a file could not
// be written; 2: before anything was started; 130: after SIGINT or SIGTERM, without a page.
Command ReproduceCommand();
// Benches that need no LibTorch run here; for others it becomes the program recbots-bench.
Command BenchCommand();
// An address (or several with commas: one report each), or the directory of a checkpoint. 1: no answer, or refused.
Command InspectCommand();
// HOST:PORT or unix:/PATH (several with commas: all of them) asks grpc.health.v1, --http asks /healthz. 0: serving; 1:
// not serving, or no answer in 3 s.
Command HealthCommand();
// 0: nothing is a problem; 1: something is.
Command DoctorCommand();
Command VersionCommand();
// For benches, which start it as a process (bench/replay/writers_process.h): ADDRESS NUM_WRITERS ROW_BYTES FOLDER
// inserts until SIGTERM.
Command BenchWritersCommand();

// In the order of the usage.
inline std::vector<Command> Commands() {
  return {ClusterCommand(), TrainCommand(),  SimulateCommand(), ReproduceCommand(), BenchCommand(),
          InspectCommand(), HealthCommand(), DoctorCommand(),   VersionCommand(),   BenchWritersCommand()};
}

}  // namespace recbots

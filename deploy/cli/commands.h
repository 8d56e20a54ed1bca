// The commands of `recbots`, in one list. Each command describes how it is called.
//
// A new command NAME needs a file NAME/NAME_command.cc with its function, two lines here and one in CMakeLists.txt.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace recbots {

struct Command {
  std::string name;
  std::string arguments;  // The arguments in the usage: "CONFIG [flags]".
  std::string help;       // One line; empty for a command that is not for people and not in the usage.
  // Called with the arguments after the name; returns the exit code (common/base/program.h).
  std::function<int(const std::vector<std::string>& arguments)> run;
};

// Runs all roles as processes on this machine until the goal is reached. 0: reached; 2: a flag or the configuration is
// wrong; 130: interrupted before; 1: any other error.
Command ClusterCommand();
// Replaces this process by the program recbots-train.
Command TrainCommand();
// Plays episodes and reports what a policy earns. 130: SIGINT or SIGTERM came before all episodes were played; the
// episodes played are reported.
Command SimulateCommand();
// Repeats published experiments. 0: every run ended and the page is written, whatever it says; 1: a run failed (the
// page names it) or a file could not be written; 2: an error before anything was started; 130: ended by SIGINT or
// SIGTERM, without a page.
Command ReproduceCommand();
// Prints what the program of environment.external plays, as the spec of a configuration.
Command DescribeCommand();
// Examines that program. 1: it cannot be played, or breaks a promise.
Command CheckCommand();
// Runs benches that need no LibTorch; for others it replaces this process by the program recbots-bench.
Command BenchCommand();
// Shows what a replay server holds (an address, or several separated by commas), or a directory of checkpoints. 1:
// there was no answer, or a refusal.
Command InspectCommand();
// Asks grpc.health.v1 at HOST:PORT or unix:/PATH (or at all of several addresses separated by commas), with --http
// /healthz. 0: serving; 1: not serving, or no answer within 3 s.
Command HealthCommand();
// Examines this machine. 0: there is no problem; 1: there is one.
Command DoctorCommand();
Command VersionCommand();
// Processes for benches (bench/replay/client_process.h), until SIGTERM. With ADDRESS NUM_WRITERS ROW_BYTES FOLDER the
// first inserts rows; with ADDRESS NUM_WATCHERS NUM_STALLED FOLDER the second watches weights.
Command BenchWritersCommand();
Command BenchWatchersCommand();

// In the order of the usage.
inline std::vector<Command> Commands() {
  return {ClusterCommand(), TrainCommand(),        SimulateCommand(),     ReproduceCommand(), DescribeCommand(),
          CheckCommand(),   BenchCommand(),        InspectCommand(),      HealthCommand(),    DoctorCommand(),
          VersionCommand(), BenchWritersCommand(), BenchWatchersCommand()};
}

}  // namespace recbots

// The commands of `recbots`, in one list. Each command describes how it is called.
//
// A new command NAME needs a file NAME/NAME_command.cc with its function, two lines here and one in CMakeLists.txt.
// What no run needs belongs to the program recbots-tools, which `recbots` becomes for it: then the line in the list is
// a Tool.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/command_line.h"
#include "common/base/program.h"
#include "deploy/cli/tools/tool_syntax.h"

namespace recbots {

struct Command {
  std::string name;
  std::string arguments;  // The arguments in the usage: "CONFIG [flags]".
  std::string help;       // One line; empty for a command that is not for people and not in the usage.
  // Called with the arguments after the name; returns the exit code (common/base/program.h).
  std::function<int(const std::vector<std::string>& arguments)> run;
  // What its --help shows, for completion; none for a command that is not for people.
  std::function<CommandSyntax()> syntax = nullptr;
};

struct CommandUsage {
  const char* name;
  const char* arguments;
  const char* help;
  CommandSyntax (*syntax)();
};

// Those of recbots-tools, as both programs show them.
inline constexpr CommandUsage kReproduceUsage{"reproduce", "slateq [flags]",
                                              "published results, run again, beside ours", ReproduceSyntax};
inline constexpr CommandUsage kBenchUsage{"bench", "[NAME] [flags]", "figures of this machine, one JSON object a line",
                                          BenchSyntax};
inline constexpr CommandUsage kInspectUsage{"inspect", "TARGET [flags]",
                                            "what a replay server (HOST:PORT, unix:/PATH) or a checkpoint (DIR) holds",
                                            InspectSyntax};

// A command of recbots-tools: this process becomes that program.
inline Command Tool(const CommandUsage& usage) {
  return {usage.name, usage.arguments, usage.help,
          [name = usage.name](std::vector<std::string> arguments) {
            arguments.insert(arguments.begin(), name);
            return BecomeProgram("recbots-tools", arguments);
          },
          usage.syntax};
}

// Runs all roles as processes on this machine until the goal is reached. 0: reached; 2: a flag or the configuration is
// wrong; 130: interrupted before; 1: any other error.
Command ClusterCommand();
// Replaces this process by the program recbots-train.
Command TrainCommand();
// Plays episodes and reports what a policy earns. 130: SIGINT or SIGTERM came before all episodes were played; the
// episodes played are reported.
Command SimulateCommand();
// Judges a policy from the log of another one. 0: an estimate may be believed; 2: a flag, the configuration or the log
// is wrong; 3: no estimate may be believed; 1: any other error.
Command EvaluateCommand();
// In recbots-tools: repeats published experiments. 0: every run ended and the page is written, whatever it says; 1: a
// run failed (the page names it) or a file could not be written; 2: an error before anything was started; 130: ended by
// SIGINT or SIGTERM, without a page.
Command ReproduceCommand();
// Prints what the program of environment.external plays, as the spec of a configuration.
Command DescribeCommand();
// Examines that program. 1: it cannot be played, or breaks a promise.
Command CheckCommand();
// In recbots-tools: runs benches that need no LibTorch; for others it replaces this process by the program
// recbots-bench.
Command BenchCommand();
// In recbots-tools: shows what a replay server holds (an address, or several separated by commas), or a directory of
// checkpoints. 1: there was no answer, or a refusal.
Command InspectCommand();
// Asks grpc.health.v1 at HOST:PORT or unix:/PATH (or at all of several addresses separated by commas), with --http
// /healthz. 0: serving; 1: not serving, or no answer within 3 s.
Command HealthCommand();
// Examines this machine. 0: there is no problem; 1: there is one.
Command DoctorCommand();
// Shows on one screen how a run is: one that lies in a run directory, or that whose learner serves pages at an
// address. 0: shown; 1: there was no answer, or no run; 2: bad usage.
Command StatusCommand();
// The same, live, until q or Ctrl-C. Exit codes as above.
Command TopCommand();
// Lists the runs below a folder. 0: listed, 1: the folder cannot be read.
Command RunsCommand();
// Compares runs on one page. 0: written, 1: a run cannot be read, or the page cannot be written; 2: bad usage.
Command ReportCommand();
// Prints the completion of a shell for all commands.
Command CompletionCommand();
// Prints a text about a topic.
Command HelpCommand();
Command VersionCommand();
// In recbots-tools: processes for benches (bench/replay/client_process.h), until SIGTERM. With ADDRESS NUM_WRITERS
// ROW_BYTES FOLDER the first inserts rows; with ADDRESS NUM_WATCHERS NUM_STALLED FOLDER the second watches weights.
Command BenchWritersCommand();
Command BenchWatchersCommand();

// In the order of the usage.
inline std::vector<Command> Commands() {
  return {ClusterCommand(),    TrainCommand(),    SimulateCommand(),   EvaluateCommand(),     StatusCommand(),
          TopCommand(),        RunsCommand(),     ReportCommand(),     Tool(kReproduceUsage), DescribeCommand(),
          CheckCommand(),      Tool(kBenchUsage), Tool(kInspectUsage), HealthCommand(),       DoctorCommand(),
          CompletionCommand(), HelpCommand(),     VersionCommand()};
}

}  // namespace recbots

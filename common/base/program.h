// What every program does around its work: exit codes, failures in one line, and standard output that is never lost in
// silence.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace recbots {

// Exit codes of every program.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;    // an error at run time; the last line on standard error says which
inline constexpr int kExitBadUsage = 2;  // a flag or the configuration is wrong; nothing was started
inline constexpr int kExitStartAgain =
    3;  // a role ended because another one did: it would go on if both were started again
inline constexpr int kExitInterrupted = 130;  // SIGINT or SIGTERM came before the work was done

// A program's main function: names the process in its log lines, runs `body` with the arguments behind the program's
// name, and returns the exit code. While `body` runs,
//
// * std::cout writes to standard output through a buffer of its own. When a write fails, a line on standard error says
//   why, at once; std::cout is bad from then on, and the exit code, if it is 0, becomes kExitFailed. So a full disk
//   behind `>` is an error of every command, and no command has to look.
// * A reader that has gone away (`| head -1`) is no error: std::cout is bad, nothing is reported, and the exit code
//   stays. A command whose only product is its output may check std::cout and end early.
// * Only one thread at a time may write to std::cout.
// * A standard stream that is closed is opened again, so that no file or socket takes its number: reading finds
//   nothing, and writing to standard output fails as it would have failed on the closed stream.
int RunProgram(const std::string& name, int argc, char** argv,
               const std::function<int(const std::vector<std::string>&)>& body);

// The folder of this process's program. The other programs of recbots lie there, too.
std::string ProgramFolder();
// Replaces this process by the program `name` in ProgramFolder(). Returns only if that fails: reports the reason on
// standard error and returns kExitFailed.
int BecomeProgram(const std::string& name, const std::vector<std::string>& arguments);

// Prints `status` in one line on standard error; returns `exit_code`.
int Fail(const absl::Status& status, int exit_code);

}  // namespace recbots

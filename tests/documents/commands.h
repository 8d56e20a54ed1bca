// The commands that documents show, and what is done with each of them in the tests.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tests/documents/document.h"

namespace recbots::documents {

struct Command {
  std::string text;           // As a user would type it: without what is said about it behind two blanks.
  std::vector<Place> places;  // Of all documents that show it.
};
inline void PrintTo(const Command& command, std::ostream* out) { *out << command.text; }

// Commands in blocks and in code spans, each once. A block is one of commands when any of its lines begins with a
// program that documents speak of; then each of its lines is a command.
std::vector<Command> DocumentedCommands(const Documents& documents);

// Lines of other blocks that look like a command (a word, and then a flag) and begin with a program that is not known
// to this test: it should get to know it.
std::vector<BlockLine> UnknownCommands(const Documents& documents);

// What is done with a command.
enum class How {
  kRun,        // It runs, with the words of `more` behind it, and ends with `exit_code`.
  kAskHelp,    // It is named without its arguments: with --help it ends with 0.
  kNameFlags,  // It is shown in part: the flags it has are among those that its --help names.
  kKeep,       // It runs until Ctrl-C: it serves what documented calls of curl ask for, and ends with `exit_code`.
  kCurl,       // Asked of the one that is kept.
  kCompose,    // docker-compose: services, files and flags exist. There are no containers here.
  kScript,     // tests/run and its like: the script, its presets and labels exist.
  kBuild,      // cmake, ninja: presets and targets exist.
  kElsewhere,  // Another test runs it, or nothing does; `why` says so.
};

// What makes a training end after a few updates, with the last weights evaluated on a few episodes.
inline constexpr char kShortRun[] =
    "--set goal.share_of_optimum=0 --set goal.share_of_gap=0 --set goal.max_updates=10 --set goal.max_env_steps=0 "
    "--set evaluator.episodes=64 --quiet";

struct Treatment {
  const char* pattern;  // A regular expression for the whole command.
  How how;
  const char* more = "";  // Makes it short.
  const char* why = "";
  int exit_code = 0;
  const char* says = "";  // What its output has to have in it.
};

// The table. The first treatment whose pattern fits counts.
const std::vector<Treatment>& Treatments();
const Treatment* TreatmentOf(const std::string& command);

}  // namespace recbots::documents

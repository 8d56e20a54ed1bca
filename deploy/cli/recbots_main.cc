// recbots: the one tool for people. Light commands are built in; the others are programs beside it, so that asking for
// help or health does not load LibTorch.
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/nearest_name.h"
#include "common/base/program.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/help/topics.h"

namespace recbots {
namespace {

std::string Usage() {
  std::string usage = "usage: recbots COMMAND ...\n";
  for (const Command& command : Commands()) {
    if (command.help.empty()) continue;
    absl::StrAppendFormat(&usage, "  %-32s%s\n", absl::StrCat(command.name, " ", command.arguments), command.help);
  }
  return usage + "Every command takes --help; `recbots help TOPIC` explains: " + absl::StrJoin(TopicNames(), ", ") +
         ".\n";
}

int Dispatch(const std::vector<std::string>& arguments) {
  std::string name = arguments.empty() ? "" : arguments[0];
  if (name == "--version") name = "version";
  const bool topic = name == "help" && arguments.size() > 1;
  if ((name == "help" && !topic) || name == "--help" || name == "-h") {
    std::cout << Usage();
    return kExitOk;
  }
  for (const Command& command : Commands()) {
    if (command.name == name) return command.run({arguments.begin() + 1, arguments.end()});
  }
  std::vector<std::string> names = {"help"};
  for (const Command& command : Commands()) {
    if (!command.help.empty()) names.push_back(command.name);
  }
  std::cerr << "recbots: "
            << (name.empty() ? "no command given"
                             : absl::StrCat("unknown command '", name, "'", DidYouMean(name, names)))
            << "\n"
            << Usage();
  return kExitBadUsage;
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) { return recbots::RunProgram("recbots", argc, argv, recbots::Dispatch); }

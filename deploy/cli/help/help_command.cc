// recbots help TOPIC|COMMAND: a text, or how a command is called.
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/command_line.h"
#include "common/base/nearest_name.h"
#include "common/base/program.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/help/topics.h"

namespace recbots {
namespace {

CommandSyntax Syntax() {
  return {absl::StrCat("recbots help [TOPIC|COMMAND]; topics: ", absl::StrJoin(TopicNames(), ", ")), {}, 1, "topics"};
}

int Explain(const CommandLine& flags) {
  const std::string& name = flags.positional()[0];
  if (const absl::string_view text = TopicText(name); !text.empty()) {
    std::cout << text;
    return kExitOk;
  }
  std::vector<std::string> names = TopicNames();
  for (const Command& command : Commands()) {
    if (command.help.empty()) continue;
    if (command.name == name) return command.run({"--help"});
    names.push_back(command.name);
  }
  return Fail(absl::InvalidArgumentError(absl::StrCat("no topic or command '", name, "'", DidYouMean(name, names),
                                                      "; topics: ", absl::StrJoin(TopicNames(), ", "))),
              kExitBadUsage);
}

}  // namespace

Command HelpCommand() {
  return {"help", "[TOPIC]", "this text; about a topic or a command",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Explain); }, Syntax};
}

}  // namespace recbots

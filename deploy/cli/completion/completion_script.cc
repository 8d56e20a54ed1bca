#include "deploy/cli/completion/completion_script.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "deploy/cli/help/topics.h"

namespace recbots {
namespace {

std::vector<FlagSpec> FlagsOf(const Command& command) {
  std::vector<FlagSpec> flags = command.syntax == nullptr ? std::vector<FlagSpec>() : command.syntax().flags;
  flags.push_back({"help", "", "this text", ""});
  return flags;
}

// "--run_dir=" for a flag with a value, "--quiet" for one without.
std::string Word(const FlagSpec& flag) { return absl::StrCat("--", flag.name, flag.value_name.empty() ? "" : "="); }

// What is completed in the place of an argument: words, or the kind of files: "-f", "-d".
std::string ArgumentWords(const Command& command) {
  if (command.name == "completion") return "bash zsh";
  if (command.name == "help") return absl::StrJoin(TopicNames(), " ");
  if (command.name == "reproduce") return "slateq";
  return "";
}

// Within double quotes of zsh's descriptions.
std::string Quoted(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "'\\''"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string BashScript(const std::vector<const Command*>& commands) {
  std::string names, cases;
  for (const Command* command : commands) {
    absl::StrAppend(&names, names.empty() ? "" : " ", command->name);
    const std::string flags = absl::StrJoin(
        FlagsOf(*command), " ", [](std::string* out, const FlagSpec& flag) { absl::StrAppend(out, Word(flag)); });
    absl::StrAppend(&cases, "    ", command->name, ") flags='", flags, "' words='", ArgumentWords(*command), "' ;;\n");
  }
  return absl::StrCat(R"bash(# bash completion of recbots: source <(recbots completion bash)
_recbots() {
  local current="${COMP_WORDS[COMP_CWORD]}" flags='' words=''
  COMPREPLY=()
  # bash parts words at '=': behind it stands a value, which is a file.
  if [ "$current" = '=' ]; then
    COMPREPLY=($(compgen -f -- ''))
    return
  fi
  if [ "$COMP_CWORD" -ge 2 ] && [ "${COMP_WORDS[COMP_CWORD-1]}" = '=' ]; then
    COMPREPLY=($(compgen -f -- "$current"))
    return
  fi
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ')bash",
                      names, R"bash(' -- "$current"))
    return
  fi
  case "${COMP_WORDS[1]}" in
)bash",
                      cases, R"bash(  esac
  case "$current" in
    -*)
      COMPREPLY=($(compgen -W "$flags" -- "$current"))
      case "${COMPREPLY[*]}" in *=) type compopt > /dev/null 2>&1 && compopt -o nospace 2> /dev/null ;; esac
      ;;
    *)
      if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); else COMPREPLY=($(compgen -f -- "$current")); fi
      ;;
  esac
  return 0
}
complete -o filenames -F _recbots recbots
)bash");
}

std::string ZshScript(const std::vector<const Command*>& commands) {
  std::string list, cases;
  for (const Command* command : commands) {
    absl::StrAppend(&list, "    '", command->name, ":", Quoted(command->help), "'\n");
    absl::StrAppend(&cases, "    ", command->name, ")\n      _arguments");
    for (const FlagSpec& flag : FlagsOf(*command)) {
      absl::StrAppend(&cases, " \\\n        '*", Word(flag), "[", Quoted(flag.help), "]",
                      flag.value_name.empty() ? "" : absl::StrCat(":", Quoted(flag.value_name), ":_files"), "'");
    }
    const std::string words = ArgumentWords(*command);
    absl::StrAppend(&cases, " \\\n        '*:argument:", words.empty() ? "_files" : absl::StrCat("(", words, ")"),
                    "'\n      ;;\n");
  }
  return absl::StrCat(R"zsh(#compdef recbots
# zsh completion of recbots: source <(recbots completion zsh)
_recbots() {
  local -a commands
  commands=(
)zsh",
                      list, R"zsh(  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command="${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
)zsh",
                      cases, R"zsh(  esac
}
compdef _recbots recbots
)zsh");
}

}  // namespace

absl::StatusOr<std::string> CompletionScript(const std::string& shell, const std::vector<Command>& commands) {
  std::vector<const Command*> shown;
  for (const Command& command : commands) {
    if (!command.help.empty()) shown.push_back(&command);
  }
  if (shell == "bash") return BashScript(shown);
  if (shell == "zsh") return ZshScript(shown);
  return absl::InvalidArgumentError(absl::StrCat("completion '", shell, "', want bash or zsh"));
}

}  // namespace recbots

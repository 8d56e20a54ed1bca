#include "common/base/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/base/log.h"
#include "common/base/nearest_name.h"
#include "common/base/program.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

absl::Status Unknown(absl::string_view argument, const std::vector<FlagSpec>& flags) {
  const bool is_long = absl::StartsWith(argument, "--");
  const absl::string_view name = is_long ? argument.substr(0, argument.find('=')) : argument;
  std::vector<std::string> names;
  for (const FlagSpec& known : flags) names.push_back(absl::StrCat("--", known.name));
  const std::string underlined = absl::StrReplaceAll(name.substr(is_long ? 2 : 0), {{"-", "_"}});
  const std::string meant = is_long ? DidYouMean(absl::StrCat("--", underlined), names) : "";
  return absl::InvalidArgumentError(absl::StrCat("unknown flag ", name, meant, meant.empty() ? ", want" : " Want",
                                                 " one of: ", absl::StrJoin(names, ", ")));
}

// The names of a flag in the form that CLI11 takes: "--run_dir,--run-dir".
std::string NamesOf(const FlagSpec& flag) {
  const std::string with_dashes = absl::StrReplaceAll(flag.name, {{"_", "-"}});
  return absl::StrCat(flag.name == "help" ? "-h," : "", "--", flag.name,
                      with_dashes == flag.name ? "" : absl::StrCat(",--", with_dashes));
}

CLI::Option* AddFlag(const FlagSpec& flag, CLI::App& app) {
  if (flag.value_name.empty()) return app.add_flag(NamesOf(flag));
  return app.add_option(NamesOf(flag))
      ->type_name(flag.value_name)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

// The arguments from last to first, in the form that CLI11 takes. In "--name=" the value is empty, but CLI11 would take
// the next argument for the value; "--name=" therefore becomes two arguments, "--name" and "". A value that is missing
// or unwanted is refused here, with our own message.
absl::StatusOr<std::vector<std::string>> ForParser(const std::vector<std::string>& arguments, const CLI::App& app) {
  std::vector<std::string> reversed;
  const CLI::Option* waiting = nullptr;  // The flag whose value is the next argument.
  bool flags_ended = false;
  for (const std::string& argument : arguments) {
    flags_ended |= waiting == nullptr && argument == "--";
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const CLI::Option* flag = waiting != nullptr || flags_ended ? nullptr : app.get_option_no_throw(name);
    const bool takes_value = flag != nullptr && flag->get_items_expected_min() > 0;
    if (flag != nullptr && !takes_value && equals != std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat(name, " takes no value, got '", argument, "'"));
    }
    const bool is_empty = takes_value && equals == argument.size() - 1;
    reversed.push_back(is_empty ? name : argument);
    if (is_empty) reversed.emplace_back();
    waiting = takes_value && equals == std::string::npos ? flag : nullptr;
  }
  if (waiting != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(waiting->get_name(), " wants a value: ", waiting->get_name(), "=", waiting->get_type_name()));
  }
  std::reverse(reversed.begin(), reversed.end());
  return reversed;
}

}  // namespace

absl::StatusOr<CommandLine> CommandLine::Parse(const std::vector<std::string>& arguments,
                                               const std::vector<FlagSpec>& flags) {
  CommandLine line;
  CLI::App app;
  app.set_help_flag();  // --help is a flag like any other.
  app.allow_extras();   // Arguments that are no flags, and flags that are unknown.
  std::vector<CLI::Option*> options;
  for (const FlagSpec& flag : flags) options.push_back(AddFlag(flag, app));
  RECBOTS_ASSIGN_OR_RETURN(std::vector<std::string> for_parser, ForParser(arguments, app));
  try {
    app.parse(for_parser);
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  bool flags_ended = false;
  for (std::string& left : app.remaining()) {
    if (!flags_ended && left == "--") {
      flags_ended = true;
    } else if (!flags_ended && left.size() > 1 && left[0] == '-') {
      return Unknown(left, flags);
    } else {
      line.positional_.push_back(std::move(left));
    }
  }
  for (size_t i = 0; i < flags.size(); ++i) {
    line.defaults_[flags[i].name] = flags[i].default_value;
    line.given_[flags[i].name] = options[i]->results();
  }
  return line;
}

bool CommandLine::has(absl::string_view name) const { return !values(name).empty(); }

const std::string& CommandLine::value(absl::string_view name) const {
  const std::vector<std::string>& all = values(name);
  return all.empty() ? defaults_.find(std::string(name))->second : all.back();
}

const std::vector<std::string>& CommandLine::values(absl::string_view name) const {
  const auto found = given_.find(std::string(name));
  RECBOTS_CHECK(found != given_.end()) << "flag " << std::string(name) << " was not declared";
  return found->second;
}

absl::StatusOr<int64_t> CommandLine::WholeNumberIn(absl::string_view name, int64_t low, int64_t high) const {
  int64_t whole = 0;
  if (absl::SimpleAtoi(value(name), &whole) && whole >= low && whole <= high) return whole;
  // Also takes powers of ten, up to the size where a double still holds every whole number.
  double number = 0;
  if (absl::SimpleAtod(value(name), &number) && std::abs(number) <= 9e15) {
    whole = static_cast<int64_t>(number);
    if (static_cast<double>(whole) == number && whole >= low && whole <= high) return whole;
  }
  return absl::InvalidArgumentError(absl::StrCat("--", name, " '", value(name), "', want ", low, "..", high));
}

absl::StatusOr<double> CommandLine::Number(absl::string_view name, double low, double high) const {
  double number = 0;
  if (absl::SimpleAtod(value(name), &number) && number >= low && number <= high) return number;
  return absl::InvalidArgumentError(absl::StrCat("--", name, " '", value(name), "', want ", low, "..", high));
}

std::string CommandLine::Help(const std::vector<FlagSpec>& flags) {
  std::string text;
  for (const FlagSpec& flag : flags) {
    const std::string usage =
        flag.value_name.empty() ? absl::StrCat("--", flag.name) : absl::StrCat("--", flag.name, "=", flag.value_name);
    absl::StrAppendFormat(&text, "  %-30s %s%s\n", usage, flag.help,
                          flag.default_value.empty() ? "" : absl::StrCat(" (default ", flag.default_value, ")"));
  }
  return text;
}

int RunCommand(const CommandSyntax& syntax, const std::vector<std::string>& arguments,
               const std::function<int(const CommandLine&)>& body) {
  std::vector<FlagSpec> flags = syntax.flags;
  flags.push_back({"help", "", "this text", ""});
  const absl::StatusOr<CommandLine> line = CommandLine::Parse(arguments, flags);
  if (!line.ok()) return Fail(line.status(), kExitBadUsage);
  if (line->has("help")) {
    std::cout << "usage: " << syntax.usage << "\n" << CommandLine::Help(flags);
    return kExitOk;
  }
  const std::vector<std::string>& given = line->positional();
  if (syntax.num_arguments == 0 && !given.empty()) {
    return Fail(absl::InvalidArgumentError(absl::StrCat("unexpected argument '", given[0], "'")), kExitBadUsage);
  }
  if (syntax.num_arguments > 0 && given.size() != static_cast<size_t>(syntax.num_arguments)) {
    return Fail(absl::InvalidArgumentError(absl::StrCat(given.size(), " ", syntax.argument_name, " given, want ",
                                                        syntax.num_arguments, ": ", syntax.usage)),
                kExitBadUsage);
  }
  return body(*line);
}

}  // namespace recbots

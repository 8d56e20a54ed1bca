#include "common/base/command_line.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"

namespace recbots {
namespace {

const FlagSpec* FindFlag(const std::vector<FlagSpec>& flags, const std::string& name) {
  const auto found = std::find_if(flags.begin(), flags.end(), [&](const FlagSpec& flag) { return flag.name == name; });
  return found == flags.end() ? nullptr : &*found;
}

absl::Status Unknown(absl::string_view flag, const std::vector<FlagSpec>& flags) {
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown flag ", flag, ", want one of: ", absl::StrJoin(flags, ", ", [](std::string* out, const FlagSpec& known) {
        absl::StrAppend(out, "--", known.name);
      })));
}

}  // namespace

absl::StatusOr<CommandLine> CommandLine::Parse(const std::vector<std::string>& arguments,
                                               const std::vector<FlagSpec>& flags) {
  CommandLine line;
  for (const FlagSpec& flag : flags) {
    line.defaults_[flag.name] = flag.default_value;
    line.given_[flag.name];
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      line.positional_.insert(line.positional_.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                              arguments.end());
      break;
    }
    if (argument.rfind("--", 0) != 0) {
      // Other flags of one dash there are none; a file of such a name goes behind "--".
      if (argument == "-h" && FindFlag(flags, "help") != nullptr) {
        line.given_["help"].push_back("true");
      } else if (argument.size() > 1 && argument[0] == '-') {
        return Unknown(argument, flags);
      } else {
        line.positional_.push_back(argument);
      }
      continue;
    }
    const size_t equals = argument.find('=');
    std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
    std::replace(name.begin(), name.end(), '-', '_');
    const FlagSpec* flag = FindFlag(flags, name);
    if (flag == nullptr) {
      return Unknown(absl::StrCat("--", name), flags);
    }
    std::string value;
    if (flag->value_name.empty()) {
      if (equals != std::string::npos) {
        return absl::InvalidArgumentError(absl::StrCat("--", name, " takes no value, got '", argument, "'"));
      }
      value = "true";
    } else if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      return absl::InvalidArgumentError(absl::StrCat("--", name, " wants a value: --", name, "=", flag->value_name));
    }
    line.given_[name].push_back(std::move(value));
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

absl::StatusOr<int64_t> CommandLine::WholeNumber(absl::string_view name, int64_t low, int64_t high) const {
  int64_t whole = 0;
  if (absl::SimpleAtoi(value(name), &whole) && whole >= low && whole <= high) return whole;
  // Powers of ten, as far as a double holds every whole number.
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

}  // namespace recbots

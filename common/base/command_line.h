// Flags of our programs: --name=value, --name value, --switch; a flag may be given several times, and every value
// counts. `-h` is --help where there is such a flag. CLI11 reads them; only command_line.cc sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

struct FlagSpec {
  std::string name;           // "run_dir"; "--run-dir" may be typed for it
  std::string value_name;     // "DIR"; empty for a switch, which takes no value
  std::string help;           // one line
  std::string default_value;  // what value() gives when the flag is absent
};

// Immutable once parsed.
class CommandLine {
 public:
  // `arguments` without the program's name. "--" ends the flags.
  //   INVALID_ARGUMENT  an unknown flag, of one dash or two (names the known ones), a missing or an unwanted value
  static absl::StatusOr<CommandLine> Parse(const std::vector<std::string>& arguments,
                                           const std::vector<FlagSpec>& flags);

  // Whether the flag is among those parsed for, and whether it was given.
  bool knows(absl::string_view name) const { return given_.find(name) != given_.end(); }
  bool has(absl::string_view name) const;
  // The last value given, or the default. The flag must be among those parsed for.
  const std::string& value(absl::string_view name) const;
  // All values given, in order.
  const std::vector<std::string>& values(absl::string_view name) const;
  const std::vector<std::string>& positional() const { return positional_; }
  // The value as a whole number in low..high ("20000", "1e6"), or as any number in low..high.
  //   INVALID_ARGUMENT  the value is no such number; the message names flag, value and bounds
  template <typename Int = int64_t>
  absl::StatusOr<Int> WholeNumber(absl::string_view name, std::type_identity_t<Int> low,
                                  std::type_identity_t<Int> high) const {
    const absl::StatusOr<int64_t> number = WholeNumberIn(name, low, high);
    if (!number.ok()) return number.status();
    return static_cast<Int>(*number);
  }
  absl::StatusOr<double> Number(absl::string_view name, double low, double high) const;

  // One line per flag, for --help.
  static std::string Help(const std::vector<FlagSpec>& flags);

 private:
  absl::StatusOr<int64_t> WholeNumberIn(absl::string_view name, int64_t low, int64_t high) const;

  std::map<std::string, std::vector<std::string>, std::less<>> given_;
  std::map<std::string, std::string, std::less<>> defaults_;
  std::vector<std::string> positional_;
};

// How a command is called.
struct CommandSyntax {
  static constexpr int kAnyNumber = -1;  // The command checks the number itself.

  std::string usage;                          // "recbots cluster CONFIG [flags]"
  std::vector<FlagSpec> flags;                // --help is added.
  int num_arguments = 0;                      // The number of arguments that are no flags, or kAnyNumber.
  std::string argument_name = "argument(s)";  // What they are, for messages: "configurations".
};

// Reads `arguments` as `syntax` says and runs `body`. --help prints the usage and the flags on standard output
// (kExitOk); an error in `arguments` is reported on standard error (kExitBadUsage). Otherwise returns what `body`
// returns.
int RunCommand(const CommandSyntax& syntax, const std::vector<std::string>& arguments,
               const std::function<int(const CommandLine&)>& body);

}  // namespace recbots

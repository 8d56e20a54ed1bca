// The flags of programs that are roles, and those that other programs share with them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/command_line.h"
#include "common/rpc/security.h"

namespace recbots {

// SecurityFlags are --tls_cert, --tls_key, --tls_ca and --token_file, for every program that talks to roles.
// LoadSecurity loads what they ask for; null if none is given. INVALID_ARGUMENT: names the flag, the file and what is
// missing.
std::vector<FlagSpec> SecurityFlags();
absl::StatusOr<std::shared_ptr<const Security>> LoadSecurity(const CommandLine& flags);

// The flag --set of every program that reads a configuration.
FlagSpec SetFlag();

// The flag of every program that otherwise refuses data of another experiment than the one configured.
inline constexpr char kAllowOtherExperiment[] = "allow_other_experiment";
inline constexpr char kDevice[] = "device";
FlagSpec AllowOtherExperimentFlag();
FlagSpec DeviceFlag();

// The settings that the command line overrides: those of --set, then that of --device, if the program has the flag.
std::vector<std::string> OverridesOf(const CommandLine& flags);

// The flags that every role has, and those of its own that are named in `more`: "listen", "replay", "learner",
// "checkpoint_dir", "keep", "fresh", "resume", kAllowOtherExperiment, kDevice, "peer_timeout" and those of a group of
// learners. Another name stops the process.
std::vector<FlagSpec> FlagsOfRole(const std::vector<std::string>& more);

}  // namespace recbots

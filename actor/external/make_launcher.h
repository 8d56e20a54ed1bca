// Makes what starts, or reaches, the program of an external environment.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "actor/scenarios/external/hooks.h"
#include "actor/scenarios/external/options.h"
#include "actor/scenarios/external/program.h"

namespace recbots {

// Starts nothing yet.
//   INVALID_ARGUMENT  the command is no list of words; the message begins with the field's name
// Without ExternalHooks::connect, a launcher for an address refuses to launch, and its scenario can be asked for its
// spec alone.
absl::StatusOr<std::unique_ptr<ProgramLauncher>> MakeLauncher(const ExternalOptions& options,
                                                              const ExternalHooks& hooks);

}  // namespace recbots

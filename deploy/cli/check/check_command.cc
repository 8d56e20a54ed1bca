// recbots check CONFIG: whether the program of environment.external keeps to what policies and learners count on.
#include <iostream>
#include <string>
#include <vector>

#include "actor/client/fill_options.h"
#include "actor/external/conformance.h"
#include "actor/external/remote_program.h"
#include "common/base/check_range.h"
#include "common/base/command_line.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/config/config.h"
#include "deploy/cli/commands.h"

namespace recbots {
namespace {

constexpr int kMaxSteps = 1000000;
constexpr int kMaxUsers = 65536;

CommandSyntax Syntax() {
  return {"recbots check CONFIG [flags]",
          {{"set", "PATH=VALUE", "override one field, as environment.external.command=...; repeatable", ""},
           {"steps", "N", "steps of each play", "200"},
           {"users", "N", "users that are played together, at least 2", "8"}},
          1};
}

int Check(const CommandLine& flags) {
  const absl::StatusOr<v1::ExperimentConfig> config = LoadExperimentConfig(flags.positional()[0], flags.values("set"));
  if (!config.ok()) return Fail(config.status(), kExitBadUsage);
  if (!config->environment().has_external()) {
    return Fail(
        absl::InvalidArgumentError("the configuration has no environment.external: there is no program to check"),
        kExitBadUsage);
  }
  const absl::StatusOr<int> steps = flags.WholeNumber<int>("steps", 1, kMaxSteps);
  const absl::StatusOr<int> users = flags.WholeNumber<int>("users", 2, kMaxUsers);
  if (!steps.ok()) return Fail(steps.status(), kExitBadUsage);
  if (!users.ok()) return Fail(users.status(), kExitBadUsage);
  ExternalOptions options;
  FillOptions(config->environment().external(), options);
  if (const absl::Status valid = WithPath("environment.external", Validate(options)); !valid.ok()) {
    return Fail(valid, kExitBadUsage);
  }
  Shutdown shutdown;
  const ExternalHooks hooks = {.stop = [&shutdown] { return shutdown.requested(); }, .connect = ConnectToEnvironment};
  const absl::StatusOr<std::vector<ConformanceFinding>> findings =
      ExamineEnvironment(options, {.steps = *steps, .users = *users, .seed = config->seed()}, hooks);
  if (!findings.ok()) return Fail(findings.status(), shutdown.requested() ? kExitInterrupted : kExitFailed);
  bool kept = true;
  for (const ConformanceFinding& finding : *findings) {
    kept = kept && finding.trouble.empty();
    std::cout << (finding.trouble.empty() ? "ok      " : "BROKEN  ") << finding.promise
              << (finding.trouble.empty() ? "" : ": ") << finding.trouble << "\n";
  }
  return kept ? kExitOk : kExitFailed;
}

}  // namespace

Command CheckCommand() {
  return {"check", "CONFIG [flags]", "whether an external environment keeps its promises",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Check); }};
}

}  // namespace recbots

// recbots describe CONFIG: what the program of environment.external plays.
#include <google/protobuf/text_format.h>

#include <iostream>
#include <string>

#include "actor/client/fill_options.h"
#include "actor/external/conformance.h"
#include "actor/external/messages.h"
#include "actor/external/remote_program.h"
#include "common/base/command_line.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/config/config.h"
#include "deploy/cli/commands.h"

namespace recbots {
namespace {

CommandSyntax Syntax() {
  return {"recbots describe CONFIG [flags]",
          {{"set", "PATH=VALUE", "override one field, as environment.external.command=...; repeatable", ""}},
          1};
}

int Describe(const CommandLine& flags) {
  const absl::StatusOr<v1::ExperimentConfig> config = LoadExperimentConfig(flags.positional()[0], flags.values("set"));
  if (!config.ok()) return Fail(config.status(), kExitBadUsage);
  if (!config->environment().has_external()) {
    return Fail(absl::InvalidArgumentError("the configuration has no environment.external: there is no program to ask"),
                kExitBadUsage);
  }
  ExternalOptions options;
  FillOptions(config->environment().external(), options);
  Shutdown shutdown;
  const ExternalHooks hooks = {.stop = [&shutdown] { return shutdown.requested(); }, .connect = ConnectToEnvironment};
  const absl::StatusOr<ExternalSpecOptions> spec = DescribeEnvironmentOf(options, hooks);
  if (!spec.ok()) return Fail(spec.status(), shutdown.requested() ? kExitInterrupted : kExitFailed);
  v1::ExternalConfig described;
  *described.mutable_spec() = ToProto(*spec);
  std::string text;
  google::protobuf::TextFormat::PrintToString(described, &text);
  std::cout << text;
  const std::string difference =
      config->environment().external().has_spec() ? SpecDifference(options.spec, *spec) : std::string();
  if (!difference.empty()) std::cerr << "recbots: the configuration says otherwise: " << difference << "\n";
  return kExitOk;
}

}  // namespace

Command DescribeCommand() {
  return {"describe", "CONFIG [flags]", "what the program of an external environment plays",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Describe); }};
}

}  // namespace recbots

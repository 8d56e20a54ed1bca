// recbots health ADDRESS: for the health checks of containers.
#include <httplib.h>

#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/command_line.h"
#include "common/base/host_port.h"
#include "common/base/instant.h"
#include "common/base/program.h"
#include "common/role/role.h"
#include "common/rpc/channel.h"
#include "deploy/cli/commands.h"

namespace recbots {
namespace {

constexpr int kPatienceSeconds = 3;

int Say(const std::string& trouble) {
  std::cout << (trouble.empty() ? "serving" : trouble) << "\n";
  return trouble.empty() ? kExitOk : kExitFailed;
}

int AskHttp(const std::string& address) {
  httplib::Client client("http://" + address);
  client.set_connection_timeout(kPatienceSeconds);
  client.set_read_timeout(kPatienceSeconds);
  const httplib::Result answer = client.Get("/healthz");
  if (!answer) return Say(absl::StrCat("no answer from http://", address, "/healthz"));
  return Say(answer->status == 200 ? "" : absl::StrCat("HTTP ", answer->status, ": ", answer->body));
}

CommandSyntax Syntax() {
  CommandSyntax syntax{"recbots health HOST:PORT|unix:/PATH [flags] | recbots health --http HOST:PORT", SecurityFlags(),
                       CommandSyntax::kAnyNumber};
  syntax.flags.push_back({"http", "HOST:PORT", "ask /healthz instead of gRPC", ""});
  return syntax;
}

int Health(const CommandLine& flags) {
  if (flags.positional().size() != (flags.has("http") ? 0 : 1)) {
    return Fail(absl::InvalidArgumentError(absl::StrCat("want one address, or --http: ", Syntax().usage)),
                kExitBadUsage);
  }
  if (flags.has("http")) {
    const absl::Status well_formed = ParseHostPort(flags.value("http")).status();
    return well_formed.ok() ? AskHttp(flags.value("http")) : Fail(well_formed, kExitBadUsage);
  }
  const std::string& address = flags.positional()[0];
  absl::Status wrong = ParseAddresses(address).status();
  const absl::StatusOr<std::shared_ptr<const Security>> security = LoadSecurity(flags);
  wrong.Update(security.status());
  if (!wrong.ok()) return Fail(wrong, kExitBadUsage);
  const Instant deadline = Instant::Now() + absl::Seconds(kPatienceSeconds);
  return Say(std::string(AwaitServing("server", address, deadline, *security).message()));
}

}  // namespace

Command HealthCommand() {
  return {"health", "ADDRESS [flags]", "whether a role serves",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Health); }};
}

}  // namespace recbots

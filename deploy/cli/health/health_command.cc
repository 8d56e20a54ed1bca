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

httplib::Result AskHealthz(const std::string& url, const std::string& authority_path, bool verify) {
  httplib::Client client(url);
  client.set_connection_timeout(kPatienceSeconds);
  client.set_read_timeout(kPatienceSeconds);
  client.set_write_timeout(kPatienceSeconds);
  if (!authority_path.empty()) client.set_ca_cert_path(authority_path.c_str());
  client.enable_server_certificate_verification(verify);
  return client.Get("/healthz");
}

// Asks /healthz, which wants no token: none is sent. With flags for TLS, only a server whose certificate is good is
// believed. Without them, a server that speaks TLS is asked again over TLS, whatever its certificate, so that the
// health checks of containers need no flags: no secret is sent, and the answer is worth what one without TLS is worth.
int AskHttp(const std::string& address, const std::string& authority_path, const Security* security) {
  const bool verify = security != nullptr && security->has_tls();
  std::string url = absl::StrCat(verify ? "https://" : "http://", address);
  httplib::Result answer = AskHealthz(url, authority_path, verify);
  // The answer of our pages, and of other servers, to a request without TLS.
  if (!verify && answer && answer->status == 400) {
    url = absl::StrCat("https://", address);
    answer = AskHealthz(url, "", /*verify=*/false);
  }
  if (!answer) return Say(absl::StrCat("no answer from ", url, "/healthz: ", httplib::to_string(answer.error())));
  return Say(answer->status == 200 ? "" : absl::StrCat("HTTP ", answer->status, ": ", answer->body));
}

CommandSyntax Syntax() {
  CommandSyntax syntax{"recbots health HOST:PORT|unix:/PATH [flags] | recbots health --http HOST:PORT [flags]",
                       SecurityFlags(), CommandSyntax::kAnyNumber};
  syntax.flags.push_back({"http", "HOST:PORT", "ask /healthz instead of gRPC", ""});
  return syntax;
}

int Health(const CommandLine& flags) {
  if (flags.positional().size() != (flags.has("http") ? 0 : 1)) {
    return Fail(absl::InvalidArgumentError(absl::StrCat("want one address, or --http: ", Syntax().usage)),
                kExitBadUsage);
  }
  const bool http = flags.has("http");
  const std::string& address = http ? flags.value("http") : flags.positional()[0];
  absl::Status wrong = http ? ParseHostPort(address).status() : ParseAddresses(address).status();
  const absl::StatusOr<std::shared_ptr<const Security>> security = LoadSecurity(flags);
  wrong.Update(security.status());
  if (!wrong.ok()) return Fail(wrong, kExitBadUsage);
  if (http) return AskHttp(address, flags.value("tls_ca"), security->get());
  const Instant deadline = Instant::Now() + absl::Seconds(kPatienceSeconds);
  return Say(std::string(AwaitServing("server", address, deadline, *security).message()));
}

}  // namespace

Command HealthCommand() {
  return {"health", "ADDRESS [flags]", "whether a role serves",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Health); }, Syntax};
}

}  // namespace recbots

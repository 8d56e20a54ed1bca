// What every main does: flags, configuration, signals, the HTTP pages, exit codes.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/command_line.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/metrics/http_server.h"
#include "common/metrics/metrics.h"
#include "common/rpc/retry.h"
#include "common/rpc/security.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// One running role. Thread-safe where said.
class Role {
 public:
  Role(std::string name, CommandLine flags, v1::ExperimentConfig config);

  const std::string& name() const { return name_; }
  const CommandLine& flags() const { return flags_; }
  const v1::ExperimentConfig& config() const { return config_; }
  // DIR of --run_dir, made if it was not there, and tried: files can be made in it. Empty when not given.
  const std::string& run_dir() const { return flags_.value("run_dir"); }
  Metrics& metrics() { return metrics_; }
  Shutdown& shutdown() { return *shutdown_; }

  // Serves /metrics, /healthz and /statusz at --http. `status` adds sections to the page; thread-safe. The page's first
  // section shows what the role is doing (SetActivity). The server stops when the result goes, which must be before
  // what `status` refers to: declare it after that.
  absl::StatusOr<std::unique_ptr<HttpServer>> StartHttp(std::function<std::vector<StatusSection>()> status);

  // Names the flag in an error of listening at what --`flag` says. INVALID_ARGUMENT, an address that cannot be one of
  // this machine, becomes a fault of usage; a port in use is none.
  absl::Status CannotServe(const std::string& flag, const absl::Status& status) const;

  // Address of --`peer`, a role that serves (common/role/roles.h): one, or where it is sharded several with commas
  // between them.
  // INVALID_ARGUMENT (of usage): not given or malformed.
  absl::StatusOr<std::string> PeerAddress(const std::string& peer) const;
  // How long a peer may be away (--peer_timeout). INVALID_ARGUMENT (of usage): not a number of seconds.
  absl::StatusOr<RetryOptions> PeerRetryOptions() const;

  // What --tls_cert, --tls_key, --tls_ca and --token_file ask for: for the role's server and all its channels. Null
  // when none of them is given.
  std::shared_ptr<const Security> security() const { return security_; }

  // What /healthz answers. Thread-safe.
  void SetHealthy(bool healthy) { healthy_ = healthy; }
  // Names what the role does or waits for now; a literal. Thread-safe.
  void SetActivity(const char* activity) { activity_ = activity; }
  // Writes `run_dir`/<name>.addresses, "what host:port" a line, so that scripts find ports that were chosen freely. Of
  // several processes of this role with the same --run_dir the newest has it. Errors as WriteFile (common/base/file.h).
  absl::Status PublishAddress(const std::string& what, const std::string& address);

 private:
  friend int ServeRole(const std::string&, const std::vector<std::string>&, const std::vector<std::string>&,
                       const std::function<absl::Status(Role&)>&);

  const std::string name_;
  const CommandLine flags_;
  const v1::ExperimentConfig config_;
  Metrics metrics_;
  Shutdown* shutdown_ = nullptr;
  std::shared_ptr<const Security> security_;
  std::atomic<bool> healthy_{false};
  std::atomic<const char*> activity_{"starting"};
  std::string published_;
};

// The flags --tls_cert --tls_key --tls_ca --token_file, for every program that talks to roles, and what they ask for
// (null: nothing). INVALID_ARGUMENT: names flag, file and what is missing.
std::vector<FlagSpec> SecurityFlags();
absl::StatusOr<std::shared_ptr<const Security>> LoadSecurity(const CommandLine& flags);

// --set, of every program that reads a configuration.
FlagSpec SetFlag();

// The flag of every program that would refuse what is of another experiment than its configuration.
inline constexpr char kAllowOtherExperiment[] = "allow_other_experiment";
FlagSpec AllowOtherExperimentFlag();

// A role's main: parses the flags --config --set --run_dir --http, those of SecurityFlags and those of `more_flags`
// ("listen", "replay", "learner", "checkpoint_dir", "keep", kAllowOtherExperiment, "peer_timeout"; no other), loads the
// configuration, and runs `body`. Returns the exit code; a failure is one line on stderr.
int RunRole(const std::string& name, const std::vector<std::string>& more_flags, int argc, char** argv,
            const std::function<absl::Status(Role&)>& body);

// Marks a status as the user's to mend: RunRole exits with kExitBadUsage for it.
absl::Status BadConfiguration(const absl::Status& status);

}  // namespace recbots

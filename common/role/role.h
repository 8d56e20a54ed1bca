// What every main function of a role does: flags, configuration, signals, the HTTP pages, what it tells about itself,
// exit codes.
#pragma once

#include <atomic>
#include <cstdint>
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
#include "common/base/wait_board.h"
#include "common/metrics/http_server.h"
#include "common/metrics/metrics.h"
#include "common/role/role_flags.h"
#include "common/role/stall_reporter.h"
#include "common/role/stall_watch.h"
#include "common/rpc/retry.h"
#include "common/rpc/security.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/membership.pb.h"

namespace recbots {

// One running role. Only the methods marked so are thread-safe.
class Role {
 public:
  Role(std::string name, CommandLine flags, v1::ExperimentConfig config);

  const std::string& name() const { return name_; }
  const CommandLine& flags() const { return flags_; }
  const v1::ExperimentConfig& config() const { return config_; }
  // The folder given by --run_dir; empty if the flag is absent. The folder exists (RunRole makes it), and files can be
  // made in it.
  const std::string& run_dir() const { return flags_.value("run_dir"); }
  Metrics& metrics() { return metrics_; }
  Shutdown& shutdown() { return *shutdown_; }

  // Serves /metrics, /healthz, /statusz, `json_pages` and `more` at --http, over TLS if the role has a certificate, and
  // only to those who show the token if it has one (common/metrics/guarded_pages.h). `status` adds sections to /statusz
  // and must be thread-safe; the first sections always show what the role is doing (SetActivity) and what it waits for
  // (waits). /healthz says why where the role is not ready, or has stalled (stalls). The server stops when the result
  // is destroyed. That must happen before the objects that `status` and the pages use are destroyed: declare the
  // result after them.
  absl::StatusOr<std::unique_ptr<HttpServer>> StartHttp(std::function<std::vector<StatusSection>()> status,
                                                        std::vector<JsonPage> json_pages = {}, MorePages more = {});

  // Adds the flag's name to `status`, an error of listening at the address in --`flag`. INVALID_ARGUMENT (the address
  // cannot belong to this machine) becomes an error of usage; other errors, such as a port in use, do not.
  absl::Status CannotServe(const std::string& flag, const absl::Status& status) const;

  // The address in --`peer`, where `peer` is a role that serves (common/role/roles.h); for a sharded role one or
  // several addresses, separated by commas. INVALID_ARGUMENT (an error of usage): the address is missing or malformed.
  absl::StatusOr<std::string> PeerAddress(const std::string& peer) const;
  // How long a peer may be away (--peer_timeout). INVALID_ARGUMENT (an error of usage): the flag is not a number of
  // seconds.
  // Peers that are away are shown among `waits`.
  absl::StatusOr<RetryOptions> PeerRetryOptions();

  // The security that --tls_cert, --tls_key, --tls_ca and --token_file ask for, for the role's server and all its
  // channels. Null if none of these flags is given.
  std::shared_ptr<const Security> security() const { return security_; }

  // Tells this process from all others; never 0.
  uint64_t instance() const { return instance_; }
  // HOST/PID: the name under which peers show this process.
  const std::string& process_name() const { return process_name_; }

  // What the threads of this process wait for, and whether its work gets on. Thread-safe.
  WaitBoard& waits() { return waits_; }
  StallWatch& stalls() { return stalls_; }
  // What the process says of itself, without what only its body knows: the weights in use. Thread-safe, but not before
  // StartHttp has returned.
  v1::RoleReport Report() const;

  // Whether the role serves or works; until then /healthz answers "not ready". Thread-safe.
  void SetHealthy(bool healthy) { healthy_ = healthy; }
  // Names what the role does now. `activity` must be a string literal. Thread-safe.
  void SetActivity(const char* activity) { activity_ = activity; }
  // Writes `run_dir`/<name>.addresses, one line "what host:port" per address, so that scripts find ports that the
  // system chose. If several processes of this role have the same --run_dir, the newest one overwrites the file. Errors
  // are those of WriteFile (common/base/file.h).
  absl::Status PublishAddress(const std::string& what, const std::string& address);

 private:
  friend int ServeRole(const std::string&, const std::vector<std::string>&, const std::vector<std::string>&,
                       const std::function<absl::Status(Role&)>&);

  // What the role waits for, or else its activity.
  std::string Doing() const;
  // For /healthz; "": it is well.
  std::string Unhealthy() const;
  std::vector<StatusSection> OwnSections() const;

  const std::string name_;
  const CommandLine flags_;
  const v1::ExperimentConfig config_;
  Metrics metrics_;
  Shutdown* shutdown_ = nullptr;
  std::shared_ptr<const Security> security_;
  std::atomic<bool> healthy_{false};
  std::atomic<const char*> activity_{"starting"};
  std::string published_;
  std::string pages_;  // http://HOST:PORT
  const Instant start_ = Instant::Now();
  const std::string host_;
  const std::string process_name_;
  const uint64_t instance_;
  WaitBoard waits_;
  StallWatch stalls_;
  StallReporter reporter_;
};

// The main function of a role: parses the flags --config, --set, --run_dir, --http, those of SecurityFlags and those
// named in `more_flags` (role_flags.h), loads the configuration, and runs
// `body`. Returns the exit code; prints a failure as one line on stderr.
int RunRole(const std::string& name, const std::vector<std::string>& more_flags, int argc, char** argv,
            const std::function<absl::Status(Role&)>& body);

// Marks an error as a usage error: RunRole then returns kExitBadUsage.
absl::Status BadConfiguration(const absl::Status& status);
// Marks an error that is that of another process: RunRole then returns kExitStartAgain.
absl::Status WouldGoOn(const absl::Status& status);

}  // namespace recbots

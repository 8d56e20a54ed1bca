#include "common/role/role.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <random>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/descriptors.h"
#include "common/base/file.h"
#include "common/base/host_port.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"
#include "common/config/config.h"
#include "common/role/role_flags.h"
#include "common/role/roles.h"
#include "common/role/run_directory.h"

namespace recbots {
namespace {

// The descriptors that a role needs before any peer connects, and some more.
constexpr int kMinDescriptors = 64;

// Payload that marks a status as an error of usage (its value is not read).
constexpr char kBadUsagePayload[] = "recbots/bad_usage";
// Payload that marks a status as the error of another process.
constexpr char kWouldGoOnPayload[] = "recbots/would_go_on";

// A configuration may contain a matrix of millions of numbers; a page shows only the beginning.
std::string ConfigurationForPages(const v1::ExperimentConfig& config) {
  constexpr size_t kMaxBytes = 64 << 10;
  std::string text = PrintExperimentConfig(config);
  const size_t bytes = text.size();
  if (bytes <= kMaxBytes) return text;
  text.resize(text.rfind('\n', kMaxBytes) + 1);
  return absl::StrCat(text, "... (", bytes, " bytes in all)\n");
}

std::string Clip(absl::string_view text, size_t bytes) {
  return text.size() <= bytes ? std::string(text) : absl::StrCat(text.substr(0, bytes - 3), "...");
}

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "unknown";
}

uint64_t RandomInstance() {
  std::random_device device;
  uint64_t instance = 0;
  while (instance == 0) instance = uint64_t{device()} << 32 | device();
  return instance;
}

// Checks the addresses to serve at, as far as possible before anything is started.
absl::Status CheckServingAddresses(const CommandLine& flags, bool listens) {
  const auto check = [&flags](const char* flag, const absl::Status& parsed) {
    if (parsed.ok()) return parsed;
    return absl::InvalidArgumentError(absl::StrCat("--", flag, " '", flags.value(flag), "': ", parsed.message()));
  };
  RECBOTS_RETURN_IF_ERROR(check("http", ParseHostPort(flags.value("http")).status()));
  return listens ? check("listen", ParseAddresses(flags.value("listen")).status()) : absl::OkStatus();
}

absl::StatusOr<v1::ExperimentConfig> ReadConfig(const CommandLine& flags, bool listens) {
  if (!flags.positional().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("unexpected argument '", flags.positional()[0], "'"));
  }
  if (flags.value("config").empty()) return absl::InvalidArgumentError("--config=FILE is missing");
  RECBOTS_RETURN_IF_ERROR(CheckServingAddresses(flags, listens));
  RECBOTS_ASSIGN_OR_RETURN(v1::ExperimentConfig config,
                           LoadExperimentConfig(flags.value("config"), OverridesOf(flags)));
  if (!flags.value("run_dir").empty()) RECBOTS_RETURN_IF_ERROR(PrepareRunDirectory(flags.value("run_dir")));
  return config;
}

}  // namespace

absl::Status BadConfiguration(const absl::Status& status) {
  absl::Status marked = status;
  if (!marked.ok()) marked.SetPayload(kBadUsagePayload, absl::Cord());
  return marked;
}

absl::Status WouldGoOn(const absl::Status& status) {
  absl::Status marked = status;
  if (!marked.ok()) marked.SetPayload(kWouldGoOnPayload, absl::Cord());
  return marked;
}

Role::Role(std::string name, CommandLine flags, v1::ExperimentConfig config)
    : name_(std::move(name)),
      flags_(std::move(flags)),
      config_(std::move(config)),
      metrics_({name_}),
      host_(HostName()),
      process_name_(absl::StrCat(host_, "/", getpid())),
      instance_(RandomInstance()),
      stalls_({.after = absl::Seconds(config_.learner().stall_after_seconds()), .doing = [this] { return Doing(); }},
              waits_),
      reporter_(stalls_, metrics_) {
  if (!run_dir().empty()) metrics_.WatchDisk("run_dir", run_dir());
}

std::string Role::Doing() const {
  for (const WaitInfo& wait : waits_.waits()) {
    if (wait.kind != WaitKind::kBackground) return absl::StrCat("waiting for ", DescribeWait(wait.thing, wait.peer));
  }
  return activity_.load();
}

std::string Role::Unhealthy() const {
  if (!healthy_) return absl::StrCat("not ready: ", Doing());
  const std::optional<Stall> stall = stalls_.stall();
  return stall.has_value() ? stall->reason : "";
}

v1::RoleReport Role::Report() const {
  // The bounds of membership.proto.
  constexpr int kMaxWaits = 8;
  constexpr size_t kText = 256, kLongText = 1024;
  v1::RoleReport report;
  report.set_instance(instance_);
  report.set_role(name_);
  report.set_name(process_name_);
  report.set_host(host_);
  report.set_pid(getpid());
  report.set_version(kVersion);
  report.set_pages(pages_);
  report.set_uptime_seconds(absl::ToDoubleSeconds(Instant::Now() - start_));
  report.set_progress(stalls_.progress());
  if (const std::string unit = stalls_.unit(); !unit.empty()) report.set_progress_unit(absl::StrCat(unit, "s"));
  report.set_doing(Clip(Doing(), kLongText));
  for (const WaitInfo& wait : waits_.waits()) {
    if (report.waits_size() == kMaxWaits) break;
    v1::WaitReport& out = *report.add_waits();
    out.set_thing(Clip(wait.thing, kText));
    out.set_peer(Clip(wait.peer, kLongText));
    out.set_seconds(absl::ToDoubleSeconds(wait.waited));
    out.set_deadline_seconds(wait.left == absl::InfiniteDuration() ? -1 : absl::ToDoubleSeconds(wait.left));
  }
  if (const std::optional<Stall> stall = stalls_.stall(); stall.has_value()) {
    report.set_stall(Clip(stall->reason, kLongText));
    report.set_stalled_seconds(absl::ToDoubleSeconds(stall->lasted));
  }
  return report;
}

std::vector<StatusSection> Role::OwnSections() const {
  StatusSection process{
      "Process", {{"experiment", config_.name()}, {"name", process_name_}, {"doing", Doing()}, {"version", kVersion}}};
  if (const std::optional<Stall> stall = stalls_.stall(); stall.has_value()) {
    process.rows.push_back({"stalled", stall->reason});
  }
  StatusSection waits{"Waits", {}};
  for (const WaitInfo& wait : waits_.waits()) {
    waits.rows.push_back(
        {DescribeWait(wait.thing, wait.peer),
         absl::StrCat(
             "for ", WaitedText(wait.waited),
             wait.left == absl::InfiniteDuration() ? "" : absl::StrCat(", gives up in ", WaitedText(wait.left)))});
  }
  if (waits.rows.empty()) waits.rows.push_back({"none", ""});
  return {process, waits};
}

absl::StatusOr<std::unique_ptr<HttpServer>> Role::StartHttp(std::function<std::vector<StatusSection>()> status,
                                                            std::vector<JsonPage> json_pages, MorePages more) {
  HttpServerOptions options;
  options.address = flags_.value("http");
  options.role = name_;
  options.unhealthy = [this] { return Unhealthy(); };
  options.json_pages = std::move(json_pages);
  options.more = std::move(more);
  options.status = [this, status = std::move(status), configuration = ConfigurationForPages(config_)] {
    std::vector<StatusSection> sections = OwnSections();
    for (StatusSection& section : status()) sections.push_back(std::move(section));
    sections.push_back({"Configuration", {{"text proto", configuration}}});
    return sections;
  };
  if (security_ != nullptr) {
    options.certificate_pem = security_->certificate_pem();
    options.key_pem = security_->key_pem();
    options.token = security_->token();
  }
  const bool has_tls = !options.certificate_pem.empty(), has_token = !options.token.empty();
  absl::StatusOr<std::unique_ptr<HttpServer>> server = HttpServer::Start(std::move(options), metrics_);
  if (!server.ok()) return CannotServe("http", server.status());
  pages_ = absl::StrCat(has_tls ? "https://" : "http://", (*server)->address());
  RECBOTS_LOG(INFO) << "pages at " << pages_ << "/statusz";
  if (has_token && !has_tls && !IsLocalAddress((*server)->address())) {
    RECBOTS_LOG(WARNING) << "anybody on the way to the pages at " << (*server)->address()
                         << " can read the token: want --tls_cert and --tls_key (docs/security.md)";
  }
  RECBOTS_RETURN_IF_ERROR(PublishAddress("http", (*server)->address()));
  return server;
}

absl::Status Role::CannotServe(const std::string& flag, const absl::Status& status) const {
  const absl::Status named =
      absl::Status(status.code(), absl::StrCat("--", flag, " '", flags_.value(flag), "': ", status.message()));
  return absl::IsInvalidArgument(status) ? BadConfiguration(named) : named;
}

absl::StatusOr<std::string> Role::PeerAddress(const std::string& peer) const {
  const std::string& list = flags_.value(peer);
  const auto refuse = [&](absl::string_view why) {
    return BadConfiguration(absl::InvalidArgumentError(absl::StrCat("--", peer, " '", list, "': ", why)));
  };
  const absl::StatusOr<std::vector<std::string>> addresses = ParseAddresses(list);
  if (!addresses.ok()) return refuse(addresses.status().message());
  const RoleKind* role = FindRole(peer);
  RECBOTS_CHECK(role != nullptr && role->serves) << "no role serves as '" << peer << "'";
  if (!role->sharded && addresses->size() != 1) {
    return refuse(absl::StrCat(addresses->size(), " addresses, want 1"));
  }
  for (const std::string& address : *addresses) {
    if (!IsUnixAddress(address) && ParseHostPort(address)->port == 0) {
      return refuse(absl::StrCat("'", address, "' has no port that anybody could listen at, want 1..65535"));
    }
  }
  return list;
}

absl::StatusOr<RetryOptions> Role::PeerRetryOptions() {
  RetryOptions options;
  double seconds = 0;
  if (!absl::SimpleAtod(flags_.value("peer_timeout"), &seconds) || !(seconds >= 0)) {
    return BadConfiguration(absl::InvalidArgumentError(
        absl::StrCat("--peer_timeout '", flags_.value("peer_timeout"), "', want seconds, at least 0")));
  }
  options.waits = &waits_;
  options.give_up_after = seconds > 0 ? absl::Seconds(seconds) : absl::InfiniteDuration();
  return options;
}

absl::Status Role::PublishAddress(const std::string& what, const std::string& address) {
  absl::StrAppend(&published_, what, " ", address, "\n");
  if (run_dir().empty()) return absl::OkStatus();
  const std::string path = absl::StrCat(run_dir(), "/", name_, ".addresses");
  return WriteFile(path, published_);
}

int ServeRole(const std::string& name, const std::vector<std::string>& more_flags,
              const std::vector<std::string>& arguments, const std::function<absl::Status(Role&)>& body) {
  const std::vector<FlagSpec> specs = FlagsOfRole(more_flags);
  absl::StatusOr<CommandLine> flags = CommandLine::Parse(arguments, specs);
  if (flags.ok() && flags->has("help")) {
    std::cout << "usage: recbots-" << name << " --config=FILE [flags]\n" << CommandLine::Help(specs);
    return kExitOk;
  }
  const bool listens = std::find(more_flags.begin(), more_flags.end(), "listen") != more_flags.end();
  absl::StatusOr<v1::ExperimentConfig> config = flags.ok() ? ReadConfig(*flags, listens) : flags.status();
  absl::StatusOr<std::shared_ptr<const Security>> security = config.ok() ? LoadSecurity(*flags) : config.status();
  const absl::Status usage = security.ok() ? CheckDescriptorLimit(kMinDescriptors) : security.status();
  if (!usage.ok()) {
    RECBOTS_LOG(ERROR) << usage.message();
    return kExitBadUsage;
  }
  Shutdown shutdown;
  // Ends the role, because a server that cannot accept connections would only look as if it were at work.
  const DescriptorWatch watch([&shutdown](const absl::Status& status) {
    RECBOTS_LOG(ERROR) << status.message();
    shutdown.Fail(status);
  });
  Role role(name, *std::move(flags), *std::move(config));
  role.shutdown_ = &shutdown;
  role.security_ = *std::move(security);
  RECBOTS_LOG(INFO) << "starting" << Field("version", kVersion) << Field("experiment", role.config().name())
                    << Field("seed", role.config().seed());
  absl::Status status = body(role);
  status.Update(shutdown.failure());
  if (status.ok()) return kExitOk;
  RECBOTS_LOG(ERROR) << status.message();
  if (status.GetPayload(kBadUsagePayload).has_value()) return kExitBadUsage;
  return status.GetPayload(kWouldGoOnPayload).has_value() ? kExitStartAgain : kExitFailed;
}

int RunRole(const std::string& name, const std::vector<std::string>& more_flags, int argc, char** argv,
            const std::function<absl::Status(Role&)>& body) {
  return RunProgram(name, argc, argv, [&](const std::vector<std::string>& arguments) {
    return ServeRole(name, more_flags, arguments, body);
  });
}

}  // namespace recbots

// recbots inspect TARGET: shows what a running replay server or a checkpoint holds.
#include <filesystem>
#include <iostream>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/command_line.h"
#include "common/base/host_port.h"
#include "common/base/instant.h"
#include "common/base/program.h"
#include "common/base/status_macros.h"
#include "common/role/role.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/inspect/inspect_checkpoint.h"
#include "deploy/cli/inspect/limiter_change.h"
#include "deploy/cli/inspect/message_json.h"
#include "deploy/cli/inspect/replay_admin_client.h"
#include "deploy/cli/inspect/server_report.h"

namespace recbots {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);
// Long enough for a checkpoint, which waits for the disk.
constexpr absl::Duration kCheckpointPatience = absl::Minutes(10);
constexpr double kMaxIntervalSeconds = 3600;

// The request on the command line.
struct Request {
  std::string directory;               // Of checkpoints; empty if TARGET is a server.
  std::vector<std::string> addresses;  // Of servers
  std::string table;
  std::string set_limiter;
  bool json = false;
  bool checkpoint = false;
  absl::Duration interval;
  int64_t dump_rows = 0;  // -1: all.
  std::shared_ptr<const Security> security;
};

absl::Status RefuseFlags(const CommandLine& flags, const std::vector<const char*>& names, const char* what) {
  for (const char* name : names) {
    if (flags.has(name)) return absl::InvalidArgumentError(absl::StrCat("--", name, " is for ", what));
  }
  return absl::OkStatus();
}

absl::Status ReadTarget(const CommandLine& flags, Request& request) {
  const std::string& target = flags.positional()[0];
  std::error_code error;
  if (std::filesystem::is_directory(target, error)) {
    request.directory = target;
    return RefuseFlags(flags, {"json", "interval", "checkpoint", "set_limiter"}, "a server, not for a directory");
  }
  absl::StatusOr<std::vector<std::string>> addresses = ParseAddresses(target);
  if (!addresses.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("target '", target, "' is neither a directory nor an address; ", addresses.status().message()));
  }
  request.addresses = *std::move(addresses);
  return RefuseFlags(flags, {"dump"}, "a checkpoint, not for a server");
}

absl::StatusOr<Request> ReadRequest(const CommandLine& flags) {
  Request request;
  RECBOTS_RETURN_IF_ERROR(ReadTarget(flags, request));
  if (flags.has("table")) request.table = flags.value("table");
  request.set_limiter = flags.value("set_limiter");
  request.json = flags.has("json");
  request.checkpoint = flags.has("checkpoint");
  RECBOTS_ASSIGN_OR_RETURN(const double seconds, flags.Number("interval", 0, kMaxIntervalSeconds));
  request.interval = absl::Seconds(seconds);
  const std::string& dump = flags.value("dump");
  if (dump == "all") {
    request.dump_rows = -1;
  } else if (!absl::SimpleAtoi(dump, &request.dump_rows) || request.dump_rows < 0) {
    return absl::InvalidArgumentError(absl::StrCat("--dump '", dump, "', want a number of rows or 'all'"));
  }
  RECBOTS_ASSIGN_OR_RETURN(request.security, LoadSecurity(flags));
  return request;
}

absl::Status ChangeLimiter(const Request& request, ReplayAdminClient& replay) {
  RECBOTS_ASSIGN_OR_RETURN(const v1::InfoResponse info, replay.Info(Instant::Now() + kPatience));
  RECBOTS_ASSIGN_OR_RETURN(const v1::TableInfo table, FindTable(info, request.table));
  RECBOTS_ASSIGN_OR_RETURN(const v1::SetRateLimiterRequest change, ParseLimiterChange(request.set_limiter, table));
  RECBOTS_RETURN_IF_ERROR(replay.SetRateLimiter(change, Instant::Now() + kPatience));
  if (request.json) {
    std::cout << MessageToJson(change) << "\n";
  } else {
    std::cout << absl::StreamFormat(
        "replay at %s: limiter of table %s is min_size=%d,samples_per_insert=%g,error_buffer=%g\n", replay.address(),
        change.table(), change.min_size(), change.samples_per_insert(), change.error_buffer());
  }
  return absl::OkStatus();
}

absl::Status WriteCheckpoint(const Request& request, ReplayAdminClient& replay) {
  // First makes a call that is tried again, because the call for the checkpoint is not.
  RECBOTS_RETURN_IF_ERROR(replay.Info(Instant::Now() + kPatience).status());
  RECBOTS_ASSIGN_OR_RETURN(const v1::CheckpointResponse done, replay.Checkpoint(Instant::Now() + kCheckpointPatience));
  if (request.json) {
    std::cout << MessageToJson(done) << "\n";
  } else if (done.sequence() == 0) {
    std::cout << absl::StreamFormat("replay at %s: nothing to keep yet, the schema of no table is known\n",
                                    replay.address());
  } else {
    std::cout << absl::StreamFormat(
        "replay at %s: checkpoint %d, %.1f MB written in %.2f s, tables stood still for %.2f ms\n", replay.address(),
        done.sequence(), static_cast<double>(done.bytes_written()) / 1e6, done.seconds(), 1e3 * done.pause_seconds());
  }
  return absl::OkStatus();
}

absl::Status Report(const Request& request, ReplayAdminClient& replay) {
  ServerReport report;
  report.address = replay.address();
  RECBOTS_ASSIGN_OR_RETURN(report.before, replay.Info(Instant::Now() + kPatience));
  absl::SleepFor(request.interval);  // A signal ends the program; there is nothing to clean up.
  RECBOTS_ASSIGN_OR_RETURN(report.now, replay.Info(Instant::Now() + kPatience));
  RECBOTS_RETURN_IF_ERROR(KeepTable(request.table, report));
  if (request.json) {
    std::cout << ReportJson(report) << "\n";
  } else {
    std::cout << ReportText(report);
  }
  return absl::OkStatus();
}

absl::Status InspectServer(const Request& request, const std::string& address) {
  ReplayAdminClient replay(address, request.security);
  if (!request.set_limiter.empty()) RECBOTS_RETURN_IF_ERROR(ChangeLimiter(request, replay));
  if (request.checkpoint) RECBOTS_RETURN_IF_ERROR(WriteCheckpoint(request, replay));
  if (!request.set_limiter.empty() || request.checkpoint) return absl::OkStatus();
  return Report(request, replay);
}

int Inspect(const CommandLine& flags) {
  const absl::StatusOr<Request> request = ReadRequest(flags);
  if (!request.ok()) return Fail(request.status(), kExitBadUsage);
  if (!request->directory.empty()) {
    const absl::Status status = InspectCheckpoint(request->directory, request->dump_rows, request->table, std::cout);
    return status.ok() ? kExitOk : Fail(status, kExitFailed);
  }
  int exit_code = kExitOk;
  for (const std::string& address : request->addresses) {
    const absl::Status status = InspectServer(*request, address);
    if (!status.ok()) exit_code = Fail(status, kExitFailed);
    std::cout << std::flush;
  }
  return exit_code;
}

}  // namespace

Command InspectCommand() {
  return {kInspectUsage.name, kInspectUsage.arguments, kInspectUsage.help,
          [](const std::vector<std::string>& arguments) { return RunCommand(InspectSyntax(), arguments, Inspect); },
          InspectSyntax};
}

}  // namespace recbots

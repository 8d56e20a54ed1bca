// 64 writers that insert as fast as they can: what one of them costs the server, and whether all get their share.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/load/load_benches.h"
#include "deploy/cli/bench/replay/client_process.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/process_usage.h"
#include "deploy/cli/bench/replay/replay_server.h"
#include "replay/client/replay_sampler.h"

namespace recbots::load_bench {
namespace {

using replay_bench::ClientProcess;
using replay_bench::Meter;
using replay_bench::ReplayServer;

constexpr int kWriters = 64;
constexpr int64_t kRowBytes = 400;

using RowsOfWriters = std::map<std::string, int64_t>;  // Address of a connection -> rows acknowledged.

absl::StatusOr<RowsOfWriters> Acknowledged(const ReplayServer& server) {
  RECBOTS_ASSIGN_OR_RETURN(const v1::InfoResponse info,
                           replay::GetInfo(server.address(), Instant::Now() + replay_bench::kPatience));
  RowsOfWriters rows;
  for (const v1::WriterInfo& writer : info.writers()) rows[writer.peer()] = writer.acknowledged_rows();
  return rows;
}

// Rows of the writer that got the fewest, as a share of the mean.
absl::StatusOr<double> SlowestShare(const RowsOfWriters& before, const RowsOfWriters& after) {
  if (before.size() != kWriters || after.size() != kWriters) {
    return absl::InternalError(
        absl::StrCat("the server knows ", before.size(), " and then ", after.size(), " writers, want ", kWriters));
  }
  int64_t all = 0, fewest = INT64_MAX;
  for (const auto& [writer, rows] : after) {
    const auto found = before.find(writer);
    if (found == before.end()) return absl::InternalError("a writer has begun again");
    all += rows - found->second;
    fewest = std::min(fewest, rows - found->second);
  }
  if (all == 0) return absl::InternalError("no writer inserted a row");
  return static_cast<double>(fewest) * kWriters / static_cast<double>(all);
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, replay_bench::PayloadSchema(kRowBytes));
  const v1::TableConfig table = replay_bench::PlainTable(options, schema);
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayServer> server, ReplayServer::Start(options, schema, table));
  RECBOTS_RETURN_IF_ERROR(replay_bench::Fill(schema, server->address(), table.capacity_rows()));
  const int64_t alone_bytes = replay_bench::ResidentBytes(server->pid());
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ClientProcess> writers,
                           replay_bench::StartWriters(options, *server, kWriters));
  absl::Status status;
  Meter meter(options, server->pid(), writers->pid());
  meter.Count([&] {
    const absl::StatusOr<v1::TableInfo> info = server->Table();
    status.Update(info.status());
    return info.ok() ? static_cast<double>(info->state().inserted()) : 0;
  });
  RECBOTS_ASSIGN_OR_RETURN(const RowsOfWriters before, Acknowledged(*server));
  meter.Run();
  RECBOTS_RETURN_IF_ERROR(status);
  RECBOTS_ASSIGN_OR_RETURN(const RowsOfWriters after, Acknowledged(*server));
  RECBOTS_ASSIGN_OR_RETURN(const double slowest_share, SlowestShare(before, after));
  const int64_t more_bytes = replay_bench::ResidentBytes(server->pid()) - alone_bytes;
  RECBOTS_RETURN_IF_ERROR(writers->Stop().status());
  RECBOTS_RETURN_IF_ERROR(server->Stop());

  replay_bench::Report report("load/writers");
  report.set_disturbed(meter.disturbed());
  report.set_cores_used(meter.cores_used());
  report.Add("rows_per_second", meter.Rate(0), "rows/s", true);
  report.Add("slowest_share_of_mean", slowest_share, "ratio", true);
  report.Add("server_bytes_per_writer", static_cast<double>(std::max<int64_t>(0, more_bytes)) / kWriters, "bytes",
             false);
  std::vector<BenchResult> results;
  report.MoveTo(results);
  return results;
}

}  // namespace

Bench WritersBench() { return {"load/writers", Run}; }

}  // namespace recbots::load_bench

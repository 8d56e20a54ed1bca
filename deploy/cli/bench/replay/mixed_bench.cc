// One learner with prioritized draws and write-back while writers in another process insert as fast as they can. The
// score is the learner's rate.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/client_process.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/replay_benches.h"
#include "deploy/cli/bench/replay/replay_server.h"

namespace recbots::replay_bench {
namespace {

absl::Status Measure(const BenchOptions& options, const ReplayServer& server, int num_writers,
                     std::vector<BenchResult>& results) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ClientProcess> writers, StartWriters(options, server, num_writers));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReaderLoad> reader,
                           ReaderLoad::Start(server.schema(), server.address(), {.write_back = true}));
  absl::Status status;
  Meter meter(options, server.pid(), writers->pid());
  meter.Count([&] { return static_cast<double>(reader->rows()); });
  meter.Count([&] {
    const absl::StatusOr<v1::TableInfo> table = server.Table();
    status.Update(table.status());
    return table.ok() ? static_cast<double>(table->state().inserted()) : 0;
  });
  meter.Watch(&reader->latencies());
  meter.Run();
  RECBOTS_RETURN_IF_ERROR(status);
  RECBOTS_RETURN_IF_ERROR(reader->Stop());
  RECBOTS_RETURN_IF_ERROR(writers->Stop().status());
  Report report(absl::StrCat("replay/mixed/", num_writers, "_writers"));
  report.set_disturbed(meter.disturbed());
  report.set_cores_used(meter.cores_used());
  report.Add("learner_rows_per_second", meter.Rate(0), "rows/s", true);
  report.Add("learner_batch_p50_seconds", meter.Latency(0.5), "s", false);
  report.Add("learner_batch_p99_seconds", meter.Latency(0.99), "s", false);
  report.Add("learner_batch_p999_seconds", meter.LatencyOfAll(0.999), "s", false);
  report.Add("inserted_rows_per_second", meter.Rate(1), "rows/s", true);
  report.MoveTo(results);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, PayloadSchema(400));
  v1::TableConfig table = PlainTable(options, schema);
  table.set_sampler(v1::TableConfig::PRIORITIZED);
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayServer> server, ReplayServer::Start(options, schema, table));
  RECBOTS_RETURN_IF_ERROR(Fill(schema, server->address(), table.capacity_rows()));
  RECBOTS_RETURN_IF_ERROR(CheckSamples(schema, server->address(), /*batch_size=*/256));
  std::vector<BenchResult> results;
  for (const int num_writers : {4, 16, 64}) {
    RECBOTS_RETURN_IF_ERROR(Measure(options, *server, num_writers, results));
  }
  RECBOTS_RETURN_IF_ERROR(CheckSamples(schema, server->address(), /*batch_size=*/256));
  RECBOTS_RETURN_IF_ERROR(server->Stop());
  return results;
}

}  // namespace

Bench MixedBench() { return {"replay/mixed", Run}; }

}  // namespace recbots::replay_bench

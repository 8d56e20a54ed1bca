// Inserts one row at a time and waits for it: the cost for a caller who needs to know that a row is in the table.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/replay_benches.h"
#include "deploy/cli/bench/replay/replay_server.h"

namespace recbots::replay_bench {

absl::StatusOr<int64_t> MeasureFlush(const BenchOptions& options, const ReplayServer& server,
                                     const std::string& address, const std::string& bench,
                                     std::vector<BenchResult>& results) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<replay::ReplayWriter> writer,
                           replay::ReplayWriter::Create(server.schema(), {.address = address, .writer_name = "bench"}));
  RowMaker rows(server.schema(), 2000);
  LatencyLog log;
  std::atomic<bool> stop{false};
  FirstError error;
  Thread thread("flusher", [&] {
    while (!stop && error.status().ok()) {
      const Instant start = Instant::Now();
      const char* row = rows.Prepare();
      error.Update(writer->Append(row, 1, /*weights_version=*/1, start + kPatience).status());
      error.Update(writer->Flush(start + kPatience));
      log.Add(absl::ToDoubleSeconds(Instant::Now() - start));
      rows.Took(1);
    }
  });
  Meter meter(options, server.pid());
  meter.Count([&] { return static_cast<double>(writer->stats().acknowledged_rows); });
  meter.Watch(&log);
  meter.Run();
  stop = true;
  RECBOTS_RETURN_IF_ERROR(error.status());
  RECBOTS_RETURN_IF_ERROR(writer->Close(Instant::Now() + kPatience));
  Report report(bench);
  report.set_disturbed(meter.disturbed());
  report.set_cores_used(meter.cores_used());
  report.Add("ack_p50_seconds", meter.Latency(0.5), "s", false);
  report.Add("ack_p99_seconds", meter.Latency(0.99), "s", false);
  report.MoveTo(results);
  return writer->stats().acknowledged_rows;
}

namespace {

Bench FlushBench(const std::string& name, int64_t row_bytes) {
  const std::string bench = "replay/flush/" + name;
  return {
      bench, [=](const BenchOptions& options) -> absl::StatusOr<std::vector<BenchResult>> {
        RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, PayloadSchema(row_bytes));
        RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayServer> server,
                                 ReplayServer::Start(options, schema, PlainTable(options, schema)));
        std::vector<BenchResult> results;
        RECBOTS_RETURN_IF_ERROR(MeasureFlush(options, *server, server->address(), bench + "/tcp", results).status());
        RECBOTS_RETURN_IF_ERROR(
            MeasureFlush(options, *server, server->unix_address(), bench + "/unix", results).status());
        RECBOTS_RETURN_IF_ERROR(CheckSamples(schema, server->address(), /*batch_size=*/16));
        RECBOTS_RETURN_IF_ERROR(server->Stop());
        return results;
      }};
}

}  // namespace

std::vector<Bench> FlushBenches() {
  return {FlushBench("400B", 400), FlushBench("4kB", 4'000), FlushBench("40kB", 40'000)};
}

}  // namespace recbots::replay_bench

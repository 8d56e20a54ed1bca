// Samples batches from a full table, with learners that do nothing else: uniform, and prioritized with new priorities
// for every row.
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/replay_benches.h"
#include "deploy/cli/bench/replay/replay_server.h"

namespace recbots::replay_bench {
namespace {

struct Case {
  std::string name;  // Follows the bench's name: "256/1_reader".
  ReaderOptions readers;
  bool unix_socket = false;
  bool pinned = false;
};

absl::Status Measure(const BenchOptions& options, const ReplayServer& server, const std::string& bench,
                     const Case& sample, std::vector<BenchResult>& results) {
  RECBOTS_ASSIGN_OR_RETURN(
      const std::unique_ptr<ReaderLoad> readers,
      ReaderLoad::Start(server.schema(), sample.unix_socket ? server.unix_address() : server.address(),
                        sample.readers));
  if (sample.pinned) {
    PinProcess(server.pid(), 0);
    PinProcess(getpid(), 1);
  }
  Meter meter(options, server.pid());
  meter.Count([&] { return static_cast<double>(readers->rows()); });
  meter.Watch(&readers->latencies());
  meter.Run();
  PinProcess(server.pid(), -1);
  PinProcess(getpid(), -1);
  RECBOTS_RETURN_IF_ERROR(readers->Stop());

  Report report(absl::StrCat(bench, "/", sample.name));
  report.set_disturbed(meter.disturbed());
  report.set_cores_used(meter.cores_used());
  const Figure rate = meter.Rate(0);
  report.Add("rows_per_second", rate, "rows/s", true);
  report.Add("megabytes_per_second", rate.value * static_cast<double>(server.schema().row_bytes()) * 1e-6, "MB/s",
             true);
  report.Add("server_cpu_us_per_row", meter.ServerMicros(), "us", false);
  report.Add("client_cpu_us_per_row", meter.ClientMicros(), "us", false);
  report.Add("batch_p50_seconds", meter.Latency(0.5), "s", false);
  report.Add("batch_p99_seconds", meter.Latency(0.99), "s", false);
  report.Add("batch_p999_seconds", meter.LatencyOfAll(0.999), "s", false);
  report.MoveTo(results);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<BenchResult>> Sample(const BenchOptions& options, const std::string& bench,
                                                const RowSchema& schema, v1::TableConfig::Sampler sampler,
                                                const std::vector<Case>& cases) {
  v1::TableConfig table = PlainTable(options, schema);
  table.set_sampler(sampler);
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayServer> server, ReplayServer::Start(options, schema, table));
  RECBOTS_RETURN_IF_ERROR(Fill(schema, server->address(), table.capacity_rows()));
  RECBOTS_RETURN_IF_ERROR(CheckSamples(schema, server->address(), cases.front().readers.batch_size));
  std::vector<BenchResult> results;
  for (const Case& sample : cases) {
    RECBOTS_RETURN_IF_ERROR(Measure(options, *server, bench, sample, results));
  }
  RECBOTS_ASSIGN_OR_RETURN(const v1::TableInfo info, server->Table());
  if (info.state().priorities_refused() != 0) return absl::DataLossError("replay refused priorities");
  RECBOTS_RETURN_IF_ERROR(server->Stop());
  return results;
}

// Batches of 256 and 2,048, one learner and several; "one_in_flight" measures the time from an order to its batch.
std::vector<Case> SmallRowCases(bool write_back) {
  std::vector<Case> cases;
  for (const int32_t batch_size : {256, 2048}) {
    ReaderOptions readers;
    readers.batch_size = batch_size;
    readers.write_back = write_back;
    for (const int n : {1, 2, 4}) {
      if (n > 1 && batch_size != 256) continue;
      readers.num_readers = n;
      cases.push_back({absl::StrCat(batch_size, "/", n, n == 1 ? "_reader" : "_readers"), readers});
    }
    readers.num_readers = 1;
    if (batch_size == 256) {
      cases.push_back({absl::StrCat(batch_size, "/unix"), readers, /*unix_socket=*/true});
      if (NumProcessors() > 1) cases.push_back({absl::StrCat(batch_size, "/pinned"), readers, false, true});
    }
    readers.batches_in_flight = 1;
    cases.push_back({absl::StrCat(batch_size, "/one_in_flight"), readers});
  }
  return cases;
}

std::vector<Case> LargeRowCases(int32_t batch_size) {
  ReaderOptions readers;
  readers.batch_size = batch_size;
  return {{absl::StrCat(batch_size, "/1_reader"), readers}, {absl::StrCat(batch_size, "/unix"), readers, true}};
}

Bench SmallRowBench(const std::string& name, v1::TableConfig::Sampler sampler) {
  const std::string bench = "replay/sample/" + name;
  return {bench, [=](const BenchOptions& options) -> absl::StatusOr<std::vector<BenchResult>> {
            RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, PayloadSchema(400));
            return Sample(options, bench, schema, sampler, SmallRowCases(sampler == v1::TableConfig::PRIORITIZED));
          }};
}

Bench LargeRowBench(const std::string& name, int64_t row_bytes, int32_t batch_size) {
  const std::string bench = "replay/sample/" + name;
  return {bench, [=](const BenchOptions& options) -> absl::StatusOr<std::vector<BenchResult>> {
            RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, PayloadSchema(row_bytes));
            return Sample(options, bench, schema, v1::TableConfig::UNIFORM, LargeRowCases(batch_size));
          }};
}

Bench TransitionBench() {
  const std::string bench = "replay/sample/recsim";
  return {bench, [=](const BenchOptions& options) -> absl::StatusOr<std::vector<BenchResult>> {
            RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, RecsimSchema());
            return Sample(options, bench, schema, v1::TableConfig::UNIFORM, {{"256/1_reader", {}}});
          }};
}

}  // namespace

std::vector<Bench> SampleBenches() {
  return {SmallRowBench("uniform", v1::TableConfig::UNIFORM),
          SmallRowBench("prioritized", v1::TableConfig::PRIORITIZED),
          LargeRowBench("4kB", 4'000, 256),
          LargeRowBench("40kB", 40'000, 32),
          LargeRowBench("400kB", 400'000, 4),
          TransitionBench()};
}

}  // namespace recbots::replay_bench

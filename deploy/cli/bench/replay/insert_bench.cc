// Inserts rows into a full table that drops its oldest rows: rows of 400 B to 400 kB, 1 to 64 writers.
#include <sys/types.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "actor/client/make_scenario.h"
#include "common/base/status_macros.h"
#include "common/rl/transition.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/replay_benches.h"
#include "deploy/cli/bench/replay/replay_server.h"

namespace recbots::replay_bench {
namespace {

// The processors of server and clients in the lines called "pinned".
constexpr int kServerProcessor = 0;
constexpr int kClientProcessor = 1;

struct Load {
  std::string name;  // "4_writers", "unix", "pinned".
  std::string address;
  int writers = 1;
};

// Checks that every row ever acknowledged was inserted, and only once.
absl::Status CheckLedger(const ReplayServer& server, int64_t acknowledged) {
  RECBOTS_ASSIGN_OR_RETURN(const v1::TableInfo table, server.Table());
  if (table.state().inserted() != acknowledged || table.duplicates() != 0 || table.refused_blocks() != 0) {
    return absl::DataLossError(absl::StrCat(acknowledged, " rows acknowledged, ", table.state().inserted(),
                                            " inserted, ", table.duplicates(), " came twice, ", table.refused_blocks(),
                                            " blocks refused"));
  }
  return absl::OkStatus();
}

absl::Status Throughput(const BenchOptions& options, const ReplayServer& server, const Load& load,
                        const std::string& bench, int64_t& acknowledged, std::vector<BenchResult>& results) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<WriterLoad> writers,
                           WriterLoad::Start(server.schema(), load.address, load.writers));
  if (load.name == "pinned") {
    PinProcess(server.pid(), kServerProcessor);
    PinProcess(getpid(), kClientProcessor);
  }
  Meter meter(options, server.pid());
  meter.Count([&] { return static_cast<double>(writers->acknowledged()); });
  meter.Run();
  PinProcess(server.pid(), -1);
  PinProcess(getpid(), -1);
  RECBOTS_RETURN_IF_ERROR(writers->Stop());
  acknowledged += writers->acknowledged();
  RECBOTS_RETURN_IF_ERROR(CheckLedger(server, acknowledged));

  Report report(absl::StrCat(bench, "/", load.name));
  const Figure rate = meter.Rate(0);
  const double megabytes = static_cast<double>(server.schema().row_bytes()) * 1e-6;
  report.set_disturbed(meter.disturbed());
  report.set_cores_used(meter.cores_used());
  report.Add("rows_per_second", rate, "rows/s", true);
  report.Add("megabytes_per_second", rate.value * megabytes, "MB/s", true);
  report.Add("server_cpu_us_per_row", meter.ServerMicros(), "us", false);
  report.Add("client_cpu_us_per_row", meter.ClientMicros(), "us", false);
  if (load.name == "1_writer") {
    report.Add("server_waits_per_row", meter.ServerSwitches(), "waits", false);
    report.Add("wire_bytes_per_row", meter.WireBytes(), "bytes", false);
  }
  report.MoveTo(results);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<BenchResult>> Insert(const BenchOptions& options, const std::string& bench,
                                                const RowSchema& schema, const std::vector<int>& writers) {
  const v1::TableConfig table = PlainTable(options, schema);
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayServer> server, ReplayServer::Start(options, schema, table));
  int64_t acknowledged = table.capacity_rows();
  RECBOTS_RETURN_IF_ERROR(Fill(schema, server->address(), acknowledged));
  RECBOTS_RETURN_IF_ERROR(CheckSamples(schema, server->address(), /*batch_size=*/16));
  std::vector<Load> loads;
  for (const int n : writers) loads.push_back({absl::StrCat(n, n == 1 ? "_writer" : "_writers"), server->address(), n});
  loads.push_back({"unix", server->unix_address(), 1});
  if (NumProcessors() > 1) loads.push_back({"pinned", server->address(), 1});
  std::vector<BenchResult> results;
  for (const Load& load : loads) {
    RECBOTS_RETURN_IF_ERROR(Throughput(options, *server, load, bench, acknowledged, results));
  }
  RECBOTS_ASSIGN_OR_RETURN(const int64_t flushed,
                           MeasureFlush(options, *server, server->address(), bench + "/row_by_row", results));
  acknowledged += flushed;
  RECBOTS_RETURN_IF_ERROR(CheckSamples(schema, server->address(), /*batch_size=*/16));
  RECBOTS_RETURN_IF_ERROR(CheckLedger(*server, acknowledged));
  RECBOTS_RETURN_IF_ERROR(server->Stop());
  return results;
}

Bench PayloadBench(const std::string& name, int64_t row_bytes, std::vector<int> writers) {
  const std::string bench = "replay/insert/" + name;
  return {bench, [=](const BenchOptions& options) -> absl::StatusOr<std::vector<BenchResult>> {
            RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, PayloadSchema(row_bytes));
            return Insert(options, bench, schema, writers);
          }};
}

// The many columns of a transition of RecSim's interest evolution, 10 candidates and slates of 3.
Bench TransitionBench() {
  const std::string bench = "replay/insert/recsim";
  return {bench, [=](const BenchOptions& options) -> absl::StatusOr<std::vector<BenchResult>> {
            RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, RecsimSchema());
            return Insert(options, bench, schema, {1});
          }};
}

}  // namespace

absl::StatusOr<RowSchema> RecsimSchema() {
  v1::EnvironmentConfig config;
  config.mutable_interest_evolution()->set_num_candidates(10);
  config.mutable_interest_evolution()->set_slate_size(3);
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, MakeScenario(config, /*seed=*/1));
  return TransitionSchema(scenario->spec());
}

std::vector<Bench> InsertBenches() {
  return {PayloadBench("400B", 400, {1, 2, 4, 8, 16, 64}), PayloadBench("4kB", 4'000, {1, 4}),
          PayloadBench("40kB", 40'000, {1, 4}), PayloadBench("400kB", 400'000, {1, 4}), TransitionBench()};
}

}  // namespace recbots::replay_bench

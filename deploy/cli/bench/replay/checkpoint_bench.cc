// Checkpoints of a full table: how much they write, how long the table stands still, and how soon a server is back.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/replay_benches.h"
#include "deploy/cli/bench/replay/replay_server.h"

namespace recbots::replay_bench {
namespace {

// Measures the longest time during which a counter stood still.
class StallWatch {
 public:
  explicit StallWatch(std::function<int64_t()> counter)
      : counter_(std::move(counter)), thread_("stall-watch", [this] { Run(); }) {}
  ~StallWatch() { stop_ = true; }

  // Since the last call.
  double TakeLongest() { return longest_.exchange(0); }

 private:
  void Run() {
    int64_t last = counter_();
    Instant changed = Instant::Now();
    while (!stop_) {
      absl::SleepFor(absl::Microseconds(200));
      const int64_t value = counter_();
      const Instant now = Instant::Now();
      longest_ = std::max(longest_.load(), absl::ToDoubleSeconds(now - changed));
      if (value == last) continue;
      last = value;
      changed = now;
    }
  }

  const std::function<int64_t()> counter_;
  std::atomic<bool> stop_{false};
  std::atomic<double> longest_{0};
  Thread thread_;
};

absl::Status MeasureCheckpoint(const ReplayServer& server, const std::string& name, std::vector<BenchResult>& results) {
  const ForeignLoad load(server.pid());
  const Instant start = Instant::Now();
  RECBOTS_ASSIGN_OR_RETURN(const v1::CheckpointResponse response, server.Checkpoint());
  const double seconds = absl::ToDoubleSeconds(Instant::Now() - start);
  RECBOTS_ASSIGN_OR_RETURN(const v1::TableInfo table, server.Table());
  const auto rows = static_cast<double>(table.state().rows());
  Report report("replay/checkpoint/" + name);
  report.set_disturbed(load.disturbed());
  report.Add("pause_seconds", response.pause_seconds(), "s", false);
  report.Add("pause_seconds_per_million_rows", response.pause_seconds() * 1e6 / rows, "s", false);
  report.Add("wall_seconds", seconds, "s", false);
  report.Add("bytes_written", static_cast<double>(response.bytes_written()), "bytes", false);
  report.MoveTo(results);
  return absl::OkStatus();
}

// Measures rates and longest stalls of one writer and one learner, with continuous checkpoints and without.
absl::Status MeasureUnderLoad(const BenchOptions& options, const ReplayServer& server,
                              std::vector<BenchResult>& results) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<WriterLoad> writers,
                           WriterLoad::Start(server.schema(), server.address(), /*num_writers=*/1));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReaderLoad> reader,
                           ReaderLoad::Start(server.schema(), server.address(), {.write_back = true}));
  StallWatch inserts([&] { return writers->acknowledged(); });
  absl::SleepFor(options.window);
  for (const bool with_checkpoint : {false, true}) {
    const ForeignLoad load(server.pid());
    reader->latencies().TakeAll();
    inserts.TakeLongest();
    const Instant start = Instant::Now();
    const int64_t inserted = writers->acknowledged(), sampled = reader->rows();
    Report report(absl::StrCat("replay/checkpoint/load_", with_checkpoint ? "with" : "without"));
    if (with_checkpoint) {
      RECBOTS_ASSIGN_OR_RETURN(const v1::CheckpointResponse response, server.Checkpoint());
      report.Add("pause_seconds", response.pause_seconds(), "s", false);
      report.Add("bytes_written", static_cast<double>(response.bytes_written()), "bytes", false);
      report.Add("wall_seconds", response.seconds(), "s", false);
    } else {
      absl::SleepFor(options.windows * options.window);
    }
    const double seconds = absl::ToDoubleSeconds(Instant::Now() - start);
    const std::vector<double> waits = reader->latencies().TakeAll();
    report.set_disturbed(load.disturbed());
    report.Add("longest_insert_stall_seconds", inserts.TakeLongest(), "s", false);
    report.Add("longest_sample_stall_seconds", waits.empty() ? seconds : *std::max_element(waits.begin(), waits.end()),
               "s", false);
    report.Add("inserted_rows_per_second", static_cast<double>(writers->acknowledged() - inserted) / seconds, "rows/s",
               true);
    report.Add("sampled_rows_per_second", static_cast<double>(reader->rows() - sampled) / seconds, "rows/s", true);
    report.MoveTo(results);
  }
  RECBOTS_RETURN_IF_ERROR(reader->Stop());
  return writers->Stop();
}

absl::Status MeasureRestore(const BenchOptions& options, const RowSchema& schema, const v1::TableConfig& table,
                            const std::string& folder, int64_t rows, std::vector<BenchResult>& results) {
  ForeignLoad load;
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayServer> server,
                           ReplayServer::Start(options, schema, table, folder));
  load.Adopt(server->pid());
  const bool disturbed = load.disturbed();
  RECBOTS_ASSIGN_OR_RETURN(const double restore_seconds, server->Logged("restored", "seconds"));
  RECBOTS_ASSIGN_OR_RETURN(const v1::TableInfo restored, server->Table());
  if (restored.state().rows() != rows) {
    return absl::DataLossError(absl::StrCat(restored.state().rows(), " rows restored, want ", rows));
  }
  RECBOTS_RETURN_IF_ERROR(CheckSamples(schema, server->address(), /*batch_size=*/2048));
  Report report("replay/checkpoint/restore");
  report.set_disturbed(disturbed);
  report.Add("rows", static_cast<double>(rows), "rows", true);
  report.Add("seconds", restore_seconds, "s", false);
  report.Add("seconds_until_serving", absl::ToDoubleSeconds(server->start_took()), "s", false);
  report.MoveTo(results);
  return server->Stop();
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, PayloadSchema(400));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFolder> folder, TemporaryFolder::Create());
  v1::TableConfig table = PlainTable(options, schema);
  table.set_sampler(v1::TableConfig::PRIORITIZED);
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<ReplayServer> server,
                           ReplayServer::Start(options, schema, table, folder->path()));
  const int64_t rows = table.capacity_rows();
  RECBOTS_RETURN_IF_ERROR(Fill(schema, server->address(), rows));
  std::vector<BenchResult> results;
  RECBOTS_RETURN_IF_ERROR(MeasureCheckpoint(*server, "full", results));
  // Uses rows that the table does not have: a segment overwritten with its old content would not be written again.
  RECBOTS_RETURN_IF_ERROR(Fill(schema, server->address(), rows / 10, /*writer_number=*/1001));
  RECBOTS_RETURN_IF_ERROR(MeasureCheckpoint(*server, "after_a_tenth", results));
  RECBOTS_RETURN_IF_ERROR(MeasureUnderLoad(options, *server, results));
  RECBOTS_RETURN_IF_ERROR(server->Checkpoint().status());
  RECBOTS_RETURN_IF_ERROR(server->Kill());
  RECBOTS_RETURN_IF_ERROR(MeasureRestore(options, schema, table, folder->path(), rows, results));
  return results;
}

}  // namespace

Bench CheckpointBench() { return {"replay/checkpoint", Run}; }

}  // namespace recbots::replay_bench

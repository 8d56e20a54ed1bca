// Memory of a server whose table is full and gets new rows at full speed, compared with what the server says that its
// configuration allows.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/replay_benches.h"
#include "deploy/cli/bench/replay/replay_server.h"

namespace recbots::replay_bench {
namespace {

constexpr int kWriters = 4;
constexpr absl::Duration kPeriod = absl::Milliseconds(100);  // How often to read the memory.

// Asks for one checkpoint after the other.
class Checkpoints {
 public:
  explicit Checkpoints(const ReplayServer& server) : server_(server), thread_("checkpoints", [this] { Run(); }) {}
  ~Checkpoints() { stop_ = true; }
  absl::Status status() const { return error_.status(); }
  double count() const { return count_; }

 private:
  void Run() {
    while (!stop_ && error_.status().ok()) {
      error_.Update(server_.Checkpoint().status());
      count_ = count_ + 1;
    }
  }

  const ReplayServer& server_;
  std::atomic<bool> stop_{false};
  std::atomic<double> count_{0};
  FirstError error_;
  Thread thread_;
};

absl::Status Measure(const BenchOptions& options, bool with_checkpoints, std::vector<BenchResult>& results) {
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, PayloadSchema(400));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFolder> folder, TemporaryFolder::Create());
  v1::TableConfig table = PlainTable(options, schema);
  table.set_sampler(v1::TableConfig::PRIORITIZED);
  table.set_capacity_rows(options.table_bytes);  // Only the bound in bytes matters.
  table.set_capacity_bytes(options.table_bytes);
  RECBOTS_ASSIGN_OR_RETURN(
      const std::unique_ptr<ReplayServer> server,
      ReplayServer::Start(options, schema, table, with_checkpoints ? folder->path() : std::string()));
  const int64_t empty_bytes = ResidentBytes(server->pid());
  RECBOTS_RETURN_IF_ERROR(
      Fill(schema, server->address(), options.table_bytes / static_cast<int64_t>(schema.row_bytes())));
  RECBOTS_ASSIGN_OR_RETURN(const v1::TableInfo full, server->Table());
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<WriterLoad> writers,
                           WriterLoad::Start(schema, server->address(), kWriters));
  std::unique_ptr<Checkpoints> checkpoints;
  if (with_checkpoints) checkpoints = std::make_unique<Checkpoints>(*server);
  const ForeignLoad load(server->pid());
  int64_t most = 0;
  for (const Instant end = Instant::Now() + options.duration; Instant::Now() < end; absl::SleepFor(kPeriod)) {
    most = std::max(most, ResidentBytes(server->pid()));
  }
  Report report(with_checkpoints ? "replay/churn/checkpoints" : "replay/churn/plain");
  report.set_disturbed(load.disturbed());
  const double rows = static_cast<double>(writers->acknowledged());
  const double checkpoints_made = with_checkpoints ? checkpoints->count() : 0;
  const absl::Status checkpointed = with_checkpoints ? checkpoints->status() : absl::OkStatus();
  checkpoints.reset();
  RECBOTS_RETURN_IF_ERROR(checkpointed);
  RECBOTS_RETURN_IF_ERROR(writers->Stop());
  RECBOTS_RETURN_IF_ERROR(CheckSamples(schema, server->address(), /*batch_size=*/2048));
  RECBOTS_ASSIGN_OR_RETURN(const double capacity, server->Logged("serving", "memory_bytes"));
  report.Add("rss_to_capacity", static_cast<double>(most) / capacity, "ratio", false);
  report.Add("rss_beyond_empty_to_capacity", static_cast<double>(most - empty_bytes) / capacity, "ratio", false);
  report.Add("rss_of_empty_server", static_cast<double>(empty_bytes), "bytes", false);
  report.Add("declared_capacity", capacity, "bytes", true);
  report.Add("rows_held", static_cast<double>(full.state().rows()), "rows", true);
  report.Add("inserted_rows_per_second", rows / absl::ToDoubleSeconds(options.duration), "rows/s", true);
  if (with_checkpoints) report.Add("checkpoints", checkpoints_made, "checkpoints", true);
  report.MoveTo(results);
  return server->Stop();
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  std::vector<BenchResult> results;
  RECBOTS_RETURN_IF_ERROR(Measure(options, /*with_checkpoints=*/false, results));
  RECBOTS_RETURN_IF_ERROR(Measure(options, /*with_checkpoints=*/true, results));
  return results;
}

}  // namespace

Bench ChurnBench() { return {"replay/churn", Run}; }

}  // namespace recbots::replay_bench

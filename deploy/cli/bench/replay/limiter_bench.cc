// Measures how close the samples per insert are to the ratio set, when both sides take as much as they can get.
#include <cmath>
#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/replay_benches.h"
#include "deploy/cli/bench/replay/replay_server.h"

namespace recbots::replay_bench {
namespace {

constexpr double kSamplesPerInsert = 8;
constexpr int64_t kMinSize = 10'000;

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, PayloadSchema(400));
  v1::TableConfig table = PlainTable(options, schema);
  table.set_capacity_rows(std::max(table.capacity_rows(), 2 * kMinSize));
  table.mutable_rate_limiter()->set_min_size(kMinSize);
  table.mutable_rate_limiter()->set_samples_per_insert(kSamplesPerInsert);
  table.mutable_rate_limiter()->set_error_buffer(0.1 * kMinSize * kSamplesPerInsert);
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayServer> server, ReplayServer::Start(options, schema, table));
  RECBOTS_RETURN_IF_ERROR(Fill(schema, server->address(), kMinSize));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<WriterLoad> writers,
                           WriterLoad::Start(schema, server->address(), /*num_writers=*/1));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReaderLoad> reader, ReaderLoad::Start(schema, server->address(), {}));
  absl::SleepFor(options.window);
  RECBOTS_ASSIGN_OR_RETURN(const v1::TableInfo before, server->Table());
  const ForeignLoad load(server->pid());
  absl::SleepFor(options.duration);
  RECBOTS_ASSIGN_OR_RETURN(const v1::TableInfo after, server->Table());
  const bool disturbed = load.disturbed();
  // The reader stops last, because it takes the rows that the writers still have to insert.
  RECBOTS_RETURN_IF_ERROR(writers->Stop());
  RECBOTS_RETURN_IF_ERROR(reader->Stop());
  RECBOTS_RETURN_IF_ERROR(server->Stop());

  const auto inserted = static_cast<double>(after.state().inserted() - before.state().inserted());
  const auto sampled = static_cast<double>(after.state().sampled() - before.state().sampled());
  if (inserted <= 0) return absl::DeadlineExceededError("nothing was inserted: --seconds is too short");
  const double seconds = absl::ToDoubleSeconds(options.duration);
  std::vector<BenchResult> results;
  Report report("replay/limiter");
  report.set_disturbed(disturbed);
  report.Add("samples_per_insert", sampled / inserted, "ratio", true);
  report.Add("error_percent", 100 * std::abs(sampled / (inserted * kSamplesPerInsert) - 1), "%", false);
  report.Add("sampled_rows_per_second", sampled / seconds, "rows/s", true);
  report.Add("inserted_rows_per_second", inserted / seconds, "rows/s", true);
  report.MoveTo(results);
  return results;
}

}  // namespace

Bench LimiterBench() { return {"replay/limiter", Run}; }

}  // namespace recbots::replay_bench

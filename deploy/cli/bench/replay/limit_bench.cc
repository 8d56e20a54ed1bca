// Limits that no server on this machine can exceed: memory bandwidth, and the table itself without network or
// processes.
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/bench_rows.h"
#include "deploy/cli/bench/replay/in_process.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/replay_benches.h"
#include "replay/table/column_batch.h"
#include "replay/table/table.h"

namespace recbots::replay_bench {
namespace {

// Copies as much memory as a table holds, which no cache contains, in pieces of the size of a block.
absl::StatusOr<std::vector<BenchResult>> Memory(const BenchOptions& options) {
  constexpr size_t kPiece = 64 << 10;
  const auto bytes = static_cast<size_t>(options.table_bytes) / 2 / kPiece * kPiece;
  std::vector<char> from(bytes, 1), to(bytes, 2);
  size_t at = 0;
  const ForeignLoad load;
  const Rate rate = MedianRate(options, [&] {
    std::memcpy(to.data() + at, from.data() + at, kPiece);
    at = (at + kPiece) % bytes;
    return static_cast<double>(kPiece);
  });
  std::vector<BenchResult> results;
  Report report("replay/memory");
  report.set_disturbed(load.disturbed());
  report.set_cores_used(rate.cores_used);
  report.Add("copied_megabytes_per_second", rate.per_second * 1e-6, "MB/s", true);
  report.MoveTo(results);
  return results;
}

absl::StatusOr<std::vector<BenchResult>> InProcess(const BenchOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, PayloadSchema(400));
  std::vector<BenchResult> results;
  for (const auto sampler : {replay::SelectorKind::kUniform, replay::SelectorKind::kPrioritized}) {
    RECBOTS_ASSIGN_OR_RETURN(const InProcessFigures figures,
                             MeasureTable(options, schema, sampler,
                                          /*write_back=*/sampler == replay::SelectorKind::kPrioritized));
    Report report(absl::StrCat("replay/table/", std::string(replay::NameOf(sampler))));
    report.set_disturbed(figures.disturbed);
    report.Add("inserted_rows_per_second", figures.inserted_rows_per_second, "rows/s", true);
    report.Add("sampled_rows_per_second", figures.sampled_rows_per_second, "rows/s", true);
    report.Add("insert_cpu_us_per_row", figures.insert_cpu_us_per_row, "us", false);
    report.Add("sample_cpu_us_per_row", figures.sample_cpu_us_per_row, "us", false);
    report.MoveTo(results);
  }
  return results;
}

}  // namespace

std::vector<Bench> LimitBenches() { return {{"replay/memory", Memory}, {"replay/table", InProcess}}; }

}  // namespace recbots::replay_bench

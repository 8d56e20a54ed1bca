// Compares our own store of many small objects (many_objects.h) with Table: same machine, same rows, same process.
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/in_process.h"
#include "deploy/cli/bench/replay/many_objects.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/replay_benches.h"

namespace recbots::replay_bench {
namespace {

absl::StatusOr<InProcessFigures> MeasureObjects(const BenchOptions& options, const RowSchema& schema, int64_t capacity,
                                                replay::SelectorKind sampler) {
  ManyObjectsStore store(schema, capacity, sampler);
  InProcessStore functions;
  functions.insert = [&](const char* rows, int64_t count) { store.Insert(rows, count); };
  functions.sample = [&](replay::ColumnBatch& batch) { store.Sample(batch); };
  functions.settle = [&] { store.Settle(); };
  return MeasureInProcess(options, schema, capacity, functions);
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, PayloadSchema(400));
  const int64_t capacity = options.table_bytes / static_cast<int64_t>(schema.row_bytes());
  std::vector<BenchResult> results;
  for (const auto sampler : {replay::SelectorKind::kUniform, replay::SelectorKind::kPrioritized}) {
    RECBOTS_ASSIGN_OR_RETURN(const InProcessFigures objects, MeasureObjects(options, schema, capacity, sampler));
    RECBOTS_ASSIGN_OR_RETURN(const InProcessFigures table,
                             MeasureTable(options, schema, sampler, /*write_back=*/false));
    Report report(absl::StrCat("replay/many_objects/", std::string(replay::NameOf(sampler))));
    report.set_disturbed(objects.disturbed || table.disturbed);
    report.Add("inserted_rows_per_second", objects.inserted_rows_per_second, "rows/s", true);
    report.Add("insert_cpu_us_per_row", objects.insert_cpu_us_per_row, "us", false);
    report.Add("sampled_rows_per_second", objects.sampled_rows_per_second, "rows/s", true);
    report.Add("sample_cpu_us_per_row", objects.sample_cpu_us_per_row, "us", false);
    report.Add("table_insert_speedup", table.inserted_rows_per_second / objects.inserted_rows_per_second, "ratio",
               true);
    report.Add("table_insert_cpu_speedup", objects.insert_cpu_us_per_row / table.insert_cpu_us_per_row, "ratio", true);
    report.Add("table_sample_speedup", table.sampled_rows_per_second / objects.sampled_rows_per_second, "ratio", true);
    report.Add("table_sample_cpu_speedup", objects.sample_cpu_us_per_row / table.sample_cpu_us_per_row, "ratio", true);
    report.MoveTo(results);
  }
  return results;
}

}  // namespace

Bench ManyObjectsBench() { return {"replay/many_objects", Run}; }

}  // namespace recbots::replay_bench

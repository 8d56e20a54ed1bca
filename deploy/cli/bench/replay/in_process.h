// Measures stores within this process, with one thread that inserts and then samples: no network, no serialisation.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/replay/bench_rows.h"
#include "replay/table/column_batch.h"
#include "replay/table/selectors/selector.h"

namespace recbots::replay_bench {

// The functions of a store that is measured.
struct InProcessStore {
  // Inserts `count` rows, row-major.
  std::function<void(const char* rows, int64_t count)> insert;
  // Fills the batch.
  std::function<void(replay::ColumnBatch& batch)> sample;
  // Called after sampling: sets new priorities for the batch. Empty: not measured.
  std::function<void()> write_back;
  // Waits until all rows are in the store. Empty: insert itself waits.
  std::function<void()> settle;
};

struct InProcessFigures {
  double inserted_rows_per_second = 0;
  double sampled_rows_per_second = 0;
  // For the whole process, including the store's threads.
  double insert_cpu_us_per_row = 0;
  double sample_cpu_us_per_row = 0;
  bool disturbed = false;
};

// Fills the store with `rows` rows, checks batches of 256, and measures. DATA_LOSS: a row differed from what was
// written.
absl::StatusOr<InProcessFigures> MeasureInProcess(const BenchOptions& options, const RowSchema& schema, int64_t rows,
                                                  const InProcessStore& store);

// Measures a Table. With `write_back`, sets new priorities for every row drawn.
absl::StatusOr<InProcessFigures> MeasureTable(const BenchOptions& options, const RowSchema& schema,
                                              replay::SelectorKind sampler, bool write_back);

}  // namespace recbots::replay_bench

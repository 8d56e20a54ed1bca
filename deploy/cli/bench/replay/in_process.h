// Stores measured in this process, one thread that inserts and then samples: no network, no serialisation.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/replay/bench_rows.h"
#include "replay/table/column_batch.h"
#include "replay/table/selectors/selector.h"

namespace recbots::replay_bench {

// What a store has to do to be measured.
struct InProcessStore {
  // Takes `count` rows, row-major.
  std::function<void(const char* rows, int64_t count)> insert;
  // Fills the batch with as many rows as it has room for.
  std::function<void(replay::ColumnBatch& batch)> sample;
  // After sampling; new priorities for the batch. Empty: none are wanted.
  std::function<void()> write_back;
  // Waits until all that was inserted is in. Empty: insert does.
  std::function<void()> settle;
};

struct InProcessFigures {
  double inserted_rows_per_second = 0;
  double sampled_rows_per_second = 0;
  // Of the whole process: threads of the store count.
  double insert_cpu_us_per_row = 0;
  double sample_cpu_us_per_row = 0;
  bool disturbed = false;
};

// Fills the store with `rows` rows, checks what batches of 256 hold, and measures. DATA_LOSS: a row came out otherwise.
absl::StatusOr<InProcessFigures> MeasureInProcess(const BenchOptions& options, const RowSchema& schema, int64_t rows,
                                                  const InProcessStore& store);

// The same of a Table. `write_back`: new priorities for every row drawn.
absl::StatusOr<InProcessFigures> MeasureTable(const BenchOptions& options, const RowSchema& schema,
                                              replay::SelectorKind sampler, bool write_back);

}  // namespace recbots::replay_bench

#include "deploy/cli/bench/replay/in_process.h"

#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "common/base/log.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/replay/process_usage.h"
#include "replay/table/table.h"

namespace recbots::replay_bench {
namespace {

constexpr int64_t kBatch = 256;

// The median rate of the windows, and the processor time per thing over all windows, including the first call of
// `work`.
std::pair<double, double> RateAndMicros(const BenchOptions& options, const std::function<double()>& work) {
  double done = 0;
  const double cpu = CpuSeconds(getpid());
  const Rate rate = MedianRate(options, [&] {
    const double more = work();
    done += more;
    return more;
  });
  return {rate.per_second, 1e6 * (CpuSeconds(getpid()) - cpu) / done};
}

}  // namespace

absl::StatusOr<InProcessFigures> MeasureInProcess(const BenchOptions& options, const RowSchema& schema, int64_t rows,
                                                  const InProcessStore& store) {
  RowMaker maker(schema, /*writer=*/0);
  const auto insert = [&] {
    store.insert(maker.Prepare(), maker.num_rows());
    maker.Took(maker.num_rows());
    return static_cast<double>(maker.num_rows());
  };
  for (int64_t done = 0; done < rows; done += maker.num_rows()) insert();
  if (store.settle) store.settle();
  replay::ColumnBatch batch(std::make_shared<const RowSchema>(schema), kBatch);
  for (int i = 0; i < 8; ++i) {
    store.sample(batch);
    RECBOTS_RETURN_IF_ERROR(CheckRows(batch));
  }
  InProcessFigures figures;
  const ForeignLoad load;
  std::tie(figures.inserted_rows_per_second, figures.insert_cpu_us_per_row) = RateAndMicros(options, insert);
  if (store.settle) store.settle();
  std::tie(figures.sampled_rows_per_second, figures.sample_cpu_us_per_row) = RateAndMicros(options, [&] {
    store.sample(batch);
    if (store.write_back) store.write_back();
    return static_cast<double>(kBatch);
  });
  figures.disturbed = load.disturbed();
  RECBOTS_RETURN_IF_ERROR(CheckRows(batch));
  return figures;
}

absl::StatusOr<InProcessFigures> MeasureTable(const BenchOptions& options, const RowSchema& schema,
                                              replay::SelectorKind sampler, bool write_back) {
  replay::TableOptions table_options;
  table_options.capacity_rows = options.table_bytes / static_cast<int64_t>(schema.row_bytes());
  table_options.capacity_bytes = 2 * options.table_bytes + (int64_t{64} << 20);
  table_options.sampler = sampler;
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<replay::Table> table, replay::Table::Create(schema, table_options));
  Rng rng(/*seed=*/3, Purpose::kTest, {});
  std::vector<float> priorities(4096 + kBatch);
  for (float& priority : priorities) priority = static_cast<float>(rng.Uniform(0.01, 2));
  std::vector<replay::ItemKey> keys(kBatch);
  std::vector<float> probabilities(kBatch);
  size_t first = 0;
  InProcessStore store;
  store.insert = [&](const char* rows, int64_t count) {
    RECBOTS_CHECK(table->Append(rows, count) == count) << "a table without limiter refused rows";
  };
  store.sample = [&](replay::ColumnBatch& batch) {
    const replay::SampleResult result = table->Sample(kBatch, batch.data(), keys.data(), probabilities.data());
    RECBOTS_CHECK(result.blocked_on == replay::BlockedOn::kNone) << "a full table gave no batch";
  };
  if (write_back) {
    store.write_back = [&] {
      first = (first + 61) % 4096;
      table->UpdatePriorities(keys, {priorities.data() + first, static_cast<size_t>(kBatch)});
    };
  }
  return MeasureInProcess(options, schema, table->capacity(), store);
}

}  // namespace recbots::replay_bench

#include <utility>

#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/replay_fixture.h"

namespace recbots {
namespace {

constexpr int64_t kRowsPerCall = 4096;

// One writer and the service in one process over TCP: both ends share the machine, as in a cluster of one.
absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayFixture> fixture, ReplayFixture::Create());
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<replay::ReplayWriter> writer, fixture->MakeWriter());
  // The table is full, and all its memory touched, before time is taken.
  RECBOTS_RETURN_IF_ERROR(fixture->Insert(*writer, 2 * ReplayFixture::kCapacity));
  RECBOTS_RETURN_IF_ERROR(writer->Flush(absl::Now() + absl::Seconds(30)));

  const int64_t rows_before = writer->stats().acknowledged_rows;
  const double cpu_before = CpuSeconds();
  int64_t acknowledged = rows_before;
  const double rate = MedianRate(options, [&] {
    RECBOTS_CHECK_OK(fixture->Insert(*writer, kRowsPerCall));
    const int64_t before = std::exchange(acknowledged, writer->stats().acknowledged_rows);
    return static_cast<double>(acknowledged - before);
  });
  const double cpu_rate = static_cast<double>(acknowledged - rows_before) / (CpuSeconds() - cpu_before);
  RECBOTS_RETURN_IF_ERROR(writer->Close(absl::Now() + absl::Seconds(30)));
  return std::vector<BenchResult>{{"insert", "rows_per_second", rate, "rows/s", true},
                                  {"insert", "rows_per_cpu_second", cpu_rate, "rows/s", true}};
}

}  // namespace

Bench InsertBench() { return {"insert", Run}; }

}  // namespace recbots

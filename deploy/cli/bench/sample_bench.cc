#include <algorithm>

#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/replay_fixture.h"
#include "replay/client/replay_sampler.h"

namespace recbots {
namespace {

constexpr int32_t kBatchSize = 256;
constexpr int kBatchesPerCall = 16;

// Batches from a full table to one learner over TCP, both ends in one process.
absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayFixture> fixture, ReplayFixture::Create());
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<replay::ReplayWriter> writer, fixture->MakeWriter());
  RECBOTS_RETURN_IF_ERROR(fixture->Insert(*writer, ReplayFixture::kCapacity));
  RECBOTS_RETURN_IF_ERROR(writer->Close(absl::Now() + absl::Seconds(30)));

  RECBOTS_ASSIGN_OR_RETURN(
      const std::unique_ptr<replay::ReplaySampler> sampler,
      replay::ReplaySampler::Create(fixture->schema(),
                                    {.address = fixture->address(), .batch_size = kBatchSize, .batches_in_flight = 4}));
  std::vector<double> latencies;
  const auto take = [&] {
    for (int i = 0; i < kBatchesPerCall; ++i) {
      const absl::Time start = absl::Now();
      absl::StatusOr<replay::SampledBatch> sampled = sampler->Next(start + absl::Seconds(30));
      RECBOTS_CHECK_OK(sampled.status());
      latencies.push_back(absl::ToDoubleSeconds(absl::Now() - start));
      sampler->Recycle(std::move(sampled->batch));
    }
    return static_cast<double>(kBatchesPerCall * kBatchSize);
  };
  take();
  latencies.clear();
  const double cpu_before = CpuSeconds();
  const double rate = MedianRate(options, take);
  const double rows = static_cast<double>(latencies.size()) * kBatchSize;
  const double cpu_rate = rows / (CpuSeconds() - cpu_before);
  std::sort(latencies.begin(), latencies.end());
  return std::vector<BenchResult>{{"sample", "rows_per_second", rate, "rows/s", true},
                                  {"sample", "rows_per_cpu_second", cpu_rate, "rows/s", true},
                                  {"sample", "wait_p99_seconds", latencies[latencies.size() * 99 / 100], "s", false}};
}

}  // namespace

Bench SampleBench() { return {"sample", Run}; }

}  // namespace recbots

#include "deploy/cli/bench/core_limit.h"

#include <algorithm>
#include <ctime>

#include "common/base/log.h"
#include "common/inference/lanes.h"

namespace recbots {
namespace {

double ThreadSeconds() {
  timespec now;
  RECBOTS_CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0) << "no clock of the thread";
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// As many run at a time as a kernel keeps results in registers.
double MultiplyAddsAlone() {
  constexpr int kRegisters = 12, kTimes = 20000;
  Lanes sums[kRegisters];  // All different: the compiler computes equal sums once.
  for (int i = 0; i < kRegisters; ++i) sums[i] = Broadcast(static_cast<float>(i));
  const Lanes factor = Broadcast(0.5f), term = Broadcast(1);
  for (int time = 0; time < kTimes; ++time) {
#pragma GCC unroll 12
    for (Lanes& sum : sums) sum = MultiplyAdd(sum, factor, term);
  }
  Lanes results[kRegisters];  // Not `sums` itself: what has an address may be kept in memory instead of registers.
  std::copy_n(sums, kRegisters, results);
  UseResults(results);
  return 2.0 * kLanes * kRegisters * kTimes;
}

}  // namespace

double RateOfProcessorTime(double seconds, const std::function<double()>& work) {
  const double start = ThreadSeconds();
  double done = 0, elapsed = 0;
  do {
    done += work();
    elapsed = ThreadSeconds() - start;
  } while (elapsed < seconds);
  return done / elapsed;
}

CoreShare MeasureCoreShare(const BenchOptions& options, const std::function<double()>& work) {
  work();  // Caches and pages are warm before the first window.
  const double seconds = absl::ToDoubleSeconds(options.window) / 10;
  std::vector<double> rates, shares;
  for (int window = 0; window < options.windows; ++window) {
    const double limit = RateOfProcessorTime(seconds, MultiplyAddsAlone);
    rates.push_back(RateOfProcessorTime(seconds, work));
    shares.push_back(rates.back() / limit);
  }
  return {Median(std::move(rates)), Median(std::move(shares))};
}

Comparison CompareByTurns(const BenchOptions& options, const std::function<double()>& ours,
                          const std::function<double()>& other) {
  ours();
  other();
  const double seconds = absl::ToDoubleSeconds(options.window) / 10;
  std::vector<double> rates, ratios;
  for (int window = 0; window < options.windows; ++window) {
    rates.push_back(RateOfProcessorTime(seconds, other));
    ratios.push_back(RateOfProcessorTime(seconds, ours) / rates.back());
  }
  return {Median(std::move(rates)), Median(std::move(ratios))};
}

}  // namespace recbots

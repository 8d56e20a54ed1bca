#include "deploy/cli/bench/bench.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "common/base/instant.h"
#include "common/base/log.h"

namespace recbots {

double Median(std::vector<double> values) {
  RECBOTS_CHECK(!values.empty()) << "median of no values";
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double ProcessorSeconds(bool children) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  double sum = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    if ((who == RUSAGE_CHILDREN && !children) || getrusage(who, &usage) != 0) continue;
    sum += seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  return sum;
}

Rate MedianRate(const BenchOptions& options, const std::function<double()>& work) {
  RECBOTS_CHECK(options.windows >= 1) << "windows " << options.windows << ", want at least 1";
  work();  // Warms caches and pages before the first window.
  std::vector<double> rates;
  const double cpu_before = ProcessorSeconds();
  double wall = 0;
  for (int window = 0; window < options.windows; ++window) {
    double done = 0;
    const Instant start = Instant::Now();
    absl::Duration elapsed;
    do {
      done += work();
      elapsed = Instant::Now() - start;
    } while (elapsed < options.window);
    wall += absl::ToDoubleSeconds(elapsed);
    rates.push_back(done / absl::ToDoubleSeconds(elapsed));
  }
  return {Median(std::move(rates)), (ProcessorSeconds() - cpu_before) / wall};
}

}  // namespace recbots

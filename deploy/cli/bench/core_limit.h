// What this core can do at most: multiply-adds of the registers that our kernels use (common/inference/lanes.h), which
// wait neither for each other nor for memory. A kernel is compared with it by turns, in short windows of processor
// time, so that disturbances and clock rates are equal.
#pragma once

#include <functional>
#include <vector>

#include "deploy/cli/bench/bench.h"

namespace recbots {

// Keeps the compiler from removing the code that computes *results.
inline void UseResults(const void* results) { asm volatile("" : : "r"(results) : "memory"); }

// Things per second of processor time of this thread in one window; `work` returns the number of things that it did.
double RateOfProcessorTime(double seconds, const std::function<double()>& work);

struct CoreShare {
  double operations_per_second = 0;  // Floating-point operations of the work, per second of processor time.
  double ratio = 0;                  // Their share of the limit.
};
// Medians over options.windows pairs of windows, each a tenth of options.window; `work` returns the number of its
// floating-point operations.
CoreShare MeasureCoreShare(const BenchOptions& options, const std::function<double()>& work);

struct Comparison {
  double other_per_second = 0;  // Of processor time.
  double ratio = 0;             // How many times as many ours does.
};
// The same of one work beside another.
Comparison CompareByTurns(const BenchOptions& options, const std::function<double()>& ours,
                          const std::function<double()>& other);

}  // namespace recbots

// The matrix kernel of acting (common/inference/dense.h) on one core: floating-point operations per second at the sizes
// that policies have, and their share of the most that this core can do with the same instructions (core_limit.h).
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "common/inference/dense.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/core_limit.h"

namespace recbots {
namespace {

struct Case {
  int rows, inputs, outputs;
  bool head;
};

// A chunk of users in the layers of the browsing policy, one user alone, wide layers; blocks of candidates for the
// critics to rank, and a small block.
constexpr Case kCases[] = {{96, 10, 64, false}, {96, 64, 64, false},   {96, 64, 10, false}, {1, 64, 64, false},
                           {5, 33, 70, false},  {96, 256, 256, false}, {6, 64, 64, true},   {1, 64, 64, true},
                           {6, 256, 256, true}, {6, 20, 16, true}};

class Problem {
 public:
  explicit Problem(const Case& test) : test_(test) {
    Rng rng(/*seed=*/1, Purpose::kTest, {});
    const auto uniform = [&rng](int a, int b) {
      std::vector<float> values(static_cast<size_t>(a) * static_cast<size_t>(b));
      for (float& value : values) value = static_cast<float>(rng.Uniform(-1, 1));
      return values;
    };
    const std::vector<float> weight = uniform(test.outputs, test.inputs);
    layer_ = DenseLayer(weight.data(), static_cast<size_t>(test.inputs), uniform(1, test.outputs), test.outputs,
                        test.inputs);
    x_ = uniform(test.rows, test.inputs);
    const std::vector<float> head = uniform(1, test.outputs);
    head_ = AlignedFloats(static_cast<size_t>(layer_.padded_outputs()));
    std::copy(head.begin(), head.end(), head_.data());
    y_ = AlignedFloats(static_cast<size_t>(test.rows) * static_cast<size_t>(layer_.padded_outputs()));
  }

  // About 50 microseconds of work; returns the number of operations, without padding.
  double Work() {
    const double operations = 2.0 * test_.rows * test_.inputs * test_.outputs;
    const int times = static_cast<int>(1 + 2e6 / operations);
    const auto stride = static_cast<size_t>(test_.inputs);
    for (int time = 0; time < times; ++time) {
      if (test_.head) {
        layer_.ApplyWithHead(x_.data(), stride, test_.rows, head_.data(), y_.data());
      } else {
        layer_.Apply(x_.data(), stride, test_.rows, /*relu=*/true, y_.data());
      }
      UseResults(y_.data());
    }
    return operations * times;
  }

 private:
  const Case test_;
  DenseLayer layer_;
  std::vector<float> x_;
  AlignedFloats head_, y_;
};

absl::StatusOr<std::vector<BenchResult>> Run(const std::string& name, const Case& test, const BenchOptions& options) {
  Problem problem(test);
  const CoreShare share = MeasureCoreShare(options, [&problem] { return problem.Work(); });
  return std::vector<BenchResult>{{name, "gflops", share.operations_per_second * 1e-9, "GFLOP/s", true},
                                  {name, "share_of_core", share.ratio, "ratio", true}};
}

}  // namespace

std::vector<Bench> DenseBenches() {
  std::vector<Bench> benches;
  for (const Case& test : kCases) {
    const std::string name =
        absl::StrCat("dense/", test.head ? "head_" : "apply_", test.rows, "x", test.inputs, "x", test.outputs);
    benches.push_back({name, [name, &test](const BenchOptions& options) { return Run(name, test, options); },
                       "the rest of a policy: weights and inputs are in the first-level cache"});
  }
  return benches;
}

}  // namespace recbots

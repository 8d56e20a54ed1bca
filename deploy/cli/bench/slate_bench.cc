// Composing slates: microseconds of processor time per state, one thread, a batch of states at a time. Processor time,
// because such short work on a shared core would measure the others.
#include <ctime>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/slate/slate_optimizer.h"
#include "deploy/cli/bench/bench.h"

namespace recbots {
namespace {

struct Case {
  const char* name;
  ClickRule click_rule;
  int num_candidates;
  int slate_size;
  bool enumerate;  // Whether to compare with looking at every slate.
};

const Case kCases[] = {{"n10_k3", ClickRule::kShared, 10, 3, true},
                       {"n100_k10", ClickRule::kShared, 100, 10, false},
                       {"n1000_k10", ClickRule::kShared, 1000, 10, false},
                       {"cascade_n10_k3", ClickRule::kCascade, 10, 3, false},
                       {"cascade_n1000_k10", ClickRule::kCascade, 1000, 10, false}};

// As interest evolution has them: an interest from -1 to 1 weighs 1 more, no click weighs 2; minutes still watched.
// Enough states that the processor cannot learn them by heart.
struct States {
  explicit States(const Case& test)
      : num_states(static_cast<size_t>(test.num_candidates < 500 ? 4096 : 128)),
        weights(num_states * static_cast<size_t>(test.num_candidates)),
        values(weights.size()),
        no_click_weight(num_states, 2.0f),
        no_click_value(num_states),
        slates(num_states * static_cast<size_t>(test.slate_size)),
        slate_values(num_states) {
    Rng draws(/*seed=*/1, Purpose::kTest, {});
    const double heaviest = test.click_rule == ClickRule::kCascade ? 0.5 : 2;
    for (float& weight : weights) weight = static_cast<float>(draws.Uniform(0, heaviest));
    for (float& value : values) value = static_cast<float>(draws.Uniform(100, 160));
    for (float& value : no_click_value) value = static_cast<float>(draws.Uniform(100, 130));
  }

  SlateBatch batch() const { return {weights, values, no_click_weight, no_click_value}; }

  const size_t num_states;
  std::vector<float> weights, values, no_click_weight, no_click_value;
  std::vector<int32_t> slates;
  std::vector<float> slate_values;
};

// The best of all sets of `left` more items from `first` on: what a slate optimizer that enumerates would do at best
// (RecSim looks at every order of them as well).
double BestSet(const float* weights, const float* values, int first, int num_candidates, int left, double numerator,
               double denominator) {
  if (left == 0) return numerator / denominator;
  double best = 0;
  for (int i = first; i <= num_candidates - left; ++i) {
    const auto weight = static_cast<double>(weights[i]);
    best = std::max(best, BestSet(weights, values, i + 1, num_candidates, left - 1,
                                  numerator + weight * static_cast<double>(values[i]), denominator + weight));
  }
  return best;
}

void Enumerate(const Case& test, States& states) {
  for (size_t i = 0; i < states.num_states; ++i) {
    const size_t row = i * static_cast<size_t>(test.num_candidates);
    const auto none = static_cast<double>(states.no_click_weight[i]);
    states.slate_values[i] =
        static_cast<float>(BestSet(&states.weights[row], &states.values[row], 0, test.num_candidates, test.slate_size,
                                   none * static_cast<double>(states.no_click_value[i]), none));
  }
}

double ThreadSeconds() {
  timespec now;
  RECBOTS_CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0) << "no clock of the thread";
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Per call of `work`, in one window.
double MicrosecondsPerCall(absl::Duration window, const std::function<void()>& work) {
  const double length = absl::ToDoubleSeconds(window);
  const double start = ThreadSeconds();
  double elapsed = 0;
  double calls = 0;
  do {
    work();
    ++calls;
    elapsed = ThreadSeconds() - start;
  } while (elapsed < length);
  return 1e6 * elapsed / calls;
}

absl::StatusOr<std::vector<BenchResult>> Run(const Case& test, const BenchOptions& options) {
  States states(test);
  SlateOptimizer optimizer(test.click_rule, test.num_candidates, test.slate_size);
  const auto select = [&](SlateRule rule) {
    return [&states, &optimizer, rule] {
      optimizer.SelectBatch(rule, states.batch(), absl::MakeSpan(states.slates), absl::MakeSpan(states.slate_values));
    };
  };
  std::vector<std::pair<std::string, std::function<void()>>> ways = {{"topk", select(SlateRule::kTopK)},
                                                                     {"greedy", select(SlateRule::kGreedy)},
                                                                     {"optimal", select(SlateRule::kOptimal)}};
  if (test.enumerate) ways.emplace_back("enumeration", [&] { Enumerate(test, states); });
  // By turns, in short windows, so that all meet the same disturbances.
  std::vector<std::vector<double>> microseconds(ways.size());
  for (int window = 0; window < options.windows; ++window) {
    for (size_t i = 0; i < ways.size(); ++i) {
      microseconds[i].push_back(MicrosecondsPerCall(options.window / 5, ways[i].second) /
                                static_cast<double>(states.num_states));
    }
  }
  const std::string bench = absl::StrCat("slate/", test.name);
  std::vector<BenchResult> results;
  for (size_t i = 0; i < ways.size(); ++i) {
    results.push_back({bench, ways[i].first + "_microseconds", Median(microseconds[i]), "us", false});
  }
  if (test.enumerate) {
    results.push_back({bench, "speedup_of_optimal", results[3].value / results[2].value, "ratio", true});
  }
  return results;
}

}  // namespace

std::vector<Bench> SlateBenches() {
  std::vector<Bench> benches;
  for (const Case& test : kCases) {
    benches.push_back({absl::StrCat("slate/", test.name),
                       [&test](const BenchOptions& options) { return Run(test, options); },
                       "valuing the items: their values are known"});
  }
  return benches;
}

}  // namespace recbots

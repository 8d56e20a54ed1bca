#include <google/protobuf/text_format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "actor/client/make_scenario.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"
#include "common/policies/random_policy.h"
#include "common/rl/step_buffer.h"
#include "deploy/cli/bench/bench.h"

namespace recbots {
namespace {

struct Case {
  std::string name;
  int num_users;            // As an actor may well have; what they see stays in the second-level cache.
  std::string environment;  // Text proto of EnvironmentConfig.
};

const Case kCases[] = {
    {"document_browsing", 1024, "document_browsing {}"},
    {"interest_evolution", 256, "interest_evolution { num_candidates: 10 slate_size: 3 }"},
    {"interest_evolution_n100_k5", 64, "interest_evolution { num_candidates: 100 slate_size: 5 }"},
    {"interest_exploration", 256, "interest_exploration { num_candidates: 10 }"},
    {"long_term_satisfaction", 256, "long_term_satisfaction { num_candidates: 10 }"},
};

// Slates prepared ahead, so that only the environment is measured.
constexpr int kPreparedSteps = 64;

// A batch of users of one thread, with random slates.
class Runner {
 public:
  Runner(const Scenario& scenario, int num_users, uint32_t first_stream)
      : environment_(scenario.MakeEnvironment(num_users, first_stream)), buffer_(scenario.spec(), num_users) {
    const EnvironmentSpec& spec = scenario.spec();
    RandomPolicy policy(/*seed=*/1, spec.num_candidates, spec.slate_size);
    std::vector<StreamPosition> positions(static_cast<size_t>(num_users));
    for (uint32_t step = 0; step < kPreparedSteps; ++step) {
      for (size_t i = 0; i < positions.size(); ++i) {
        positions[i] = {first_stream + static_cast<uint32_t>(i), /*episode=*/0, step};
      }
      prepared_.emplace_back(buffer_.slates.size());
      policy.Act({{}, positions, {}},
                 {absl::MakeSpan(prepared_.back()), absl::MakeSpan(buffer_.behaviour_probability)});
    }
    buffer_.Reset(*environment_);
  }

  // Steps until the time is over; steps per second, all users counted.
  double Run(absl::Duration window) {
    int64_t steps = 0;
    const absl::Time start = absl::Now();
    absl::Duration elapsed;
    do {
      for (const std::vector<int32_t>& slates : prepared_) {
        RECBOTS_CHECK_OK(environment_->Step(slates, buffer_.columns()));
      }
      steps += int64_t{kPreparedSteps} * environment_->num_users();
      elapsed = absl::Now() - start;
    } while (elapsed < window);
    return static_cast<double>(steps) / absl::ToDoubleSeconds(elapsed);
  }

 private:
  const std::unique_ptr<Environment> environment_;
  StepBuffer buffer_;
  std::vector<std::vector<int32_t>> prepared_;
};

// Both threads' steps per second.
double RunTwo(Runner& a, Runner& b, absl::Duration window) {
  double other = 0;
  double own = 0;
  {
    const Thread thread("bench", [&] { other = b.Run(window); });
    own = a.Run(window);
  }
  return own + other;
}

absl::StatusOr<std::vector<BenchResult>> Run(const Case& test, const BenchOptions& options) {
  v1::EnvironmentConfig config;
  RECBOTS_CHECK(google::protobuf::TextFormat::ParseFromString(test.environment, &config)) << test.environment;
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, MakeScenario(config, /*seed=*/1));
  Runner a(*scenario, test.num_users, /*first_stream=*/0);
  Runner b(*scenario, test.num_users, /*first_stream=*/1 << 20);
  a.Run(options.window / 10);  // Caches and pages are warm before the first window.
  b.Run(options.window / 10);
  // One thread and two by turns, so that both meet the same disturbances.
  std::vector<double> one, two;
  for (int window = 0; window < options.windows; ++window) {
    one.push_back(a.Run(options.window));
    two.push_back(RunTwo(a, b, options.window));
  }
  std::vector<double> speedups;
  for (size_t i = 0; i < one.size(); ++i) speedups.push_back(two[i] / one[i]);
  const std::string bench = absl::StrCat("env/", test.name);
  return std::vector<BenchResult>{{bench, "steps_per_second", Median(one), "steps/s", true},
                                  {bench, "speedup_of_two_threads", Median(speedups), "ratio", true}};
}

}  // namespace

std::vector<Bench> EnvironmentBenches() {
  std::vector<Bench> benches;
  for (const Case& test : kCases) {
    benches.push_back(
        {absl::StrCat("env/", test.name), [&test](const BenchOptions& options) { return Run(test, options); }});
  }
  return benches;
}

}  // namespace recbots

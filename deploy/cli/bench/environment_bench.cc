#include <google/protobuf/text_format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "actor/client/make_scenario.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/random_batch.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"
#include "common/policies/random_policy.h"
#include "common/rl/step_buffer.h"
#include "deploy/cli/bench/bench.h"

namespace recbots {
namespace {

struct Case {
  std::string name;
  int num_users;            // A realistic number for an actor; its data fit the second-level cache.
  std::string environment;  // Text proto of EnvironmentConfig.
};

const Case kCases[] = {
    {"document_browsing", 1024, "document_browsing {}"},
    {"interest_evolution", 128, "interest_evolution { num_candidates: 10 slate_size: 3 }"},
    {"interest_evolution_n100_k5", 16, "interest_evolution { num_candidates: 100 slate_size: 5 }"},
    {"interest_evolution_history", 128,
     "interest_evolution { num_candidates: 10 slate_size: 3 } history { trace_decay: [0.9, 1] }"},
    {"interest_exploration", 256, "interest_exploration { num_candidates: 10 }"},
    {"long_term_satisfaction", 256, "long_term_satisfaction { num_candidates: 10 }"},
};

// Slates prepared ahead, so that only the environment is measured.
constexpr int kPreparedSteps = 64;

// A batch of users with random slates, for one thread.
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

  // Steps until `window` is over; returns steps per second, summed over all users.
  double Run(absl::Duration window) {
    int64_t steps = 0;
    const Instant start = Instant::Now();
    absl::Duration elapsed;
    do {
      for (const std::vector<int32_t>& slates : prepared_) {
        RECBOTS_CHECK_OK(environment_->Step(slates, buffer_.columns()));
      }
      steps += int64_t{kPreparedSteps} * environment_->num_users();
      elapsed = Instant::Now() - start;
    } while (elapsed < window);
    return static_cast<double>(steps) / absl::ToDoubleSeconds(elapsed);
  }

 private:
  const std::unique_ptr<Environment> environment_;
  StepBuffer buffer_;
  std::vector<std::vector<int32_t>> prepared_;
};

// Draws only random numbers, which every step needs: shows what two threads that share nothing reach on this machine.
class RandomRunner {
 public:
  double Run(absl::Duration window) {
    int64_t blocks = 0;
    const Instant start = Instant::Now();
    absl::Duration elapsed;
    do {
      for (int i = 0; i < 256; ++i) {
        ++positions_[0].step;
        batch_.Fill(/*seed=*/1, Purpose::kTest, positions_);
      }
      blocks += 256 * static_cast<int64_t>(positions_.size());
      elapsed = Instant::Now() - start;
    } while (elapsed < window);
    return static_cast<double>(blocks) / absl::ToDoubleSeconds(elapsed);
  }

 private:
  std::vector<StreamPosition> positions_ = std::vector<StreamPosition>(BlockBatch::kCapacity);
  BlockBatch batch_;
};

// The sum of the rates of two threads.
template <typename R>
double RunTwo(R& a, R& b, absl::Duration window) {
  double other = 0;
  double own = 0;
  {
    const Thread thread("bench", [&] { other = b.Run(window); });
    own = a.Run(window);
  }
  return own + other;
}

// Measures how many cores this process used.
class Cores {
 public:
  void Measure(const std::function<void()>& work) {
    const double cpu = ProcessorSeconds();
    const Instant start = Instant::Now();
    work();
    cpu_ += ProcessorSeconds() - cpu;
    wall_ += absl::ToDoubleSeconds(Instant::Now() - start);
  }
  double used() const { return cpu_ / wall_; }

 private:
  double cpu_ = 0;
  double wall_ = 0;
};

// Measures one thread and two threads by turns in short windows, so that disturbances are equal.
template <typename R>
std::vector<BenchResult> Measure(R& a, R& b, const std::string& bench, const std::string& what,
                                 const BenchOptions& options) {
  constexpr int kTurns = 5;  // Per window.
  const absl::Duration window = options.window / kTurns;
  a.Run(window);  // Caches and pages are warm before the first window.
  b.Run(window);
  std::vector<double> one, speedups;
  Cores cores_of_one, cores_of_two;
  for (int turn = 0; turn < options.windows * kTurns; ++turn) {
    cores_of_one.Measure([&] { one.push_back(a.Run(window)); });
    cores_of_two.Measure([&] { speedups.push_back(RunTwo(a, b, window) / one.back()); });
  }
  std::vector<BenchResult> results = {
      {bench, absl::StrCat(what, "_per_second"), Median(one), absl::StrCat(what, "/s"), true},
      {bench, "speedup_of_two_threads", Median(speedups), "ratio", true}};
  results[0].cores_used = cores_of_one.used();
  results[1].cores_used = cores_of_two.used();
  return results;
}

absl::StatusOr<std::vector<BenchResult>> Run(const Case& test, const BenchOptions& options) {
  v1::EnvironmentConfig config;
  RECBOTS_CHECK(google::protobuf::TextFormat::ParseFromString(test.environment, &config)) << test.environment;
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, MakeScenario(config, /*seed=*/1));
  Runner a(*scenario, test.num_users, /*first_stream=*/0);
  // Another thread makes it on a different heap, because neighbours on one heap may share cache lines.
  std::unique_ptr<Runner> b;
  {
    const Thread thread("bench",
                        [&] { b = std::make_unique<Runner>(*scenario, test.num_users, /*first_stream=*/1 << 20); });
  }
  return Measure(a, *b, absl::StrCat("env/", test.name), "steps", options);
}

absl::StatusOr<std::vector<BenchResult>> RunRandom(const BenchOptions& options) {
  RandomRunner a, b;
  return Measure(a, b, "env/random_numbers", "blocks", options);
}

}  // namespace

std::vector<Bench> EnvironmentBenches() {
  std::vector<Bench> benches = {{"env/random_numbers", RunRandom, "everything but random numbers"}};
  for (const Case& test : kCases) {
    benches.push_back({absl::StrCat("env/", test.name),
                       [&test](const BenchOptions& options) { return Run(test, options); },
                       "choosing slates (they are random and made before), packing rows, the stream to replay"});
  }
  return benches;
}

}  // namespace recbots

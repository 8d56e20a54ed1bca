#include <memory>
#include <vector>

#include "actor/client/make_scenario.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/rl/step_buffer.h"
#include "deploy/cli/bench/bench.h"

namespace recbots {
namespace {

// A batch that an actor may well have: large enough to hide the cost of a call, small enough for the second-level
// cache.
constexpr int kUsers = 1024;
// Slates prepared ahead, so that only the environment is measured.
constexpr size_t kPreparedSteps = 64;
// Steps of the whole batch between two looks at the clock.
constexpr size_t kStepsPerCall = 256;

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  v1::EnvironmentConfig config;
  config.mutable_document_browsing();
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, MakeScenario(config, /*seed=*/1));
  const EnvironmentSpec& spec = scenario->spec();
  const std::unique_ptr<Environment> environment = scenario->MakeEnvironment(kUsers, /*first_stream=*/0);

  const size_t batch = kUsers * static_cast<size_t>(spec.slate_size);
  std::vector<int32_t> slates(batch * kPreparedSteps);
  Rng rng(/*seed=*/1, Purpose::kTest, {});
  for (int32_t& position : slates) {
    position = static_cast<int32_t>(rng.Index(static_cast<uint32_t>(spec.num_candidates)));
  }

  StepBuffer buffer(spec, kUsers);
  buffer.Reset(*environment);
  const double rate = MedianRate(options, [&] {
    for (size_t step = 0; step < kStepsPerCall; ++step) {
      const auto prepared = absl::MakeConstSpan(slates).subspan((step % kPreparedSteps) * batch, batch);
      RECBOTS_CHECK_OK(environment->Step(prepared, buffer.columns()));
    }
    return static_cast<double>(kStepsPerCall * kUsers);
  });
  return std::vector<BenchResult>{{"env/document_browsing", "steps_per_second", rate, "steps/s", true}};
}

}  // namespace

Bench EnvironmentBench() { return {"env/document_browsing", Run}; }

}  // namespace recbots

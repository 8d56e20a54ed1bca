#include "deploy/python/sim/native_rate.h"

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/policies/random_policy.h"
#include "common/rl/step_buffer.h"
#include "deploy/cli/bench/bench.h"

namespace recbots {
namespace {

constexpr uint32_t kPreparedSteps = 64;

}  // namespace

absl::StatusOr<NativeRate> MeasureNativeRate(const Scenario& scenario, int num_users, absl::Duration window) {
  const EnvironmentSpec& spec = scenario.spec();
  if (num_users < 1 || num_users % spec.users_per_session != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("num_envs ", num_users, ", want at least 1, a multiple of ", spec.users_per_session));
  }
  const std::unique_ptr<Environment> environment = scenario.MakeEnvironment(num_users, /*first_stream=*/0);
  StepBuffer buffer(spec, num_users);
  RandomPolicy policy(/*seed=*/1, spec.num_candidates, spec.slate_size);
  std::vector<StreamPosition> positions(static_cast<size_t>(num_users));
  std::vector<std::vector<int32_t>> prepared;
  for (uint32_t step = 0; step < kPreparedSteps; ++step) {
    for (size_t i = 0; i < positions.size(); ++i) positions[i] = {static_cast<uint32_t>(i), 0, step};
    prepared.emplace_back(buffer.slates.size());
    policy.Act({{}, positions, {}}, {absl::MakeSpan(prepared.back()), absl::MakeSpan(buffer.behaviour_probability)});
  }
  buffer.Reset(*environment);
  NativeRate rate;
  const Instant end = Instant::Now() + window;
  const double cpu = ProcessorSeconds();
  do {
    for (const std::vector<int32_t>& slates : prepared) {
      RECBOTS_RETURN_IF_ERROR(environment->Step(slates, buffer.columns()));
    }
    rate.steps += int64_t{kPreparedSteps} * num_users;
  } while (Instant::Now() < end);
  rate.cpu_seconds = ProcessorSeconds() - cpu;
  return rate;
}

}  // namespace recbots

#include "learner/algorithms/make_algorithm.h"

#include "common/base/status_macros.h"
#include "learner/algorithms/wolpertinger.h"

namespace recbots {
namespace {

absl::StatusOr<ActorObjective> MakeObjective(v1::WolpertingerConfig::ActorObjective objective) {
  switch (objective) {
    case v1::WolpertingerConfig::CLIMB_CRITIC:
      return ActorObjective::kClimbCritic;
    case v1::WolpertingerConfig::REGRESS_TO_BEST:
      return ActorObjective::kRegressToBest;
    case v1::WolpertingerConfig::CLIMB_AND_REGRESS:
      return ActorObjective::kClimbAndRegress;
    case v1::WolpertingerConfig::ACTOR_OBJECTIVE_UNSPECIFIED:
      break;
  }
  return absl::InvalidArgumentError(
      "wolpertinger: actor_objective ACTOR_OBJECTIVE_UNSPECIFIED, want CLIMB_CRITIC, REGRESS_TO_BEST or "
      "CLIMB_AND_REGRESS");
}

absl::StatusOr<WolpertingerOptions> MakeOptions(const v1::WolpertingerConfig& config, const EnvironmentSpec& spec,
                                                uint64_t seed) {
  WolpertingerOptions options;
  RECBOTS_ASSIGN_OR_RETURN(options.shape, MakeShape(config, spec));
  RECBOTS_ASSIGN_OR_RETURN(options.actor_objective, MakeObjective(config.actor_objective()));
  options.random_candidates = config.random_candidates();
  options.learning_rate = config.learning_rate();
  options.tau = config.tau();
  options.twin_critics = config.twin_critics();
  options.actor_delay = config.actor_delay();
  options.target_noise = config.target_noise();
  options.target_noise_clip = config.target_noise_clip();
  options.seed = seed;
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Algorithm>> MakeAlgorithm(const v1::AlgorithmConfig& config, const EnvironmentSpec& spec,
                                                         uint64_t seed) {
  switch (config.algorithm_case()) {
    case v1::AlgorithmConfig::kWolpertinger: {
      RECBOTS_ASSIGN_OR_RETURN(const WolpertingerOptions options, MakeOptions(config.wolpertinger(), spec, seed));
      return Wolpertinger::Create(options);
    }
    case v1::AlgorithmConfig::ALGORITHM_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("algorithm: none chosen, want wolpertinger");
}

}  // namespace recbots

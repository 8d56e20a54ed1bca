// What the list of algorithms asks of the learning side.
#include "common/algorithms/wolpertinger/row.h"
#include "common/algorithms/wolpertinger/shape_config.h"
#include "common/algorithms/wolpertinger/wolpertinger.h"
#include "common/base/status_macros.h"
#include "common/training/optimizer_config.h"

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

}  // namespace

AlgorithmOr WolpertingerRow::MakeAlgorithm(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec,
                                           const LearningSetup& setup) {
  const v1::WolpertingerConfig& config = algorithm.wolpertinger();
  WolpertingerOptions options;
  RECBOTS_ASSIGN_OR_RETURN(options.shape, MakeShape(config, spec, algorithm.network()));
  RECBOTS_ASSIGN_OR_RETURN(options.actor_objective, MakeObjective(config.actor_objective()));
  options.random_candidates = config.random_candidates();
  options.learning_rate = config.learning_rate();
  options.optimizer = MakeOptimizerOptions(algorithm.optimizer());
  options.tau = config.tau();
  options.twin_critics = config.twin_critics();
  options.actor_delay = config.actor_delay();
  options.target_noise = config.target_noise();
  options.target_noise_clip = config.target_noise_clip();
  options.seed = setup.seed;
  options.device = setup.device;
  options.precision = setup.precision;
  options.with_libtorch = setup.with_operators;
  return Wolpertinger::Create(options);
}

}  // namespace recbots

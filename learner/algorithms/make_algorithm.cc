#include "learner/algorithms/make_algorithm.h"

#include "common/base/status_macros.h"
#include "learner/algorithms/full_slate_q.h"
#include "learner/algorithms/slate_q.h"
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

absl::StatusOr<SlateQOptions> MakeOptions(const v1::SlateQConfig& config, const EnvironmentSpec& spec, uint64_t seed) {
  SlateQOptions options;
  RECBOTS_ASSIGN_OR_RETURN(options.shape, MakeSlateQShape(config, spec));
  options.target = static_cast<TargetRule>(config.target());
  options.q = MakeQLearnerOptions(config.q(), options.shape.q, seed);
  options.click = {.sizes = options.shape.click,
                   .learning_rate = config.click_model().learning_rate(),
                   .held_out = config.click_model().held_out(),
                   .seed = seed};
  options.proposer = {.actor = options.shape.actor,
                      .k = options.shape.proposal_k,
                      .random_candidates = config.proposal().random_candidates(),
                      .learning_rate = config.proposal().learning_rate(),
                      .seed = seed};
  options.click_field = spec.FindResponseField("click");
  return options;
}

FullSlateQOptions MakeOptions(const v1::QLearningConfig& config, const FullSlateShape& shape, uint64_t seed) {
  return {.shape = shape, .q = MakeQLearnerOptions(config, shape.q, seed)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Algorithm>> MakeAlgorithm(const v1::AlgorithmConfig& config, const EnvironmentSpec& spec,
                                                         uint64_t seed) {
  switch (config.algorithm_case()) {
    case v1::AlgorithmConfig::kWolpertinger: {
      RECBOTS_ASSIGN_OR_RETURN(const WolpertingerOptions options, MakeOptions(config.wolpertinger(), spec, seed));
      return Wolpertinger::Create(options);
    }
    case v1::AlgorithmConfig::kSlateQ: {
      RECBOTS_ASSIGN_OR_RETURN(const SlateQOptions options, MakeOptions(config.slate_q(), spec, seed));
      return SlateQ::Create(options);
    }
    case v1::AlgorithmConfig::kFullSlateQ: {
      RECBOTS_ASSIGN_OR_RETURN(const FullSlateShape shape, MakeFullSlateShape(config.full_slate_q(), spec));
      return FullSlateQ::Create(MakeOptions(config.full_slate_q().q(), shape, seed));
    }
    case v1::AlgorithmConfig::kDqn: {
      RECBOTS_ASSIGN_OR_RETURN(const FullSlateShape shape, MakeDqnShape(config.dqn(), spec));
      return FullSlateQ::Create(MakeOptions(config.dqn().q(), shape, seed));
    }
    case v1::AlgorithmConfig::ALGORITHM_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("algorithm: none chosen, want wolpertinger, slate_q, full_slate_q or dqn");
}

}  // namespace recbots

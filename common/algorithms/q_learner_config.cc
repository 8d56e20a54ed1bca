#include "common/algorithms/q_learner_config.h"

namespace recbots {

QLearnerOptions MakeQLearnerOptions(const v1::QLearningConfig& config, const OptimizerOptions& optimizer,
                                    const QShape& shape, const LearningSetup& setup) {
  return {.shape = shape,
          .learning_rate = config.learning_rate(),
          .optimizer = optimizer,
          .target_update_period = config.target_update_period(),
          .tau = config.tau(),
          .double_q = config.double_q(),
          .huber_delta = config.huber_delta(),
          .legacy_target_state = config.legacy_target_state(),
          .seed = setup.seed,
          .with_libtorch = setup.with_operators,
          .device = setup.device,
          .precision = setup.precision};
}

}  // namespace recbots

// What the list of algorithms asks of the learning side.
#include "common/algorithms/q_learner_config.h"
#include "common/algorithms/slate_q/row.h"
#include "common/algorithms/slate_q/shape_config.h"
#include "common/algorithms/slate_q/slate_q.h"
#include "common/base/status_macros.h"
#include "common/training/optimizer_config.h"

namespace recbots {

AlgorithmOr SlateQRow::MakeAlgorithm(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec,
                                     const LearningSetup& setup) {
  const v1::SlateQConfig& config = algorithm.slate_q();
  SlateQOptions options;
  RECBOTS_ASSIGN_OR_RETURN(options.shape, MakeSlateQShape(config, spec, algorithm.network()));
  options.target = static_cast<TargetRule>(config.target());
  const OptimizerOptions optimizer = MakeOptimizerOptions(algorithm.optimizer());
  options.q = MakeQLearnerOptions(config.q(), optimizer, options.shape.q, setup);
  options.click = {.sizes = options.shape.click,
                   .learning_rate = config.click_model().learning_rate(),
                   .optimizer = optimizer,
                   .held_out = config.click_model().held_out(),
                   .seed = setup.seed,
                   .device = setup.device};
  options.proposer = {.actor = options.shape.actor,
                      .k = options.shape.proposal_k,
                      .random_candidates = config.proposal().random_candidates(),
                      .learning_rate = config.proposal().learning_rate(),
                      .optimizer = optimizer,
                      .seed = setup.seed,
                      .device = setup.device};
  options.click_field = spec.FindResponseField("click");
  return SlateQ::Create(options);
}

}  // namespace recbots

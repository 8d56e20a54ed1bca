// What the list of algorithms asks of the learning side.
#include "common/algorithms/full_slate_q/full_slate_q.h"
#include "common/algorithms/full_slate_q/row.h"
#include "common/algorithms/full_slate_q/shape_config.h"
#include "common/algorithms/q_learner_config.h"
#include "common/base/status_macros.h"
#include "common/training/optimizer_config.h"

namespace recbots {

AlgorithmOr FullSlateQRow::MakeAlgorithm(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec,
                                         const LearningSetup& setup) {
  RECBOTS_ASSIGN_OR_RETURN(const FullSlateShape shape, MakeShape(algorithm, spec));
  const OptimizerOptions optimizer = MakeOptimizerOptions(algorithm.optimizer());
  return FullSlateQ::Create(
      {.shape = shape, .q = MakeQLearnerOptions(QConfigOf(algorithm), optimizer, shape.q, setup)});
}

}  // namespace recbots

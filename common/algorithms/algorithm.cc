#include "common/algorithms/algorithm.h"

#include "common/inference/weights.h"
#include "common/networks/one_thread.h"

namespace recbots {

Algorithm::Algorithm(TrainingState state, std::vector<TensorSpec> weights)
    : state_(std::move(state)), weights_(std::move(weights)) {
  UseOneThread();
}

std::string Algorithm::EncodeWeights() const { return EncodeTensors(state_.all().parameters.Export(weights_)); }

}  // namespace recbots

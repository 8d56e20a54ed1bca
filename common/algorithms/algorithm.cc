#include "common/algorithms/algorithm.h"

#include "absl/strings/str_cat.h"
#include "common/inference/weights.h"
#include "common/networks/one_thread.h"

namespace recbots {

Algorithm::Algorithm(TrainingState state, std::vector<TensorSpec> weights)
    : state_(std::move(state)), weights_(std::move(weights)) {
  UseOneThread();
}

std::string Algorithm::EncodeWeights() const { return EncodeTensors(state_.all().parameters.Export(weights_)); }

void Algorithm::AddOptimizer(absl::string_view name, const Adam& optimizer, Losses& losses) {
  losses.emplace_back(absl::StrCat(name, "_gradient_norm"), optimizer.gradient_norm());
  losses.emplace_back(absl::StrCat(name, "_learning_rate"), optimizer.learning_rate());
}

}  // namespace recbots

#include "common/algorithms/algorithm.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/inference/weights.h"
#include "common/networks/one_thread.h"

namespace recbots {

Algorithm::Algorithm(TrainingState state, std::vector<TensorSpec> weights)
    : state_(std::move(state)), weights_(std::move(weights)) {
  UseOneThread();
}

std::string Algorithm::EncodeWeights() const {
  // Before the first update there is nothing to average, and the parameters may be those of another run.
  const bool averaged = keep_ > 0 && updates() > 0;
  return EncodeTensors((averaged ? state_.average() : state_.all().parameters).Export(weights_));
}

void Algorithm::AverageWeights(double keep) {
  RECBOTS_CHECK(keep >= 0 && keep < 1 && updates() == 0) << "keep " << keep << " after " << updates() << " updates";
  keep_ = keep;
  if (keep > 0) state_.KeepAverage();
}

bool Algorithm::finite_so_far() const {
  const at::Tensor& parameters = state_.all().parameters.flat();
  return parameters.defined() && !parameters.is_cpu() ? finite_watch_.Ask(parameters) : finite();
}

void Algorithm::EndUpdate() {
  if (keep_ == 0) return;
  // The newest parameters have the weight 1 of the sum 1 + keep + ... + keep^(n - 1).
  state_.MoveAverage((1 - keep_) / (1 - std::pow(keep_, static_cast<double>(updates()))));
}

void Algorithm::AddOptimizer(absl::string_view name, const Adam& optimizer, Losses& losses) {
  losses.emplace_back(absl::StrCat(name, "_gradient_norm"), optimizer.gradient_norm());
  losses.emplace_back(absl::StrCat(name, "_learning_rate"), optimizer.learning_rate());
}

}  // namespace recbots

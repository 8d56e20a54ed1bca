#include "common/algorithms/make_algorithm.h"

#include "common/algorithms/algorithm_list.h"

namespace recbots {

absl::StatusOr<std::unique_ptr<Algorithm>> MakeAlgorithm(const v1::AlgorithmConfig& config, const EnvironmentSpec& spec,
                                                         const LearningSetup& setup) {
  const auto make = OfChosen(config, [](auto row) { return row.MakeAlgorithm; });
  if (make == nullptr) return NoAlgorithm();
  return make(config, spec, setup);
}

}  // namespace recbots

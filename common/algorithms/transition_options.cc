#include "common/algorithms/transition_options.h"

#include "common/algorithms/algorithm_list.h"

namespace recbots {

TransitionOptions TransitionOptionsOf(const v1::AlgorithmConfig& algorithm) {
  const auto transitions = OfChosen(algorithm, [](auto row) { return row.Transitions; });
  return transitions == nullptr ? TransitionOptions() : transitions(algorithm);
}

}  // namespace recbots

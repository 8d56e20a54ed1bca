#include "common/algorithms/make_policy.h"

#include "common/algorithms/algorithm_list.h"

namespace recbots {

absl::StatusOr<std::unique_ptr<NetworkPolicy>> MakePolicy(const v1::AlgorithmConfig& config,
                                                          const EnvironmentSpec& spec, int max_users, uint64_t seed) {
  const auto make = OfChosen(config, [](auto row) { return row.MakePolicy; });
  if (make == nullptr) return NoAlgorithm();
  return make(config, spec, max_users, seed);
}

}  // namespace recbots

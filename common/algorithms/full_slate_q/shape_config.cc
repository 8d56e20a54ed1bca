#include "common/algorithms/full_slate_q/shape_config.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/inference/network_config.h"

namespace recbots {
namespace {

absl::StatusOr<FullSlateShape> MakeWholeSlateShape(const v1::QLearningConfig& config, const v1::NetworkConfig& network,
                                                   const EnvironmentSpec& spec, absl::string_view algorithm) {
  FullSlateShape shape;
  shape.num_candidates = spec.num_candidates;
  shape.num_item_features = NumItemFeatures(spec);
  shape.item_features = spec.num_candidate_features > 0;
  shape.slate_size = spec.slate_size;
  if (shape.num_slates() > FullSlateShape::kMaxSlates) {
    return absl::InvalidArgumentError(absl::StrCat(
        "algorithm.", algorithm, ": ", spec.num_candidates, " candidates make ", shape.num_slates(), " slates of ",
        spec.slate_size, ", want at most ", FullSlateShape::kMaxSlates, " (slate_q has no such bound)"));
  }
  shape.q = MakeQShape(config, spec.num_user_features, spec.slate_size * shape.num_item_features, /*with_none=*/false,
                       network);
  return shape;
}

}  // namespace

absl::StatusOr<FullSlateShape> MakeFullSlateShape(const v1::FullSlateQConfig& config, const EnvironmentSpec& spec,
                                                  const v1::NetworkConfig& network) {
  return MakeWholeSlateShape(config.q(), network, spec, "full_slate_q");
}

absl::StatusOr<FullSlateShape> MakeDqnShape(const v1::DqnConfig& config, const EnvironmentSpec& spec,
                                            const v1::NetworkConfig& network) {
  if (spec.slate_size != 1) {
    return absl::InvalidArgumentError(absl::StrCat("algorithm.dqn: environment '", spec.name, "' has slate_size ",
                                                   spec.slate_size, ", want 1 (or full_slate_q)"));
  }
  return MakeWholeSlateShape(config.q(), network, spec, "dqn");
}

absl::StatusOr<FullSlateShape> MakeShape(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec) {
  const v1::NetworkConfig& network = algorithm.network();
  return algorithm.has_dqn() ? MakeDqnShape(algorithm.dqn(), spec, network)
                             : MakeFullSlateShape(algorithm.full_slate_q(), spec, network);
}

const v1::QLearningConfig& QConfigOf(const v1::AlgorithmConfig& algorithm) {
  return algorithm.has_dqn() ? algorithm.dqn().q() : algorithm.full_slate_q().q();
}

}  // namespace recbots

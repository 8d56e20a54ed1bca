#include "common/algorithms/full_slate_q/row.h"

#include "absl/strings/str_cat.h"
#include "common/algorithms/full_slate_q/policy.h"
#include "common/algorithms/full_slate_q/shape_config.h"
#include "common/base/status_macros.h"
#include "common/inference/exploring_policy.h"
#include "common/inference/network_config.h"

namespace recbots {

TransitionOptions FullSlateQRow::Transitions(const v1::AlgorithmConfig& algorithm) {
  return QTransitions(QConfigOf(algorithm), /*next_slate=*/false);
}

NetworkLoad FullSlateQRow::Load(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec) {
  FullSlateShape shape;
  shape.num_candidates = spec.num_candidates;
  shape.slate_size = spec.slate_size;
  // More are refused where the shape is made.
  const double slates = shape.num_slates() > FullSlateShape::kMaxSlates ? 0 : static_cast<double>(shape.num_slates());
  return QLoad(QConfigOf(algorithm), algorithm.network(),
               absl::StrCat("algorithm.", algorithm.has_dqn() ? "dqn" : "full_slate_q", ".q.hidden_units"), spec,
               slates, static_cast<double>(spec.slate_size) * NumItemFeatures(spec),
               algorithm.has_dqn() ? "candidates" : "slates");
}

PolicyOr FullSlateQRow::MakePolicy(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec, int /*max_users*/,
                                   uint64_t seed) {
  RECBOTS_ASSIGN_OR_RETURN(const FullSlateShape shape, MakeShape(algorithm, spec));
  return std::make_unique<ExploringPolicy>(std::make_unique<FullSlatePolicy>(shape), seed, shape.num_candidates,
                                           shape.slate_size);
}

}  // namespace recbots

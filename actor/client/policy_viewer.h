// Looks at what networks recommend: the part of a dashboard that knows scenarios and policies.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "actor/client/policy_view.h"
#include "actor/client/principal_axes.h"
#include "actor/recsim/scenario.h"
#include "common/algorithms/wolpertinger/shape.h"
#include "common/base/stop.h"
#include "common/inference/network_policy.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Whether pictures of the scenario can be had at a small price: with more candidates, or more of their features for a
// few users, than 4 million numbers there are only the points of embeddings, and the scenario need not be kept.
bool IsSmallEnoughToView(const EnvironmentSpec& spec);

// Not thread-safe.
class PolicyViewer {
 public:
  // `scenario` may be nullptr, if it is not small enough; `spec` is its spec. `stop` ends a look, as in Evaluator.
  //   INVALID_ARGUMENT  the algorithm cannot act in the scenario
  static absl::StatusOr<std::unique_ptr<PolicyViewer>> Create(const v1::ExperimentConfig& config,
                                                              const EnvironmentSpec& spec,
                                                              std::shared_ptr<const Scenario> scenario,
                                                              StopQuestion stop);

  // What the policy with these weights (common/inference/weights.h) recommends, beside the references as far as
  // LookAtReferences has been called. Costs about as much as acting for S users once, or for 32 users for an episode.
  //   INVALID_ARGUMENT  no encoding of the networks of this algorithm
  //   CANCELLED         `stop`
  absl::StatusOr<PolicyView> Look(absl::string_view weights);

  // Looks at what the reference policies recommend, which does not change. May take long where they have to be solved.
  // Errors as Look.
  absl::Status LookAtReferences();

 private:
  PolicyViewer(EnvironmentSpec spec, std::shared_ptr<const Scenario> scenario, std::unique_ptr<NetworkPolicy> policy,
               StopQuestion stop);

  std::vector<int32_t> SlatesOf(Policy& policy) const;  // [S, K]
  PolicyMap MapOf(const std::vector<int32_t>& slates) const;
  absl::Status AddTopics(PolicyView& view);
  void AddPoints(absl::string_view weights, PolicyView& view);
  absl::Span<const float> PointObservations() const;

  const EnvironmentSpec spec_;
  const std::shared_ptr<const Scenario> scenario_;
  const std::unique_ptr<NetworkPolicy> policy_;
  const StopQuestion stop_;
  std::optional<WolpertingerShape> shape_;  // Nothing: another algorithm.
  size_t states_ = 0;                       // S; 0: there is no map.
  bool has_topics_ = false;

  struct ReferenceSlates {
    std::string name;
    std::vector<int32_t> slates;
  };
  std::vector<ReferenceSlates> references_;
  std::string best_known_;
  TopicShares best_;
  std::vector<float> observations_;  // Met while playing.
  std::optional<PrincipalAxes> axes_;
};

}  // namespace recbots

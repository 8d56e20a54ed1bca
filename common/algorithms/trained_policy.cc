#include "common/algorithms/trained_policy.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/algorithms/make_policy.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/inference/weights_identity.h"
#include "common/wire/experiment_identity.h"

namespace recbots {

absl::StatusOr<std::string> ReadWeightsFile(const std::string& path) {
  RECBOTS_ASSIGN_OR_RETURN(std::string encoded, ReadFile(path));
  const absl::Status status = DecodeIdentity(encoded).status();
  if (!status.ok()) return absl::Status(status.code(), absl::StrCat("'", path, "': ", status.message()));
  return encoded;
}

absl::Status CheckTrainedFor(absl::string_view encoded, const v1::ExperimentIdentity& identity, std::string* warning) {
  RECBOTS_ASSIGN_OR_RETURN(const v1::ExperimentIdentity theirs, DecodeIdentity(encoded));
  if (!Says(theirs)) {
    *warning = "the weights do not say for which experiment they were trained";
    return absl::OkStatus();
  }
  const std::string difference = IdentityDifference(theirs, "of the weights", identity, "here");
  if (difference.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("trained for another experiment: ", difference));
}

absl::StatusOr<std::unique_ptr<NetworkPolicy>> MakeTrainedPolicy(const v1::AlgorithmConfig& config,
                                                                 const EnvironmentSpec& spec, int max_users,
                                                                 absl::string_view encoded) {
  // A greedy policy draws nothing: no seed matters.
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<NetworkPolicy> policy, MakePolicy(config, spec, max_users, /*seed=*/0));
  RECBOTS_RETURN_IF_ERROR(policy->SetWeights(encoded));
  policy->SetPolicyShare(1);
  return policy;
}

}  // namespace recbots

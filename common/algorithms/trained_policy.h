// What a run has learnt, played outside of it: the weights.bin of its run directory, as a greedy policy.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/inference/network_policy.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/identity.pb.h"

namespace recbots {

// The bytes of the file, decoded once to see that they are weights.
//   NOT_FOUND, UNAVAILABLE  it cannot be read (ReadFile); names it
//   INVALID_ARGUMENT        not an encoding (weights.h), or a damaged one; names file and fault
absl::StatusOr<std::string> ReadWeightsFile(const std::string& path);

// Whether weights (of ReadWeightsFile) were trained for the experiment in which they are to be played.
//   OK                   they were, or they do not say it (format 1): `warning` says so then
//   FAILED_PRECONDITION  for another one; names the fields that differ
absl::Status CheckTrainedFor(absl::string_view encoded, const v1::ExperimentIdentity& identity, std::string* warning);

// The policy that `config` describes with the weights `encoded`, greedy: policy share 1, nothing is random.
// `max_users`: the largest B that Act will see.
//   INVALID_ARGUMENT  no algorithm chosen, one that does not fit the environment, or weights of other shapes
absl::StatusOr<std::unique_ptr<NetworkPolicy>> MakeTrainedPolicy(const v1::AlgorithmConfig& config,
                                                                 const EnvironmentSpec& spec, int max_users,
                                                                 absl::string_view encoded);

}  // namespace recbots

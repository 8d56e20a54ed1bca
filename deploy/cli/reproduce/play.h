// Plays policies on users that no training has met.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "deploy/cli/reproduce/results.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

struct PlayOptions {
  int64_t episodes = 5000;
  int threads = 1;
  std::function<bool()> should_stop = [] { return false; };
};

// The seed of the users for a run with the seed 1, 2, ...: 10^9 more than that, which no run trains with. So different
// seeds of an experiment meet different users, and the same seed of two experiments in one environment the same users.
uint64_t EvaluationSeed(uint64_t seed);

// Plays the greedy policy of a run's weights.bin.
//   CANCELLED            should_stop returned true
//   FAILED_PRECONDITION  the weights were trained for another experiment; names the fields that differ
//   others               errors of reading the weights, or of playing
absl::StatusOr<PlayedPolicy> PlayTrained(const v1::ExperimentConfig& config, const std::string& weights_path,
                                         const PlayOptions& options);

// Plays a reference policy of the scenario. NOT_FOUND: there is none with this name. Other errors as above.
absl::StatusOr<PlayedPolicy> PlayReference(const v1::ExperimentConfig& config, const std::string& name,
                                           const PlayOptions& options);

// Plays all references on the users of the seeds 1 .. num_seeds; a result is the mean over seeds. Errors as above.
absl::StatusOr<std::vector<ReferenceResult>> PlayReferences(const v1::ExperimentConfig& config, int num_seeds,
                                                            const PlayOptions& options);

}  // namespace recbots

// Plays policies on users whom no training has met.
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

// Users are those of another seed than any that trains: that of the run, 1, 2, ..., and a thousand million. Different
// seeds of an experiment meet different users, the same seed of two experiments of one environment the same ones.
uint64_t EvaluationSeed(uint64_t seed);

// The greedy policy of a run's weights.bin.
//   CANCELLED            should_stop
//   FAILED_PRECONDITION  they were trained for another experiment; names the fields that differ
//   others               of reading the weights, or of playing
absl::StatusOr<PlayedPolicy> PlayTrained(const v1::ExperimentConfig& config, const std::string& weights_path,
                                         const PlayOptions& options);

// A reference policy of the scenario. NOT_FOUND: it has none of that name; otherwise as above.
absl::StatusOr<PlayedPolicy> PlayReference(const v1::ExperimentConfig& config, const std::string& name,
                                           const PlayOptions& options);

// All references, each on the users of the seeds 1 .. num_seeds, as their mean. Errors as above.
absl::StatusOr<std::vector<ReferenceResult>> PlayReferences(const v1::ExperimentConfig& config, int num_seeds,
                                                            const PlayOptions& options);

}  // namespace recbots

// Settings of document browsing.
#pragma once

#include <vector>

#include "absl/status/status.h"

namespace recbots {

struct DocumentBrowsingOptions {
  static constexpr int kMaxDocuments = 4096;
  static constexpr int kMaxSteps = 1000000;

  int num_documents = 10;                  // I, 2..kMaxDocuments
  double exit_probability_accepted = 0.1;  // 0..1
  double exit_probability_refused = 0.2;   // 0..1
  int max_episode_steps = 1000;            // 1..kMaxSteps; then truncated
  std::vector<double> acceptance;          // W row by row, [I, I], each 0..1
};

// INVALID_ARGUMENT: a field out of bounds; the message begins with its name and has value and bound.
absl::Status Validate(const DocumentBrowsingOptions& options);
// The same of all fields but `acceptance`.
absl::Status ValidateScalars(const DocumentBrowsingOptions& options);

}  // namespace recbots

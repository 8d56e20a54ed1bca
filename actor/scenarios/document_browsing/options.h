// Settings of document browsing. Names, ranges and defaults are those of DocumentBrowsingConfig (config.proto).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/settings.h"

namespace recbots {

struct DocumentBrowsingOptions {
  static constexpr int kMaxSteps = 1000000;

  RECBOTS_SETTINGS;
  RECBOTS_SETTING(int, num_documents, Between(2, 4096), 10);  // I
  RECBOTS_SETTING(double, exit_probability_accepted, Between(0, 1), 0.1);
  RECBOTS_SETTING(double, exit_probability_refused, Between(0, 1), 0.2);
  RECBOTS_SETTING(int, max_episode_steps, Between(1, kMaxSteps), 1000);  // Then truncated.
  // W row by row, [I, I], each in 0..1. Empty: generated from the seed (acceptance_matrix.h).
  RECBOTS_SETTING(std::vector<double>, acceptance, AnyValue(), {});
  RECBOTS_SETTING(std::string, matrix_file, AnyValue(), "");  // W as JSON; ReadFiles makes it `acceptance`.
  RECBOTS_SETTING(uint64_t, matrix_seed, AnyValue(), 42);
};

// INVALID_ARGUMENT: a field is out of bounds; the message begins with its name and has value and bound.
absl::Status Validate(const DocumentBrowsingOptions& options);

// If `matrix_file` is set, reads W from it into `acceptance` and clears `matrix_file`.
//   NOT_FOUND         the file cannot be read
//   INVALID_ARGUMENT  the file has no matrix of I documents, or I is out of bounds
absl::Status ReadFiles(DocumentBrowsingOptions& options);

}  // namespace recbots

// The matrices that RecSim's agents make of what an environment shows, in the layout of the reference files. Ours keep
// columns of their own for users, candidates and responses (common/rl/environment.h); these say that both hold the
// same.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "common/rl/spec.h"

namespace recbots::testing {

using Matrix = std::vector<std::vector<float>>;

// One user's observation [U] and candidates [N, D] as [N + 1, max(U, D)]: the user, then one row per candidate, zeros
// behind the end of each.
inline Matrix EncodeObservation(const EnvironmentSpec& spec, const std::vector<float>& observation,
                                const std::vector<float>& candidates) {
  const auto num_features = static_cast<size_t>(spec.num_candidate_features);
  const size_t width = std::max(observation.size(), num_features);
  Matrix matrix = {observation};
  for (auto row = candidates.begin(); row < candidates.end(); row += spec.num_candidate_features) {
    matrix.emplace_back(row, row + spec.num_candidate_features);
  }
  for (std::vector<float>& row : matrix) row.resize(width, 0.0f);
  return matrix;
}

// The names of the fields in alphabetical order, and a response [K, R] with its columns in that order.
struct EncodedResponse {
  std::vector<std::string> fields;
  Matrix matrix;
};
inline EncodedResponse EncodeResponse(const EnvironmentSpec& spec, const std::vector<float>& response) {
  EncodedResponse encoded{spec.response_fields, {}};
  std::sort(encoded.fields.begin(), encoded.fields.end());
  for (size_t row = 0; row < response.size(); row += encoded.fields.size()) {
    std::vector<float>& columns = encoded.matrix.emplace_back();
    for (const std::string& field : encoded.fields) {
      columns.push_back(response[row + static_cast<size_t>(spec.FindResponseField(field))]);
    }
  }
  return encoded;
}

}  // namespace recbots::testing

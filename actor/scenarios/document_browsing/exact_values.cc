#include "actor/scenarios/document_browsing/exact_values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/recsim/linear_solver.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// Up to this many documents a linear solve takes only some milliseconds.
constexpr size_t kMaxSolvedDocuments = 256;

// Whether the steps beyond the limit are worth less than rounding. A session gets there with at most the larger of the
// two probabilities of going on, to the power of the limit, and earns at most 1 per step from then on.
bool LimitIsBeyondRounding(const BrowsingMdp& mdp) {
  const double going_on = std::max(mdp.continue_accepted, mdp.continue_refused);
  if (going_on >= 1.0) return false;
  return std::pow(going_on, mdp.max_episode_steps) / (1.0 - going_on) < 1e-15;
}

double QValue(const BrowsingMdp& mdp, absl::Span<const double> values, double mean, size_t i, size_t j) {
  const double w = mdp.w(i, j);
  return w * (1.0 + mdp.continue_accepted * values[j]) + (1.0 - w) * mdp.continue_refused * mean;
}

// Applies `backup`(values, mean, i) to all documents, once per step of the limit, or until only rounding changes the
// values.
template <typename Backup>
absl::StatusOr<std::vector<double>> Iterate(const BrowsingMdp& mdp, const StopQuestion& stop, const Backup& backup) {
  std::vector<double> values(mdp.num_documents, 0.0);
  std::vector<double> next(mdp.num_documents);
  for (int step = 0; step < mdp.max_episode_steps; ++step) {
    RECBOTS_RETURN_IF_ERROR(CheckStop(stop));
    const double mean = MeanValue(values);
    double largest_change = 0;
    double largest = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      next[i] = backup(values, mean, i);
      largest_change = std::max(largest_change, std::abs(next[i] - values[i]));
      largest = std::max(largest, std::abs(next[i]));
    }
    values.swap(next);
    if (largest_change <= std::numeric_limits<double>::epsilon() * largest) break;
  }
  return values;
}

}  // namespace

BrowsingMdp::BrowsingMdp(const DocumentBrowsingOptions& options, double discount)
    : num_documents(static_cast<size_t>(options.num_documents)),
      acceptance(options.acceptance),
      max_episode_steps(options.max_episode_steps),
      continue_accepted(discount * (1.0 - options.exit_probability_accepted)),
      continue_refused(discount * (1.0 - options.exit_probability_refused)) {}

double MeanValue(absl::Span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::vector<double> QRow(const BrowsingMdp& mdp, absl::Span<const double> values, size_t i) {
  const double mean = MeanValue(values);
  std::vector<double> row(mdp.num_documents);
  for (size_t j = 0; j < row.size(); ++j) row[j] = QValue(mdp, values, mean, i, j);
  return row;
}

absl::StatusOr<std::vector<double>> SolvePolicy(const BrowsingMdp& mdp, absl::Span<const double> policy) {
  const size_t n = mdp.num_documents;
  RECBOTS_CHECK(policy.size() == n * n) << "policy of " << policy.size() << " probabilities, want " << n * n;
  // (I - P) V = r, where P has the transitions after which the session goes on, and r is the acceptance.
  std::vector<double> matrix(n * n);
  std::vector<double> reward(n, 0.0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      const double accepted = policy[i * n + j] * mdp.w(i, j);
      matrix[i * n + j] = -accepted * mdp.continue_accepted;
      reward[i] += accepted;
    }
    const double refused = (1.0 - reward[i]) * mdp.continue_refused / static_cast<double>(n);
    for (size_t j = 0; j < n; ++j) matrix[i * n + j] -= refused;
    matrix[i * n + i] += 1.0;
  }
  auto values = SolveLinear(std::move(matrix), std::move(reward));
  if (!values.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("policy value without a step limit: sessions may never end (", values.status().message(), ")"));
  }
  return values;
}

absl::StatusOr<std::vector<double>> TruncatedValues(const BrowsingMdp& mdp, absl::Span<const double> policy,
                                                    const StopQuestion& stop) {
  const size_t n = mdp.num_documents;
  RECBOTS_CHECK(policy.size() == n * n) << "policy of " << policy.size() << " probabilities, want " << n * n;
  return Iterate(mdp, stop, [&](const std::vector<double>& values, double mean, size_t i) {
    double value = 0;
    for (size_t j = 0; j < n; ++j) value += policy[i * n + j] * QValue(mdp, values, mean, i, j);
    return value;
  });
}

absl::StatusOr<std::vector<double>> TruncatedValues(const BrowsingMdp& mdp, absl::Span<const int32_t> documents,
                                                    const StopQuestion& stop) {
  RECBOTS_CHECK(documents.size() == mdp.num_documents) << "policy of " << documents.size() << " documents";
  return Iterate(mdp, stop, [&](const std::vector<double>& values, double mean, size_t i) {
    return QValue(mdp, values, mean, i, static_cast<size_t>(documents[i]));
  });
}

absl::StatusOr<double> MeanValueOf(const BrowsingMdp& mdp, absl::Span<const double> policy, const StopQuestion& stop) {
  if (mdp.num_documents <= kMaxSolvedDocuments && LimitIsBeyondRounding(mdp)) {
    const auto values = SolvePolicy(mdp, policy);
    if (values.ok()) return MeanValue(*values);
  }
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<double> values, TruncatedValues(mdp, policy, stop));
  return MeanValue(values);
}

absl::StatusOr<double> MeanValueOf(const BrowsingMdp& mdp, absl::Span<const int32_t> documents,
                                   const StopQuestion& stop) {
  const size_t n = mdp.num_documents;
  if (n > kMaxSolvedDocuments || !LimitIsBeyondRounding(mdp)) {
    RECBOTS_ASSIGN_OR_RETURN(const std::vector<double> values, TruncatedValues(mdp, documents, stop));
    return MeanValue(values);
  }
  std::vector<double> policy(n * n, 0.0);
  for (size_t i = 0; i < n; ++i) policy[i * n + static_cast<size_t>(documents[i])] = 1.0;
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<double> values, SolvePolicy(mdp, policy));
  return MeanValue(values);
}

absl::StatusOr<BrowsingSolution> IterateValues(const BrowsingMdp& mdp, const StopQuestion& stop) {
  const size_t n = mdp.num_documents;
  BrowsingSolution solution;
  solution.documents.resize(n);
  const auto best_value = [&](const std::vector<double>& values, double mean, size_t i) {
    double best = QValue(mdp, values, mean, i, 0);
    size_t best_j = 0;
    for (size_t j = 1; j < n; ++j) {
      const double q = QValue(mdp, values, mean, i, j);
      if (q <= best) continue;
      best = q;
      best_j = j;
    }
    solution.documents[i] = static_cast<int32_t>(best_j);
    return best;
  };
  RECBOTS_ASSIGN_OR_RETURN(solution.values, Iterate(mdp, stop, best_value));
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<double> values, TruncatedValues(mdp, solution.documents, stop));
  const double attained = MeanValue(values);
  const double bound = MeanValue(solution.values);
  solution.attained = bound - attained <= 1e-9 * bound;
  return solution;
}

std::vector<int32_t> RowArgmax(const BrowsingMdp& mdp) {
  std::vector<int32_t> documents;
  for (size_t i = 0; i < mdp.num_documents; ++i) {
    const auto row = mdp.acceptance.subspan(i * mdp.num_documents, mdp.num_documents);
    documents.push_back(static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin()));
  }
  return documents;
}

std::vector<double> UniformPolicy(const BrowsingMdp& mdp) {
  return std::vector<double>(mdp.acceptance.size(), 1.0 / static_cast<double>(mdp.num_documents));
}

}  // namespace recbots

// Document browsing solved exactly, as a Markov decision process whose states are the I documents.
//
// With W the acceptance matrix, c_a and c_r the discount times the probability that the session goes on after an
// accepted and a refused recommendation, and mean(V) the mean over documents,
//
//   Q(i, j) = W[i][j] (1 + c_a V(j)) + (1 - W[i][j]) c_r mean(V).
//
// Sessions start on a uniform document, so the value of a policy is mean(V). Two kinds of values:
//   without a step limit  V = Q under the policy, a system of linear equations. It has no solution where a session may
//                         never end (an exit probability of 0 and no discount).
//   with the step limit   V_n from V_(n-1) for n = 1 .. max_episode_steps, from V_0 = 0: what a truncated episode
//                         returns. Always finite.
// The two agree to rounding wherever sessions that reach the limit are rare enough not to matter.
//
// All functions are pure. Functions with a StopQuestion ask it once per step of the limit, which takes I^2 operations,
// and return CANCELLED when it returns true. Letters: I documents.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actor/scenarios/document_browsing/options.h"
#include "common/base/stop.h"

namespace recbots {

// Borrows `options`, which have passed Validate.
struct BrowsingMdp {
  explicit BrowsingMdp(const DocumentBrowsingOptions& options, double discount = 1.0);

  double w(size_t i, size_t j) const { return acceptance[i * num_documents + j]; }

  const size_t num_documents;                 // I
  const absl::Span<const double> acceptance;  // [I, I]
  const int max_episode_steps;
  const double continue_accepted;  // c_a
  const double continue_refused;   // c_r
};

// The mean over documents, which is the value at the start of a session.
double MeanValue(absl::Span<const double> values);

// Q(i, 0 .. I - 1), given the values [I] of the documents where the user arrives.
std::vector<double> QRow(const BrowsingMdp& mdp, absl::Span<const double> values, size_t i);

// Values [I] without a step limit of the policy that recommends document j on document i with probability
// policy[i * I + j], rows summing to 1. Linear solve, I^3 / 3.
//   FAILED_PRECONDITION  sessions under this policy may never end
absl::StatusOr<std::vector<double>> SolvePolicy(const BrowsingMdp& mdp, absl::Span<const double> policy);

// Values [I] with the step limit, of the same kind of policy (I^2 operations per step of the limit, until nothing
// changes any more), or of the policy that recommends documents[i] on document i (I operations per step).
absl::StatusOr<std::vector<double>> TruncatedValues(const BrowsingMdp& mdp, absl::Span<const double> policy,
                                                    const StopQuestion& stop = {});
absl::StatusOr<std::vector<double>> TruncatedValues(const BrowsingMdp& mdp, absl::Span<const int32_t> documents,
                                                    const StopQuestion& stop = {});

// The mean of these values. It is computed by a linear solve if that is quick and the step limit matters less than
// rounding, and otherwise with the step limit.
absl::StatusOr<double> MeanValueOf(const BrowsingMdp& mdp, absl::Span<const double> policy, const StopQuestion& stop);
absl::StatusOr<double> MeanValueOf(const BrowsingMdp& mdp, absl::Span<const int32_t> documents,
                                   const StopQuestion& stop);

struct BrowsingSolution {
  std::vector<double> values;      // [I]: the optimum with the step limit, where a policy may look at the step
  std::vector<int32_t> documents;  // [I]: the best at the first step, the first of equals
  // True if the policy `documents`, which does not look at the step, attains `values` to a relative 1e-9. False only if
  // the step limit matters: then the optimal stationary policy is not known, and `values` are an upper bound.
  bool attained = false;
};

// Value iteration (Puterman 1994, section 6.3), which is backward induction (section 4.5) if the step limit comes
// first.
absl::StatusOr<BrowsingSolution> IterateValues(const BrowsingMdp& mdp, const StopQuestion& stop = {});

// The document with the largest acceptance in every row, the first of equals [I]: the recommendations of a policy that
// looks one step ahead.
std::vector<int32_t> RowArgmax(const BrowsingMdp& mdp);

// The policy [I, I] that recommends every document with probability 1 / I.
std::vector<double> UniformPolicy(const BrowsingMdp& mdp);

}  // namespace recbots

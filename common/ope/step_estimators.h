// Estimates of the mean reward of a step (a decision, or a whole slate) from weights of whole steps.
//
// Letters: S steps, E sessions; w the weight, r the reward, q the model's value of what was shown, v its mean value
// under the evaluated policy. All estimates are means over the steps of the log, in the states in which the logging
// policy made them.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "common/ope/estimate.h"
#include "common/ope/weight_rule.h"

namespace recbots {

struct WeightedSteps {
  absl::Span<const double> weight, reward;  // [S]
  absl::Span<const double> q = {}, v = {};  // [S]; empty: there is no model
  absl::Span<const int64_t> session_begin;  // [E + 1]: steps
};

// Mean of w' r, with w' from the rule (Horvitz and Thompson 1952).
EstimateParts Ips(const WeightedSteps& steps, WeightRule rule = WeightRule::kPlain, double setting = 0);
// Sum of w r / sum of w (Swaminathan and Joachims 2015).
EstimateParts SelfNormalisedIps(const WeightedSteps& steps);
// Mean of v. Needs a model, as the following do.
EstimateParts DirectMethod(const WeightedSteps& steps);
// Mean of v + w' (r - q) (Dudik et al. 2011, arXiv:1103.4601).
EstimateParts DoublyRobust(const WeightedSteps& steps, WeightRule rule = WeightRule::kPlain, double setting = 0);
// Mean of v, plus sum of w (r - q) / sum of w.
EstimateParts SelfNormalisedDoublyRobust(const WeightedSteps& steps);

// One part of an estimate from values of steps: [E] sums of above(step) and below(step).
template <typename Above, typename Below>
RatioPart SumBySession(absl::Span<const int64_t> session_begin, Above&& above, Below&& below) {
  const size_t sessions = session_begin.size() - 1;
  RatioPart part{std::vector<double>(sessions, 0.0), std::vector<double>(sessions, 0.0)};
  for (size_t session = 0; session < sessions; ++session) {
    for (auto step = static_cast<size_t>(session_begin[session]);
         step < static_cast<size_t>(session_begin[session + 1]); ++step) {
      part.numerator[session] += above(step);
      part.denominator[session] += below(step);
    }
  }
  return part;
}

}  // namespace recbots

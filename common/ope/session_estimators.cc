#include "common/ope/session_estimators.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "common/base/log.h"

namespace recbots {
namespace {

// [E] zeros above, and below 1 for each session.
RatioPart MeanOverSessions(const WeightedSteps& steps) {
  const size_t sessions = steps.session_begin.size() - 1;
  return {std::vector<double>(sessions, 0.0), std::vector<double>(sessions, 1.0)};
}

// Calls visit(session, t, step, W_t, W_(t-1)) for all steps.
template <typename Visit>
void ForAllSteps(const WeightedSteps& steps, Visit&& visit) {
  for (size_t session = 0; session + 1 < steps.session_begin.size(); ++session) {
    double product = 1;
    const auto begin = static_cast<size_t>(steps.session_begin[session]);
    for (size_t i = begin; i < static_cast<size_t>(steps.session_begin[session + 1]); ++i) {
      const double before = product;
      product *= steps.weight[i];
      visit(session, i - begin, i, product, before);
    }
  }
}

// Parts t = 0 .. longest - 1 with W_t below, or W_(t-1) if `before`, and nothing above.
EstimateParts ByStep(const WeightedSteps& steps, bool before) {
  const size_t longest = LongestSession(steps.session_begin);
  EstimateParts parts(longest, MeanOverSessions(steps));
  const size_t sessions = steps.session_begin.size() - 1;
  std::vector<double> last(sessions, 1.0);
  ForAllSteps(steps, [&](size_t session, size_t t, size_t, double now, double earlier) {
    parts[t].denominator[session] = before ? earlier : now;
    last[session] = now;
  });
  for (size_t session = 0; session < sessions; ++session) {
    const auto length = static_cast<size_t>(steps.session_begin[session + 1] - steps.session_begin[session]);
    for (size_t t = length; t < longest; ++t) parts[t].denominator[session] = last[session];
  }
  return parts;
}

}  // namespace

size_t LongestSession(absl::Span<const int64_t> session_begin) {
  int64_t longest = 0;
  for (size_t i = 0; i + 1 < session_begin.size(); ++i) {
    longest = std::max(longest, session_begin[i + 1] - session_begin[i]);
  }
  return static_cast<size_t>(longest);
}

EstimateParts SessionDirectMethod(const WeightedSteps& steps) {
  EstimateParts parts(1, MeanOverSessions(steps));
  ForAllSteps(steps, [&](size_t session, size_t t, size_t i, double, double) {
    if (t == 0) parts[0].numerator[session] = steps.v[i];
  });
  return parts;
}

EstimateParts TrajectoryIps(const WeightedSteps& steps, double discount, bool self_normalised) {
  EstimateParts parts(1, MeanOverSessions(steps));
  const size_t sessions = parts[0].numerator.size();
  std::vector<double> weight(sessions, 1.0);
  ForAllSteps(steps, [&](size_t session, size_t t, size_t i, double now, double) {
    parts[0].numerator[session] += std::pow(discount, static_cast<double>(t)) * steps.reward[i];
    weight[session] = now;
  });
  for (size_t session = 0; session < sessions; ++session) {
    parts[0].numerator[session] *= weight[session];
    if (self_normalised) parts[0].denominator[session] = weight[session];
  }
  return parts;
}

EstimateParts PerDecisionIps(const WeightedSteps& steps, double discount, bool self_normalised) {
  EstimateParts parts = self_normalised ? ByStep(steps, /*before=*/false) : EstimateParts(1, MeanOverSessions(steps));
  ForAllSteps(steps, [&](size_t session, size_t t, size_t i, double now, double) {
    parts[self_normalised ? t : 0].numerator[session] +=
        std::pow(discount, static_cast<double>(t)) * now * steps.reward[i];
  });
  return parts;
}

EstimateParts SessionDoublyRobust(const WeightedSteps& steps, double discount, bool self_normalised) {
  RECBOTS_CHECK(steps.q.size() == steps.weight.size() && steps.v.size() == steps.weight.size())
      << "steps " << steps.weight.size() << ", values of a model " << steps.q.size();
  EstimateParts now = self_normalised ? ByStep(steps, false) : EstimateParts(1, MeanOverSessions(steps));
  EstimateParts before = self_normalised ? ByStep(steps, true) : EstimateParts(1, MeanOverSessions(steps));
  ForAllSteps(steps, [&](size_t session, size_t t, size_t i, double product, double earlier) {
    const double discounted = std::pow(discount, static_cast<double>(t));
    const size_t part = self_normalised ? t : 0;
    now[part].numerator[session] += discounted * product * (steps.reward[i] - steps.q[i]);
    before[part].numerator[session] += discounted * earlier * steps.v[i];
  });
  std::move(before.begin(), before.end(), std::back_inserter(now));
  return now;
}

}  // namespace recbots

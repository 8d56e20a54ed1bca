#include "common/ope/step_estimators.h"

#include <utility>

#include "common/base/log.h"

namespace recbots {
namespace {

constexpr auto kOne = [](size_t) { return 1.0; };

void CheckModel(const WeightedSteps& steps) {
  RECBOTS_CHECK(steps.q.size() == steps.weight.size() && steps.v.size() == steps.weight.size())
      << "steps " << steps.weight.size() << ", values of a model " << steps.q.size();
}

EstimateParts One(RatioPart part) {
  EstimateParts parts;
  parts.push_back(std::move(part));
  return parts;
}

}  // namespace

EstimateParts Ips(const WeightedSteps& steps, WeightRule rule, double setting) {
  return One(SumBySession(
      steps.session_begin, [&](size_t i) { return ApplyRule(rule, setting, steps.weight[i]) * steps.reward[i]; },
      kOne));
}

EstimateParts SelfNormalisedIps(const WeightedSteps& steps) {
  return One(SumBySession(
      steps.session_begin, [&](size_t i) { return steps.weight[i] * steps.reward[i]; },
      [&](size_t i) { return steps.weight[i]; }));
}

EstimateParts DirectMethod(const WeightedSteps& steps) {
  CheckModel(steps);
  return One(SumBySession(
      steps.session_begin, [&](size_t i) { return steps.v[i]; }, kOne));
}

EstimateParts DoublyRobust(const WeightedSteps& steps, WeightRule rule, double setting) {
  CheckModel(steps);
  return One(SumBySession(
      steps.session_begin,
      [&](size_t i) { return steps.v[i] + ApplyRule(rule, setting, steps.weight[i]) * (steps.reward[i] - steps.q[i]); },
      kOne));
}

EstimateParts SelfNormalisedDoublyRobust(const WeightedSteps& steps) {
  EstimateParts parts = DirectMethod(steps);
  parts.push_back(SumBySession(
      steps.session_begin, [&](size_t i) { return steps.weight[i] * (steps.reward[i] - steps.q[i]); },
      [&](size_t i) { return steps.weight[i]; }));
  return parts;
}

}  // namespace recbots

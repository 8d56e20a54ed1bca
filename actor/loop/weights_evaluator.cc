#include "actor/loop/weights_evaluator.h"

#include <algorithm>

#include "common/algorithms/make_policy.h"
#include "common/base/status_macros.h"

namespace recbots {

absl::StatusOr<std::unique_ptr<WeightsEvaluator>> WeightsEvaluator::Create(const v1::ExperimentConfig& config,
                                                                           const Scenario& scenario,
                                                                           StopQuestion stop) {
  const v1::EvaluatorConfig& options = config.evaluator();
  // Where values are exact, the policy is asked for all observations at once.
  const int states =
      static_cast<int>(scenario.AllObservations().size()) / std::max(1, scenario.spec().num_user_features);
  RECBOTS_ASSIGN_OR_RETURN(
      std::unique_ptr<NetworkPolicy> policy,
      MakePolicy(config.algorithm(), scenario.spec(), std::max(options.users(), states), config.seed()));
  policy->SetPolicyShare(1);
  return std::unique_ptr<WeightsEvaluator>(new WeightsEvaluator(
      options.every_updates(), std::move(policy),
      Evaluator(scenario, {options.episodes(), options.exact(), options.users(), std::move(stop)})));
}

absl::Status WeightsEvaluator::EvaluateReferences() {
  RECBOTS_ASSIGN_OR_RETURN(references_, evaluator_.EvaluateReferences());
  return absl::OkStatus();
}

bool WeightsEvaluator::Evaluated(const v1::WeightsHeader& version) const {
  return evaluated_.version() > 0 && version.incarnation() == evaluated_.incarnation() &&
         version.updates() == evaluated_.updates();
}

bool WeightsEvaluator::Due(const v1::WeightsHeader& version) const {
  return evaluated_.version() == 0 || version.incarnation() != evaluated_.incarnation() ||
         version.evaluations_asked() > evaluated_.evaluations_asked() ||
         version.updates() - evaluated_.updates() >= every_updates_;
}

absl::StatusOr<v1::Evaluation> WeightsEvaluator::Evaluate(const v1::WeightsHeader& version, absl::string_view weights) {
  RECBOTS_RETURN_IF_ERROR(policy_->SetWeights(weights));
  RECBOTS_ASSIGN_OR_RETURN(const PolicyValue value, evaluator_.Evaluate(*policy_));
  evaluated_ = version;
  return MakeEvaluation(version, value, references_);
}

}  // namespace recbots

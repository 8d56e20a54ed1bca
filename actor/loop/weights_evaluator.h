// How good the bot is: plays versions of its weights greedily, beside the scenario's references. The evaluator's
// program and `recbots train` evaluate with it.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "actor/loop/evaluator.h"
#include "actor/recsim/scenario.h"
#include "common/base/stop.h"
#include "common/inference/network_policy.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

// Not thread-safe.
class WeightsEvaluator {
 public:
  // `scenario` must outlive the evaluator. `stop` ends what takes long (EvaluatorOptions::should_stop).
  //   INVALID_ARGUMENT  the algorithm cannot act in the scenario
  static absl::StatusOr<std::unique_ptr<WeightsEvaluator>> Create(const v1::ExperimentConfig& config,
                                                                  const Scenario& scenario, StopQuestion stop);

  // Measures the references, which come with every evaluation: call it first. Errors as Evaluator::EvaluateReferences.
  absl::Status EvaluateReferences();
  const std::vector<v1::ReferenceValue>& references() const { return references_; }

  // Goes on where another evaluator of the run stopped: `evaluated` is the version evaluated last, without a number if
  // there is none.
  void Resume(const v1::WeightsHeader& evaluated, std::vector<v1::ReferenceValue> references) {
    evaluated_ = evaluated;
    references_ = std::move(references);
  }
  const v1::WeightsHeader& evaluated() const { return evaluated_; }

  // Whether these weights are those evaluated last.
  bool Evaluated(const v1::WeightsHeader& version) const;
  // Whether evaluator.every_updates updates were made since those, somebody has asked for an evaluation, or none of
  // this learner were evaluated yet.
  bool Due(const v1::WeightsHeader& version) const;

  // Errors as NetworkPolicy::SetWeights and Evaluator::Evaluate.
  absl::StatusOr<v1::Evaluation> Evaluate(const v1::WeightsHeader& version, absl::string_view weights);

 private:
  WeightsEvaluator(int64_t every_updates, std::unique_ptr<NetworkPolicy> policy, Evaluator evaluator)
      : every_updates_(every_updates), policy_(std::move(policy)), evaluator_(std::move(evaluator)) {}

  const int64_t every_updates_;
  const std::unique_ptr<NetworkPolicy> policy_;
  const Evaluator evaluator_;
  std::vector<v1::ReferenceValue> references_;
  v1::WeightsHeader evaluated_;  // Without a version: none yet.
};

}  // namespace recbots

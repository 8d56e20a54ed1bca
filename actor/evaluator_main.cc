// recbots-evaluator: plays the newest weights greedily, beside the references, and tells the learner.
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "actor/loop/evaluator.h"
#include "common/algorithms/make_policy.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/machine_memory.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/memory_needs.h"
#include "common/role/role.h"
#include "learner/client/evaluation_client.h"
#include "learner/client/weights_watcher.h"

namespace recbots {
namespace {

// How long one wait lasts before the evaluator looks whether it should end.
constexpr absl::Duration kPatience = absl::Milliseconds(100);
// If no newer version arrives for this long, the newest one is evaluated even if it is close to the last one evaluated:
// it may be the final one.
constexpr absl::Duration kQuiet = absl::Milliseconds(200);

class EvaluatorRole {
 public:
  explicit EvaluatorRole(Role& role) : role_(role), config_(role.config()) {}

  absl::Status Run();

 private:
  absl::Status MakeParts();
  // The next version to evaluate; null: told to end.
  absl::StatusOr<std::shared_ptr<const Weights>> NextWeights();
  bool Due(const Weights& weights) const;
  // The references, then one version after the other, until told to end.
  absl::Status Evaluate();
  absl::Status EvaluateAndReport(const Weights& weights);
  std::vector<StatusSection> Pages() const;

  Role& role_;
  const v1::ExperimentConfig& config_;
  std::unique_ptr<Scenario> scenario_;
  std::unique_ptr<NetworkPolicy> policy_;
  std::unique_ptr<Evaluator> evaluator_;
  std::vector<v1::ReferenceValue> references_;
  std::unique_ptr<EvaluationClient> client_;
  std::unique_ptr<WeightsWatcher> watcher_;
  std::shared_ptr<const Weights> evaluated_;
  std::unique_ptr<HttpServer> http_;
};

absl::Status EvaluatorRole::MakeParts() {
  absl::StatusOr<std::unique_ptr<Scenario>> scenario = MakeTrainingScenario(config_);
  if (!scenario.ok()) return BadConfiguration(scenario.status());
  scenario_ = *std::move(scenario);
  const v1::EvaluatorConfig& options = config_.evaluator();
  const bool plays = !options.exact() || scenario_->AllObservations().empty();
  const auto needs = MemoryNeedsOf(config_, scenario_->spec(), {.evaluators = 1, .evaluators_play = plays});
  if (const absl::Status fits = CheckMemory(needs, MachineMemoryBytes()); !fits.ok()) return BadConfiguration(fits);
  const auto states =
      static_cast<int>(scenario_->AllObservations().size()) / std::max(1, scenario_->spec().num_user_features);
  absl::StatusOr<std::unique_ptr<NetworkPolicy>> policy =
      MakePolicy(config_.algorithm(), scenario_->spec(), std::max(options.users(), states), config_.seed());
  if (!policy.ok()) return BadConfiguration(policy.status());
  policy_ = *std::move(policy);
  policy_->SetPolicyShare(1);
  evaluator_ =
      std::make_unique<Evaluator>(*scenario_, EvaluatorOptions{options.episodes(), options.exact(), options.users(),
                                                               [this] { return role_.shutdown().requested(); }});
  RECBOTS_ASSIGN_OR_RETURN(const RetryOptions retry, role_.PeerRetryOptions());
  WeightsWatcherOptions watcher;
  RECBOTS_ASSIGN_OR_RETURN(watcher.address, role_.PeerAddress("learner"));
  watcher.role = v1::WORKER_ROLE_EVALUATOR;
  watcher.worker_name = absl::StrCat("evaluator/", getpid());
  RECBOTS_ASSIGN_OR_RETURN(watcher.configuration, SharedConfigurationOf(config_, *scenario_));
  watcher.retry = retry;
  watcher.security = role_.security();
  client_ = std::make_unique<EvaluationClient>(watcher.address, watcher.security);
  watcher_ = WeightsWatcher::Start(watcher);
  RECBOTS_ASSIGN_OR_RETURN(http_, role_.StartHttp([this] { return Pages(); }));
  return absl::OkStatus();
}

bool EvaluatorRole::Due(const Weights& weights) const {
  if (evaluated_ == nullptr || evaluated_->header.incarnation() != weights.header.incarnation()) return true;
  return weights.header.updates() - evaluated_->header.updates() >= config_.evaluator().every_updates();
}

absl::StatusOr<std::shared_ptr<const Weights>> EvaluatorRole::NextWeights() {
  std::shared_ptr<const Weights> newest = watcher_->newest();
  while (!role_.shutdown().requested()) {
    if (newest != nullptr && newest != evaluated_ && (Due(*newest) || watcher_->age() >= kQuiet)) return newest;
    role_.SetActivity("waiting for weights from the learner");
    const auto newer = watcher_->AwaitNewer(newest, Instant::Now() + kPatience);
    if (!newer.ok() && !absl::IsDeadlineExceeded(newer.status())) return newer.status();
    RECBOTS_RETURN_IF_ERROR(watcher_->status());
    newest = watcher_->newest();
  }
  return nullptr;
}

absl::Status EvaluatorRole::EvaluateAndReport(const Weights& weights) {
  role_.SetActivity("evaluating");
  RECBOTS_RETURN_IF_ERROR(policy_->SetWeights(weights.payload));
  RECBOTS_ASSIGN_OR_RETURN(const PolicyValue value, evaluator_->Evaluate(*policy_));
  const v1::Evaluation evaluation = MakeEvaluation(weights.header, value, references_);
  role_.SetActivity("reporting to the learner");
  const absl::Status reported = client_->Report(evaluation, Instant::Now() + absl::Seconds(2));
  // If the learner is away, it gets the next report; a report about a previous learner's version can be dropped.
  if (!reported.ok()) RECBOTS_LOG(WARNING) << "evaluation not reported: " << reported.message();
  role_.metrics().counter(metric::kEvaluatorEvaluations).Increment();
  role_.metrics().gauge(metric::kEvaluatorVersion).Set(static_cast<double>(weights.header.version()));
  role_.metrics().gauge(metric::kEvaluatorValue).Set(value.value);
  return absl::OkStatus();
}

absl::Status EvaluatorRole::Run() {
  RECBOTS_RETURN_IF_ERROR(MakeParts());
  const absl::Status status = Evaluate();
  // Stopped in the middle of an evaluation: its partial result is discarded.
  return absl::IsCancelled(status) && role_.shutdown().requested() ? absl::OkStatus() : status;
}

absl::Status EvaluatorRole::Evaluate() {
  role_.SetActivity("evaluating the references");
  RECBOTS_ASSIGN_OR_RETURN(references_, evaluator_->EvaluateReferences());
  RECBOTS_LOG(INFO) << "references known: "
                    << absl::StrJoin(references_, ", ", [](std::string* text, const v1::ReferenceValue& reference) {
                         absl::StrAppend(text, reference.name(), " ", reference.value());
                       });
  while (true) {
    RECBOTS_ASSIGN_OR_RETURN(const std::shared_ptr<const Weights> weights, NextWeights());
    if (weights == nullptr) return absl::OkStatus();
    role_.SetHealthy(true);
    RECBOTS_RETURN_IF_ERROR(EvaluateAndReport(*weights));
    evaluated_ = weights;
  }
}

std::vector<StatusSection> EvaluatorRole::Pages() const {
  const std::shared_ptr<const Weights> newest = watcher_->newest();
  return {{"Learner",
           {{"connected", watcher_->connected() ? "yes" : "no"},
            {"newest weights", newest == nullptr ? "none" : absl::StrCat("version ", newest->header.version())}}}};
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  return recbots::RunRole("evaluator", {"learner", "peer_timeout"}, argc, argv,
                          [](recbots::Role& role) { return recbots::EvaluatorRole(role).Run(); });
}

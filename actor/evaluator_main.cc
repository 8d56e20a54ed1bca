// recbots-evaluator: plays the newest weights greedily, beside the references, and tells the learner.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "actor/external/remote_program.h"
#include "actor/loop/weights_evaluator.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/role/role.h"
#include "learner/client/evaluation_client.h"
#include "learner/client/lease_keeper.h"
#include "learner/client/weights_watcher.h"

namespace recbots {
namespace {

// How long one wait lasts before the evaluator looks whether it should end.
constexpr absl::Duration kPatience = absl::Milliseconds(100);
// If no newer version arrives for this long, the newest one is evaluated even if it is close to the last one evaluated:
// it may be the final one.
constexpr absl::Duration kQuiet = absl::Milliseconds(200);
// How long the learner has to take a report.
constexpr absl::Duration kReportTime = absl::Seconds(2);

class EvaluatorRole {
 public:
  explicit EvaluatorRole(Role& role) : role_(role), config_(role.config()) {}

  absl::Status Run();

 private:
  absl::Status MakeParts();
  // The next version to evaluate; null: told to end.
  absl::StatusOr<std::shared_ptr<const Weights>> NextWeights();
  // The references, then one version after the other, until told to end.
  absl::Status Evaluate();
  absl::Status EvaluateAndReport(const Weights& weights);
  // Asked again and again while the evaluator plays: the answer is whether to stop, the question a sign of progress.
  bool AtWork();
  v1::RoleReport Report() const;
  std::vector<StatusSection> Pages() const;

  Role& role_;
  const v1::ExperimentConfig& config_;
  std::unique_ptr<Scenario> scenario_;
  std::unique_ptr<WeightsEvaluator> evaluator_;
  std::unique_ptr<EvaluationClient> client_;
  std::unique_ptr<WeightsWatcher> watcher_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<LeaseKeeper> lease_;
};

absl::Status EvaluatorRole::MakeParts() {
  const ExternalHooks hooks = {
      .stop = [this] { return AtWork(); }, .waits = &role_.waits(), .connect = ConnectToEnvironment};
  absl::StatusOr<std::unique_ptr<Scenario>> scenario = MakeTrainingScenario(config_, {.evaluators = 1}, hooks);
  if (!scenario.ok()) return BadConfiguration(scenario.status());
  scenario_ = *std::move(scenario);
  absl::StatusOr<std::unique_ptr<WeightsEvaluator>> evaluator =
      WeightsEvaluator::Create(config_, *scenario_, [this] { return AtWork(); });
  if (!evaluator.ok()) return BadConfiguration(evaluator.status());
  evaluator_ = *std::move(evaluator);
  RECBOTS_ASSIGN_OR_RETURN(const RetryOptions retry, role_.PeerRetryOptions());
  WeightsWatcherOptions watcher;
  RECBOTS_ASSIGN_OR_RETURN(watcher.address, role_.PeerAddress("learner"));
  watcher.role = v1::WORKER_ROLE_EVALUATOR;
  watcher.worker_name = role_.process_name();
  watcher.instance = role_.instance();
  RECBOTS_ASSIGN_OR_RETURN(watcher.configuration, SharedConfigurationOf(config_, *scenario_));
  watcher.retry = retry;
  watcher.security = role_.security();
  client_ = std::make_unique<EvaluationClient>(watcher.address, watcher.security, &role_.waits());
  watcher_ = WeightsWatcher::Start(watcher);
  RECBOTS_ASSIGN_OR_RETURN(http_, role_.StartHttp([this] { return Pages(); }));
  lease_ = std::make_unique<LeaseKeeper>(LeaseKeeperOptions{.address = watcher.address,
                                                            .security = watcher.security,
                                                            .report = [this] { return Report(); },
                                                            .waits = &role_.waits()});
  role_.stalls().Begin("evaluation");
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Weights>> EvaluatorRole::NextWeights() {
  std::shared_ptr<const Weights> newest = watcher_->newest();
  std::optional<ScopedWait> wait;
  std::optional<bool> was_connected;
  while (!role_.shutdown().requested()) {
    if (newest != nullptr && !evaluator_->Evaluated(newest->header) &&
        (evaluator_->Due(newest->header) || watcher_->age() >= kQuiet)) {
      return newest;
    }
    // A learner that is there has no newer weights: there is nothing to do. One that is away is a stall.
    if (const bool connected = watcher_->connected(); was_connected != connected) {
      was_connected = connected;
      if (connected) role_.stalls().Progressed(0);
      wait.emplace(&role_.waits(), WaitFor{.thing = connected ? "newer weights" : "the learner to come back",
                                           .peer = role_.flags().value("learner"),
                                           .kind = connected ? WaitKind::kIdle : WaitKind::kWork});
    }
    const auto newer = watcher_->AwaitNewer(newest, Instant::Now() + kPatience);
    if (!newer.ok() && !absl::IsDeadlineExceeded(newer.status())) return newer.status();
    RECBOTS_RETURN_IF_ERROR(watcher_->status());
    newest = watcher_->newest();
  }
  return nullptr;
}

bool EvaluatorRole::AtWork() {
  role_.stalls().Progressed(0);
  return role_.shutdown().requested();
}

v1::RoleReport EvaluatorRole::Report() const {
  v1::RoleReport report = role_.Report();
  AddWeights(*watcher_, report);
  return report;
}

absl::Status EvaluatorRole::EvaluateAndReport(const Weights& weights) {
  role_.SetActivity("evaluating");
  RECBOTS_ASSIGN_OR_RETURN(const v1::Evaluation evaluation, evaluator_->Evaluate(weights.header, weights.payload));
  const absl::Status reported = client_->Report(evaluation, Instant::Now() + kReportTime);
  // If the learner is away, it gets the next report; a report about a previous learner's version can be dropped.
  if (!reported.ok()) RECBOTS_LOG(WARNING) << "evaluation not reported: " << reported.message();
  role_.stalls().Progressed();
  role_.metrics().counter(metric::kEvaluatorEvaluations).Increment();
  role_.metrics().gauge(metric::kEvaluatorVersion).Set(static_cast<double>(weights.header.version()));
  role_.metrics().gauge(metric::kEvaluatorValue).Set(evaluation.value());
  return absl::OkStatus();
}

absl::Status EvaluatorRole::Run() {
  RECBOTS_RETURN_IF_ERROR(MakeParts());
  const absl::Status status = Evaluate();
  role_.stalls().End();
  // Stopped in the middle of an evaluation: its partial result is discarded.
  return absl::IsCancelled(status) && role_.shutdown().requested() ? absl::OkStatus() : status;
}

absl::Status EvaluatorRole::Evaluate() {
  role_.SetActivity("evaluating the references");
  RECBOTS_RETURN_IF_ERROR(evaluator_->EvaluateReferences());
  RECBOTS_LOG(INFO) << "references known: "
                    << absl::StrJoin(evaluator_->references(), ", ",
                                     [](std::string* text, const v1::ReferenceValue& reference) {
                                       absl::StrAppend(text, reference.name(), " ", reference.value());
                                     });
  while (true) {
    RECBOTS_ASSIGN_OR_RETURN(const std::shared_ptr<const Weights> weights, NextWeights());
    if (weights == nullptr) return absl::OkStatus();
    role_.SetHealthy(true);
    RECBOTS_RETURN_IF_ERROR(EvaluateAndReport(*weights));
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

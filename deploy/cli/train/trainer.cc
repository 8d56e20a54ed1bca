#include "deploy/cli/train/trainer.h"

#include <algorithm>
#include <utility>

#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "actor/loop/exploration.h"
#include "common/base/machine_memory.h"
#include "common/base/status_macros.h"
#include "common/config/memory_needs.h"
#include "common/config/transition_options.h"
#include "common/inference/make_policy.h"
#include "common/rl/transition.h"
#include "learner/algorithms/make_algorithm.h"
#include "replay/table/make_table.h"

namespace recbots {

class Trainer::TableSink : public RowSink {
 public:
  explicit TableSink(TableBatchSource& batches) : batches_(batches) {}

  absl::Status Append(absl::string_view rows, int, int64_t) override {
    batches_.Append(rows);
    return absl::OkStatus();
  }

 private:
  TableBatchSource& batches_;
};

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(const v1::ExperimentConfig& config, const StopQuestion& stop) {
  std::unique_ptr<Trainer> trainer(new Trainer(config));
  trainer->stop_ = stop;
  RECBOTS_RETURN_IF_ERROR(trainer->Init());
  return trainer;
}

Trainer::Trainer(const v1::ExperimentConfig& config) : config_(config), state_(config.goal()) {}

Trainer::~Trainer() = default;

absl::Status Trainer::Init() {
  RECBOTS_ASSIGN_OR_RETURN(scenario_, MakeTrainingScenario(config_));
  RECBOTS_RETURN_IF_ERROR(CheckGoal(config_, *scenario_, stop_));
  RECBOTS_ASSIGN_OR_RETURN(identity_, ExperimentIdentityOf(config_, *scenario_));
  RECBOTS_RETURN_IF_ERROR(CheckFits());
  RECBOTS_ASSIGN_OR_RETURN(RowSchema schema,
                           TransitionSchema(scenario_->spec(), TransitionOptionsOf(config_.algorithm())));
  RECBOTS_ASSIGN_OR_RETURN(table_, replay::MakeTable(config_.replay().table(), schema, config_.seed()));
  RECBOTS_ASSIGN_OR_RETURN(algorithm_, MakeAlgorithm(config_.algorithm(), scenario_->spec(), config_.seed()));
  RECBOTS_RETURN_IF_ERROR(MakeActor(schema));
  RECBOTS_RETURN_IF_ERROR(MakeEvaluator());
  MakeLearner();
  return learner_->PublishWeights();
}

absl::Status Trainer::CheckFits() const {
  v1::ExperimentConfig config = config_;
  config.mutable_learner()->set_batches_in_flight(1);  // Nothing is sampled ahead here.
  const bool plays = !config.evaluator().exact() || scenario_->AllObservations().empty();
  return CheckMemory(
      MemoryNeedsOf(config, scenario_->spec(),
                    {.replays = 1, .learners = 1, .actors = 1, .evaluators = 1, .evaluators_play = plays}),
      MachineMemoryBytes());
}

absl::Status Trainer::MakeActor(const RowSchema& schema) {
  RECBOTS_ASSIGN_OR_RETURN(behaviour_,
                           MakePolicy(config_.algorithm(), scenario_->spec(), config_.actor().users(), config_.seed()));
  environment_ = scenario_->MakeEnvironment(config_.actor().users(), /*first_stream=*/0);
  batches_ = std::make_unique<TableBatchSource>(
      *table_, TableBatchSourceOptions{config_.learner().batch_size(), config_.goal().max_env_steps()},
      [this]() -> absl::StatusOr<int64_t> {
        RECBOTS_RETURN_IF_ERROR(actor_->Step(stamp_));
        return actor_->env_steps();
      });
  sink_ = std::make_unique<TableSink>(*batches_);
  actor_ = std::make_unique<EnvironmentLoop>(*environment_, *behaviour_, schema,
                                             TransitionOptionsOf(config_.algorithm()), *sink_);
  return absl::OkStatus();
}

absl::Status Trainer::MakeEvaluator() {
  const v1::EvaluatorConfig& options = config_.evaluator();
  const EnvironmentSpec& spec = scenario_->spec();
  const int states = static_cast<int>(scenario_->AllObservations().size()) / std::max(1, spec.num_user_features);
  RECBOTS_ASSIGN_OR_RETURN(greedy_,
                           MakePolicy(config_.algorithm(), spec, std::max(options.users(), states), config_.seed()));
  greedy_->SetPolicyShare(1);
  evaluator_ = std::make_unique<Evaluator>(
      *scenario_, EvaluatorOptions{options.episodes(), options.exact(), options.users(), [this] { return Stopped(); }});
  return absl::OkStatus();
}

void Trainer::MakeLearner() {
  LearnerLoop::Hooks hooks;
  hooks.stop = [this] { return Stopped(); };
  hooks.watchers = [] { return Watchers{.actors = 1, .evaluators = 1}; };
  hooks.print = [this](const std::string& line) { on_status_(line); };
  hooks.activity = [](const char*) {};
  hooks.on_ending = [this](Ending ending, const absl::Status& error) {
    OnEnding(ending, error);
    return absl::OkStatus();
  };
  hooks.on_weights = [this](const v1::WeightsHeader& version, absl::string_view weights, bool last) {
    return TakeWeights(version, weights, last);
  };
  learner_ = std::make_unique<LearnerLoop>(MakeLearnerLoopOptions(config_), std::move(hooks), *algorithm_, *batches_,
                                           store_, state_, metrics_);
}

absl::Status Trainer::EvaluateReferences() {
  absl::StatusOr<std::vector<v1::ReferenceValue>> references = evaluator_->EvaluateReferences();
  if (absl::IsCancelled(references.status())) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(references.status());
  references_ = *std::move(references);
  return reachable_ = CheckReachable(config_.goal(), MakeEvaluation({}, {}, references_));
}

absl::Status Trainer::Run(const StopQuestion& stop, const std::function<void(const std::string&)>& on_status,
                          const std::function<void(const v1::Evaluation&, double)>& on_evaluation) {
  stop_ = stop;
  on_status_ = on_status;
  on_evaluation_ = on_evaluation;
  const absl::Status begun = EvaluateReferences();
  if (begun.ok()) return learner_->Run();
  OnEnding(Ending::kNotYet, begun);
  return begun;
}

absl::Status Trainer::TakeWeights(const v1::WeightsHeader& version, absl::string_view weights, bool last) {
  stamp_ = {version.version(), version.updates()};
  behaviour_->SetPolicyShare(PolicyShare(config_.actor(), /*actor_index=*/0, version.env_steps()));
  RECBOTS_RETURN_IF_ERROR(behaviour_->SetWeights(weights));
  RECBOTS_RETURN_IF_ERROR(greedy_->SetWeights(weights));
  if (references_.empty() || version.updates() == evaluated_updates_) return absl::OkStatus();
  const bool due =
      last || evaluated_updates_ < 0 || version.updates() - evaluated_updates_ >= config_.evaluator().every_updates();
  return due ? Evaluate(version) : absl::OkStatus();
}

absl::Status Trainer::Evaluate(const v1::WeightsHeader& version) {
  const absl::StatusOr<PolicyValue> value = evaluator_->Evaluate(*greedy_);
  if (absl::IsCancelled(value.status())) return absl::OkStatus();  // Told to stop, as the learner will see.
  RECBOTS_RETURN_IF_ERROR(value.status());
  evaluated_updates_ = version.updates();
  const v1::Evaluation evaluation = MakeEvaluation(version, *value, references_);
  state_.OnEvaluation(evaluation);
  if (on_evaluation_) on_evaluation_(evaluation, state_.wall_seconds());
  return absl::OkStatus();
}

void Trainer::OnEnding(Ending ending, const absl::Status& error) {
  report_ = {config_.name(),       config_.seed(),         ending, state_.counters(), learner_->samples_per_insert(),
             algorithm_->losses(), identity_.fingerprint()};
  report_.error = std::string(error.message());
}

}  // namespace recbots

#include "deploy/cli/train/trainer.h"

#include <utility>

#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "actor/client/run_identity.h"
#include "actor/external/remote_program.h"
#include "actor/loop/exploration.h"
#include "actor/recsim/catalogue_of.h"
#include "common/algorithms/make_policy.h"
#include "common/algorithms/transition_options.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/rl/transition.h"
#include "learner/loop/networks_of.h"
#include "learner/loop/placed_algorithm.h"
#include "learner/run/results.h"
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

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(const v1::ExperimentConfig& config, const std::string& run_dir,
                                                         const StopQuestion& stop, bool fresh,
                                                         const std::string& networks_of) {
  std::unique_ptr<Trainer> trainer(new Trainer(config, run_dir));
  trainer->stop_ = stop;
  RECBOTS_RETURN_IF_ERROR(trainer->Init(fresh, networks_of));
  return trainer;
}

Trainer::Trainer(const v1::ExperimentConfig& config, const std::string& run_dir)
    : config_(config), run_dir_(run_dir), record_(config, run_dir) {}

Trainer::~Trainer() = default;

absl::Status Trainer::Init(bool fresh, const std::string& networks_of) {
  RECBOTS_RETURN_IF_ERROR(record_.Claim(kTrainProgram));
  v1::ExperimentConfig sizes = config_;
  sizes.mutable_learner()->set_batches_in_flight(1);  // Nothing is sampled ahead here.
  RECBOTS_ASSIGN_OR_RETURN(
      scenario_,
      MakeTrainingScenario(
          sizes, {.replays = 1, .learners = 1, .actors = 1, .evaluators = 1, .checkpoints = !run_dir_.empty()},
          {.stop = [this] { return Stopped(); }, .connect = ConnectToEnvironment}));
  RECBOTS_RETURN_IF_ERROR(CheckGoal(config_, *scenario_, stop_));
  RECBOTS_ASSIGN_OR_RETURN(RowSchema schema,
                           TransitionSchema(scenario_->spec(), TransitionOptionsOf(config_.algorithm())));
  RECBOTS_ASSIGN_OR_RETURN(PlacedAlgorithm placed, PlaceAlgorithm(config_, scenario_->spec()));
  algorithm_ = std::move(placed.algorithm);
  device_ = placed.device;
  device_line_ = placed.line;
  RECBOTS_ASSIGN_OR_RETURN(evaluator_, WeightsEvaluator::Create(config_, *scenario_, [this] { return Stopped(); }));
  RECBOTS_ASSIGN_OR_RETURN(const v1::ExperimentIdentity identity, ExperimentIdentityOf(config_, *scenario_));
  const auto make_rows = [this, schema]() -> absl::StatusOr<std::unique_ptr<replay::Store>> {
    std::vector<std::unique_ptr<replay::Table>> tables(1);
    RECBOTS_ASSIGN_OR_RETURN(tables[0], replay::MakeTable(config_.replay().table(), schema, config_.seed()));
    return replay::Store::Create(std::move(tables));
  };
  RECBOTS_RETURN_IF_ERROR(make_rows().status());  // Before anything in the run directory is touched.
  checkpoints_ = std::make_unique<TrainCheckpoints>(config_, identity, run_dir_, make_rows, stop_);
  if (!fresh) {
    RECBOTS_ASSIGN_OR_RETURN(resumed_, checkpoints_->Restore());
  }
  if (!resumed_.has_value()) {
    if (!networks_of.empty()) {
      RECBOTS_ASSIGN_OR_RETURN(taken_over_, LoadNetworksOf(networks_of, *algorithm_));
    }
    RECBOTS_RETURN_IF_ERROR(BeginRun(identity));
    return MakeParts(schema);
  }
  RECBOTS_RETURN_IF_ERROR(MakeParts(schema));
  return ResumeRun(identity);
}

absl::Status Trainer::MakeParts(const RowSchema& schema) {
  RECBOTS_RETURN_IF_ERROR(MakeActor(schema));
  MakeLearner();
  return resumed_.has_value() ? absl::OkStatus() : learner_->PublishWeights();
}

absl::Status Trainer::BeginRun(const v1::ExperimentIdentity& identity) {
  // Training takes nothing over from the run that lies there: what it left goes to previous/, with a warning.
  RECBOTS_RETURN_IF_ERROR(CheckRunDirectory(run_dir_, identity, /*allow_other=*/true));
  RECBOTS_RETURN_IF_ERROR(
      record_.Begin(PrintExperimentConfig(config_), identity, {kRunCheckpointsFolder, kRunRowsFolder}));
  return checkpoints_->Begin();
}

void Trainer::TransferRoles(StateArchive& archive) {
  actor_->TransferState(archive);
  batches_->TransferState(archive);
}

absl::Status Trainer::ResumeRun(const v1::ExperimentIdentity& identity) {
  const v1::LearnerState& state = resumed_->state;
  const v1::LocalRolesState& roles = state.roles();
  RECBOTS_RETURN_IF_ERROR(algorithm_->LoadState(state.algorithm()));
  StateArchive archive = StateArchive::Loading(roles.actor());
  TransferRoles(archive);
  RECBOTS_RETURN_IF_ERROR(archive.Finish());
  evaluator_->Resume(roles.evaluated(), {roles.references().begin(), roles.references().end()});
  store_.Resume(state.published().version(), state.published().incarnation());
  RECBOTS_RETURN_IF_ERROR(HoldWeights(state.published(), roles.weights()));
  // An end whose evaluation was cut short is made up for.
  if (evaluator_->Evaluated(state.published())) ended_ = EndOfRun(run_dir_, config_.goal(), *resumed_);
  if (ended_.has_value()) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(record_.Resume(PrintExperimentConfig(config_), identity, state, algorithm_->updates()));
  learner_->Resume(state);
  return absl::OkStatus();
}

absl::Status Trainer::Checkpoint(v1::LearnerState state, bool last) {
  if (run_dir_.empty()) return absl::OkStatus();
  record_.SaveState(state);
  v1::LocalRolesState& roles = *state.mutable_roles();
  roles.set_weights(published_weights_);
  *roles.mutable_evaluated() = evaluator_->evaluated();
  roles.mutable_references()->Assign(evaluator_->references().begin(), evaluator_->references().end());
  StateArchive archive;
  TransferRoles(archive);
  RECBOTS_RETURN_IF_ERROR(archive.Finish());
  roles.set_actor(archive.TakeBytes());
  return checkpoints_->Write(std::move(state), *algorithm_, last);
}

absl::Status Trainer::MakeActor(const RowSchema& schema) {
  RECBOTS_ASSIGN_OR_RETURN(behaviour_,
                           MakePolicy(config_.algorithm(), scenario_->spec(), config_.actor().users(), config_.seed()));
  environment_ = scenario_->MakeEnvironment(config_.actor().users(), /*first_stream=*/0);
  const auto step = [this]() -> absl::StatusOr<int64_t> {
    const absl::Status stepped = actor_->Step(behaviour_weights_);
    // A step of an environment elsewhere that is cut short by the user's stop is no error: the learner sees the stop.
    if (!stepped.ok() && !(absl::IsCancelled(stepped) && Stopped())) return stepped;
    return actor_->env_steps();
  };
  batches_ = std::make_unique<TableBatchSource>(
      *checkpoints_->store().tables().front(),
      TableBatchSourceOptions{config_.learner().batch_size(), config_.goal().max_env_steps()}, step);
  sink_ = std::make_unique<TableSink>(*batches_);
  actor_ = std::make_unique<EnvironmentLoop>(*environment_, *behaviour_, schema,
                                             TransitionOptionsOf(config_.algorithm()), *sink_);
  return absl::OkStatus();
}

void Trainer::MakeLearner() {
  LearnerLoop::Hooks hooks;
  hooks.stop = [this] { return Stopped(); };
  hooks.watchers = [] { return Watchers{.actors = 1, .evaluators = 1}; };
  hooks.print = [this](const std::string& line) { on_status_(line); };
  hooks.on_status = [this](const StatusLine& line) { record_.OnStatus(line); };
  hooks.activity = [](const char*) {};
  hooks.on_ending = [this](const RunEnd& end) { return record_.Save(end); };
  hooks.on_weights = [this](const v1::WeightsHeader& version, absl::string_view weights, bool last) {
    return TakeWeights(version, weights, last);
  };
  hooks.on_checkpoint = [this](v1::LearnerState state, bool last) { return Checkpoint(std::move(state), last); };
  LearnerLoopOptions options = MakeLearnerLoopOptions(config_);
  options.catalogue = CatalogueOf(*scenario_);
  options.device = DeviceName(device_);
  learner_ = std::make_unique<LearnerLoop>(options, std::move(hooks), *algorithm_, *batches_, store_, record_.state(),
                                           metrics_);
}

absl::Status Trainer::Run(const StopQuestion& stop, const std::function<void(const std::string&)>& on_status,
                          const std::function<void(const v1::Evaluation&)>& on_evaluation) {
  stop_ = stop;
  on_status_ = on_status;
  on_evaluation_ = on_evaluation;
  absl::Status begun = EvaluateReferences();
  // The evaluation that was under way when the run was stopped.
  const bool missed = resumed_.has_value() && published_.updates() > 0 && !evaluator_->Evaluated(published_) &&
                      evaluator_->Due(published_) && !evaluator_->references().empty();
  if (begun.ok() && missed) begun = Evaluate();
  if (begun.ok()) return learner_->Run();
  return JoinErrors(begun, record_.Save({.error = begun, .weights = EncodeWeights()}));
}

absl::Status Trainer::EvaluateReferences() {
  if (!evaluator_->references().empty()) return absl::OkStatus();  // Of the run that goes on.
  const absl::Status measured = evaluator_->EvaluateReferences();
  if (!measured.ok()) return absl::IsCancelled(measured) ? absl::OkStatus() : measured;
  return reachable_ = CheckReachable(config_.goal(), MakeEvaluation({}, {}, evaluator_->references()));
}

absl::Status Trainer::HoldWeights(const v1::WeightsHeader& version, absl::string_view weights) {
  published_ = version;
  published_weights_ = std::string(weights);
  behaviour_weights_ = {version.version(), version.updates()};
  behaviour_->SetPolicyShare(PolicyShare(config_.actor(), /*actor_index=*/0, version.env_steps()));
  return behaviour_->SetWeights(weights);
}

absl::Status Trainer::TakeWeights(const v1::WeightsHeader& version, absl::string_view weights, bool last) {
  RECBOTS_RETURN_IF_ERROR(HoldWeights(version, weights));
  // The initial weights come before the references, and are not evaluated.
  if (evaluator_->references().empty() || evaluator_->Evaluated(version)) return absl::OkStatus();
  if (!last && !evaluator_->Due(version)) return absl::OkStatus();
  return Evaluate();
}

absl::Status Trainer::Evaluate() {
  const absl::StatusOr<v1::Evaluation> evaluation = evaluator_->Evaluate(published_, published_weights_);
  if (absl::IsCancelled(evaluation.status())) return absl::OkStatus();  // Told to stop, as the learner will see.
  RECBOTS_RETURN_IF_ERROR(evaluation.status());
  record_.OnEvaluation(*evaluation);
  if (on_evaluation_) on_evaluation_(*evaluation);
  return absl::OkStatus();
}

}  // namespace recbots

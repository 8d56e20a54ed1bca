#include "deploy/cli/train/trainer.h"

#include <algorithm>
#include <utility>

#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "actor/loop/exploration.h"
#include "common/algorithms/make_algorithm.h"
#include "common/algorithms/make_policy.h"
#include "common/algorithms/transition_options.h"
#include "common/base/log.h"
#include "common/base/machine_memory.h"
#include "common/base/status_macros.h"
#include "common/config/memory_needs.h"
#include "common/networks/tensor_batch.h"
#include "common/rl/transition.h"
#include "replay/table/importance_weights.h"
#include "replay/table/make_table.h"

namespace recbots {

// Rows go straight into the table; where the limiter holds them up, the learner works until there is room.
class Trainer::TableSink : public RowSink {
 public:
  explicit TableSink(Trainer& trainer) : trainer_(trainer) {}

  absl::Status Append(absl::string_view rows, int num_rows, int64_t) override {
    const size_t row_bytes = trainer_.table_->schema().row_bytes();
    int64_t done = 0;
    while (true) {
      done += trainer_.table_->Append(rows.data() + static_cast<size_t>(done) * row_bytes, num_rows - done);
      if (done == num_rows || trainer_.LearningIsOver()) return absl::OkStatus();
      RECBOTS_RETURN_IF_ERROR(trainer_.UpdateOnce());
    }
  }

 private:
  Trainer& trainer_;
};

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(const v1::ExperimentConfig& config, const StopQuestion& stop) {
  std::unique_ptr<Trainer> trainer(new Trainer(config));
  trainer->stop_ = stop;
  RECBOTS_RETURN_IF_ERROR(trainer->Init());
  return trainer;
}

Trainer::Trainer(const v1::ExperimentConfig& config)
    : config_(config),
      keys_(static_cast<size_t>(config.learner().batch_size())),
      probabilities_(keys_.size()),
      prioritizer_(MakePrioritizerOptions(config)),
      state_(config.goal()) {}

Trainer::~Trainer() = default;

absl::Status Trainer::Init() {
  const uint64_t seed = config_.seed();
  RECBOTS_ASSIGN_OR_RETURN(scenario_, MakeTrainingScenario(config_));
  RECBOTS_RETURN_IF_ERROR(CheckGoal(config_, *scenario_, stop_));
  RECBOTS_ASSIGN_OR_RETURN(identity_, ExperimentIdentityOf(config_, *scenario_));
  const EnvironmentSpec& spec = scenario_->spec();
  RECBOTS_RETURN_IF_ERROR(CheckFits());
  const TransitionOptions rows = TransitionOptionsOf(config_.algorithm());
  RECBOTS_ASSIGN_OR_RETURN(RowSchema schema, TransitionSchema(spec, rows));
  RECBOTS_ASSIGN_OR_RETURN(table_, replay::MakeTable(config_.replay().table(), schema, seed));
  RECBOTS_ASSIGN_OR_RETURN(algorithm_, MakeAlgorithm(config_.algorithm(), spec, seed));
  RECBOTS_ASSIGN_OR_RETURN(behaviour_, MakePolicy(config_.algorithm(), spec, config_.actor().users(), seed));
  const int states = static_cast<int>(scenario_->AllObservations().size()) / std::max(1, spec.num_user_features);
  RECBOTS_ASSIGN_OR_RETURN(greedy_,
                           MakePolicy(config_.algorithm(), spec, std::max(config_.evaluator().users(), states), seed));
  greedy_->SetPolicyShare(1);
  evaluator_ = std::make_unique<Evaluator>(
      *scenario_, EvaluatorOptions{config_.evaluator().episodes(), config_.evaluator().exact(),
                                   config_.evaluator().users(), [this] { return ShouldStop(stop_); }});
  environment_ = scenario_->MakeEnvironment(config_.actor().users(), /*first_stream=*/0);
  sink_ = std::make_unique<TableSink>(*this);
  loop_ = std::make_unique<EnvironmentLoop>(*environment_, *behaviour_, schema, rows, *sink_);
  batch_ = replay::ColumnBatch(std::make_shared<const RowSchema>(schema), config_.learner().batch_size());
  return Publish();
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

absl::StatusOr<bool> Trainer::EvaluateReferences() {
  absl::StatusOr<std::vector<v1::ReferenceValue>> references = evaluator_->EvaluateReferences();
  if (absl::IsCancelled(references.status())) return false;
  RECBOTS_RETURN_IF_ERROR(references.status());
  references_ = *std::move(references);
  reachable_ = CheckReachable(config_.goal(), MakeEvaluation({}, {}, references_));
  RECBOTS_RETURN_IF_ERROR(reachable_);
  return true;
}

absl::Status Trainer::Run(const StopQuestion& stop, const std::function<void(const StatusLine&)>& on_status,
                          const std::function<void(const v1::Evaluation&, double)>& on_evaluation) {
  stop_ = stop;
  on_evaluation_ = on_evaluation;
  absl::Status status = Train(on_status);
  Ending ending = state_.Check();
  if (status.ok() && !over_) status = EvaluateLast();
  if (IsLimit(ending)) ending = state_.Check();  // The last weights may have reached the goal.
  if (!status.ok()) ending = Ending::kNotYet;
  const replay::TableState table = table_->state();
  report_ = {config_.name(),
             config_.seed(),
             ending,
             state_.counters(),
             static_cast<double>(table.sampled) / static_cast<double>(std::max<int64_t>(1, table.inserted)),
             algorithm_->losses(),
             identity_.fingerprint()};
  report_.error = std::string(status.message());
  return status;
}

absl::Status Trainer::Train(const std::function<void(const StatusLine&)>& on_status) {
  RECBOTS_ASSIGN_OR_RETURN(const bool known, EvaluateReferences());
  over_ = !known;
  while (!Over()) {
    RECBOTS_RETURN_IF_ERROR(loop_->Step(stamp_));
    state_.SetEnvSteps(loop_->env_steps());
    RECBOTS_RETURN_IF_ERROR(LearnWhileAdmitted());
    ShowStatusIfDue(on_status);
    over_ = over_ || ShouldStop(stop_);
  }
  return absl::OkStatus();
}

absl::Status Trainer::EvaluateLast() {
  if (evaluated_updates_ == algorithm_->updates()) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(Publish());
  evaluated_updates_ = -1;
  return EvaluateIfDue();
}

bool Trainer::LearningIsOver() {
  over_ = over_ || ShouldStop(stop_);
  const Ending ending = state_.Check();
  return over_ || (ending != Ending::kNotYet && ending != Ending::kMaxEnvSteps);
}

absl::Status Trainer::LearnWhileAdmitted() {
  // Without a ratio samples never wait: one update per step of the users then.
  const v1::RateLimiterConfig& limiter = config_.replay().table().rate_limiter();
  const bool has_ratio = limiter.kind() == v1::RateLimiterConfig::QUEUE || limiter.samples_per_insert() > 0;
  do {
    if (LearningIsOver() || table_->state().samples_blocked_on != replay::BlockedOn::kNone) return absl::OkStatus();
    const int64_t before = algorithm_->updates();
    RECBOTS_RETURN_IF_ERROR(UpdateOnce());
    if (algorithm_->updates() == before) return absl::OkStatus();  // A whole batch has to wait.
  } while (has_ratio);
  return absl::OkStatus();
}

absl::Status Trainer::UpdateOnce() {
  const replay::SampleResult drawn =
      table_->Sample(batch_.num_rows(), batch_.data(), keys_.data(), probabilities_.data());
  if (drawn.blocked_on != replay::BlockedOn::kNone) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(Learn());
  table_->Acknowledge(keys_);
  state_.SetUpdates(algorithm_->updates());
  if (algorithm_->updates() % config_.learner().publish_updates() != 0) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(Publish());
  return EvaluateIfDue();
}

absl::Status Trainer::Learn() {
  RECBOTS_ASSIGN_OR_RETURN(TransitionBatch batch,
                           WrapTransitions(batch_.schema(), {batch_.data(), batch_.size()}, batch_.num_rows()));
  prioritizer_.Begin(keys_.size());
  if (!prioritizer_.enabled()) return algorithm_->Update(batch, {});
  replay::ImportanceWeights(probabilities_, prioritizer_.exponent(algorithm_->updates()), prioritizer_.weights());
  RECBOTS_ASSIGN_OR_RETURN(batch.importance_weights, WrapRowValues(prioritizer_.weights()));
  RECBOTS_RETURN_IF_ERROR(algorithm_->Update(batch, prioritizer_.td_errors()));
  RECBOTS_RETURN_IF_ERROR(prioritizer_.Prioritize(keys_));
  table_->UpdatePriorities(prioritizer_.keys(), prioritizer_.priorities());
  return absl::OkStatus();
}

absl::Status Trainer::Publish() {
  ++stamp_.version;
  stamp_.updates = algorithm_->updates();
  const std::string weights = algorithm_->EncodeWeights();
  behaviour_->SetPolicyShare(PolicyShare(config_.actor(), /*actor_index=*/0, loop_->env_steps()));
  RECBOTS_RETURN_IF_ERROR(greedy_->SetWeights(weights));
  return behaviour_->SetWeights(weights);
}

absl::Status Trainer::EvaluateIfDue() {
  if (evaluated_updates_ >= 0 && stamp_.updates - evaluated_updates_ < config_.evaluator().every_updates()) {
    return absl::OkStatus();
  }
  const absl::StatusOr<PolicyValue> value = evaluator_->Evaluate(*greedy_);
  if (absl::IsCancelled(value.status())) {
    over_ = true;
    return absl::OkStatus();
  }
  RECBOTS_RETURN_IF_ERROR(value.status());
  evaluated_updates_ = stamp_.updates;
  v1::WeightsHeader version;
  version.set_version(stamp_.version);
  version.set_updates(stamp_.updates);
  version.set_env_steps(loop_->env_steps());
  const v1::Evaluation evaluation = MakeEvaluation(version, *value, references_);
  state_.OnEvaluation(evaluation);
  if (on_evaluation_) on_evaluation_(evaluation, state_.wall_seconds());
  return absl::OkStatus();
}

void Trainer::ShowStatusIfDue(const std::function<void(const StatusLine&)>& on_status) {
  const RunCounters now = state_.counters();
  const double seconds = now.wall_seconds - last_status_.wall_seconds;
  if (seconds < config_.learner().status_seconds()) return;
  StatusLine line;
  line.counters = now;
  line.updates_per_second = static_cast<double>(now.updates - last_status_.updates) / seconds;
  line.env_steps_per_second = static_cast<double>(now.env_steps - last_status_.env_steps) / seconds;
  line.num_actors = 1;
  const replay::TableState table = table_->state();
  line.samples_per_insert =
      static_cast<double>(table.sampled) / static_cast<double>(std::max<int64_t>(1, table.inserted));
  line.samples_per_insert_target = config_.replay().table().rate_limiter().samples_per_insert();
  if (prioritizer_.enabled()) line.importance_exponent = prioritizer_.exponent(now.updates);
  line.evaluation = state_.goal().newest();
  line.bound_by = "one thread for all";
  last_status_ = now;
  on_status(line);
}

}  // namespace recbots

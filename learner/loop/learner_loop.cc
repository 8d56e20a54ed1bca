#include "learner/loop/learner_loop.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/row_json.h"
#include "common/base/status_macros.h"
#include "common/networks/tensor_batch.h"
#include "common/rl/transition.h"
#include "common/role/run_directory.h"
#include "learner/run/results.h"
#include "replay/table/importance_weights.h"

namespace recbots {
namespace {

// How long one wait for a batch lasts before the loop looks whether it should stop.
constexpr absl::Duration kPatience = absl::Milliseconds(100);

const std::vector<double> kLagUpdateBounds = {0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 100000};
const std::vector<double> kLagSecondBounds = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 1000};

template <typename T>
absl::Span<const T> ColumnOf(const replay::ColumnBatch& batch, const char* name) {
  return batch.column<T>(static_cast<size_t>(batch.schema().Find(name)));
}

}  // namespace

LearnerLoopOptions MakeLearnerLoopOptions(const v1::ExperimentConfig& config) {
  LearnerLoopOptions options;
  options.publish_updates = config.learner().publish_updates();
  options.updates_per_batch = config.learner().updates_per_batch();
  options.status_period = absl::Seconds(config.learner().status_seconds());
  options.samples_per_insert = config.replay().table().rate_limiter().samples_per_insert();
  options.prioritizer = MakePrioritizerOptions(config);
  options.checkpoint_period = absl::Seconds(config.learner().checkpoint().interval_seconds());
  return options;
}

LearnerLoop::LearnerLoop(const LearnerLoopOptions& options, Hooks hooks, Algorithm& algorithm, BatchSource& batches,
                         WeightStore& store, RunState& state, Metrics& metrics)
    : options_(options),
      hooks_(std::move(hooks)),
      algorithm_(algorithm),
      batches_(batches),
      store_(store),
      state_(state),
      metrics_(metrics),
      updates_total_(metrics.counter(metric::kLearnerUpdates)),
      env_steps_total_(metrics.counter(metric::kLearnerEnvSteps)),
      lag_updates_(metrics.histogram(metric::kLearnerLagUpdates, kLagUpdateBounds)),
      lag_seconds_(metrics.histogram(metric::kLearnerLagSeconds, kLagSecondBounds)),
      prioritizer_(options.prioritizer) {}

absl::Status LearnerLoop::Publish(bool last) {
  if (follows()) {
    newest_.set_updates(algorithm_.updates());  // Rank 0 publishes them.
    return absl::OkStatus();
  }
  const RunCounters counters = state_.counters();
  const std::string weights = algorithm_.EncodeWeights();
  const std::shared_ptr<const WeightsSnapshot> snapshot =
      store_.Publish(weights, {algorithm_.updates(), counters.env_steps, counters.wall_seconds,
                               options_.controls == nullptr ? 0 : options_.controls->evaluations_asked()});
  newest_ = snapshot->header;
  published_.Add(newest_.version(), Instant::Now());
  metrics_.gauge(metric::kLearnerVersion).Set(static_cast<double>(newest_.version()));
  return hooks_.on_weights ? hooks_.on_weights(snapshot->header, weights, last) : absl::OkStatus();
}

absl::Status LearnerLoop::Run() {
  const absl::Status trained = Train();
  LeaveGroup(trained);
  waits_for_batch_.reset();
  // With keep training has gone on after the ending; after an error, too, the networks are in memory.
  if (!over_ || options_.keep || !trained.ok()) saved_ = Save(trained);
  // What has diverged is no checkpoint: the one before stays.
  const absl::Status kept = algorithm_.finite() ? Checkpoint(/*last=*/true) : absl::OkStatus();
  return JoinErrors(trained, JoinErrors(saved_, kept));
}

void LearnerLoop::Resume(const v1::LearnerState& state) {
  newest_ = state.published();
  newest_.clear_evaluations_asked();  // Those of the process before.
  earlier_env_steps_ = state_.env_steps() - batches_.env_steps();
  // Without keep, the ending is looked at once more, for its results.
  over_ = options_.keep && state.over() && state_.Check() != Ending::kNotYet;
  if (over_) ending_ = state_.Check();
  resumed_ = true;
}

absl::Status LearnerLoop::Checkpoint(bool last) {
  if (!hooks_.on_checkpoint) return absl::OkStatus();
  v1::LearnerState state;
  *state.mutable_published() = newest_;
  state.set_over(over_);
  return hooks_.on_checkpoint(std::move(state), last);
}

void LearnerLoop::CheckpointIfDue(Instant now) {
  const bool asked = options_.controls != nullptr && options_.controls->TakeCheckpoint();
  const bool due =
      options_.checkpoint_period > absl::ZeroDuration() && now - checkpointed_ >= options_.checkpoint_period;
  if (!asked && !due) return;
  checkpointed_ = now;
  if (!algorithm_.finite()) return;  // The next update says so.
  // The run goes on without it, and the next one is tried in its turn.
  if (const absl::Status begun = Checkpoint(/*last=*/false); !begun.ok()) {
    RECBOTS_LOG(ERROR) << "no checkpoint of the run, the one before stays" << Field("why", begun.message());
  }
}

absl::Status LearnerLoop::Save(const absl::Status& error) {
  if (follows()) return absl::OkStatus();
  return hooks_.on_ending({ending_, error, samples_per_insert_, algorithm_.losses(), algorithm_.EncodeWeights(),
                           diverged_batch_, options_.device, algorithm_.compute_mode(),
                           group_ == nullptr ? 1 : group_->size()});
}

absl::Status LearnerLoop::Train() {
  const Instant start = Instant::Now();
  BeginPeriod(start, state_.counters());
  checkpointed_ = start - std::max(absl::ZeroDuration(), options_.checkpoint_period - options_.first_checkpoint);
  if (resumed_) RECBOTS_RETURN_IF_ERROR(CheckEnding());
  while (!hooks_.stop() && !end_asked() && !group_has_ended() && (!over_ || options_.keep)) {
    RECBOTS_RETURN_IF_ERROR(Round());
    RECBOTS_RETURN_IF_ERROR(PublishIfAsked());
    RECBOTS_RETURN_IF_ERROR(CheckReachable());
    RECBOTS_RETURN_IF_ERROR(CheckEnding());
    const Instant now = Instant::Now();
    ShowStatusIfDue(now);
    CheckpointIfDue(now);
  }
  if (end_asked() && !over_) ending_ = Ending::kByHand;
  return absl::OkStatus();
}

absl::Status LearnerLoop::LearnFromNext() {
  RECBOTS_ASSIGN_OR_RETURN(std::optional<replay::SampledBatch> sampled, NextBatch());
  NoteEnvSteps();
  if (!sampled.has_value()) return IdleRound();
  RECBOTS_RETURN_IF_ERROR(Learn(*sampled));
  NoteCounts(sampled->counts);
  period_.waited_for[static_cast<size_t>(sampled->blocked_on)] += sampled->blocked;
  NoteLags(sampled->batch);
  replay_rows_ = sampled->table.rows();
  batch_rows_ = sampled->batch.num_rows();
  batches_.Recycle(*std::move(sampled));
  return PublishIfDue();
}

bool LearnerLoop::publication_is_due() const {
  return algorithm_.updates() - newest_.updates() >= options_.publish_updates;
}

absl::Status LearnerLoop::PublishIfDue() { return publication_is_due() ? PublishWeights() : absl::OkStatus(); }

absl::Status LearnerLoop::Update(const TransitionBatch& batch, const replay::SampledBatch& sampled,
                                 absl::Span<float> td_errors) {
  if (group_ != nullptr && prioritizer_.enabled()) {
    group_->UseImportance(*std::min_element(sampled.probabilities.begin(), sampled.probabilities.end()),
                          importance_exponent_);
  }
  const absl::Status updated = algorithm_.Update(batch, td_errors);
  // A gradient that would have reached all learners.
  if (absl::IsFailedPrecondition(updated)) return Diverged(sampled, algorithm_.updates() + 1, updated);
  RECBOTS_RETURN_IF_ERROR(updated);
  RECBOTS_RETURN_IF_ERROR(CheckFinite(sampled));
  updates_total_.Increment();
  if (hooks_.progressed) hooks_.progressed(1);
  state_.SetUpdates(algorithm_.updates());
  return absl::OkStatus();
}

absl::Status LearnerLoop::Learn(const replay::SampledBatch& sampled) {
  const replay::ColumnBatch& rows = sampled.batch;
  RECBOTS_ASSIGN_OR_RETURN(const at::Tensor catalogue, WrapCatalogue(options_.catalogue.get()));
  RECBOTS_ASSIGN_OR_RETURN(TransitionBatch batch,
                           WrapTransitions(rows.schema(), {rows.data(), rows.size()}, rows.num_rows(), catalogue));
  prioritizer_.Begin(sampled.probabilities.size());
  if (prioritizer_.enabled()) {
    importance_exponent_ = prioritizer_.exponent(algorithm_.updates());
    replay::ImportanceWeights(sampled.probabilities, importance_exponent_, prioritizer_.weights());
    RECBOTS_ASSIGN_OR_RETURN(batch.importance_weights, WrapRowValues(prioritizer_.weights()));
  }
  for (int i = 1; i < options_.updates_per_batch; ++i) {
    RECBOTS_RETURN_IF_ERROR(Update(batch, sampled, {}));
    RECBOTS_RETURN_IF_ERROR(PublishIfDue());
  }
  RECBOTS_RETURN_IF_ERROR(Update(batch, sampled, prioritizer_.td_errors()));
  return prioritizer_.enabled() ? SendPriorities(sampled) : absl::OkStatus();
}

absl::Status LearnerLoop::CheckFinite(const replay::SampledBatch& sampled) {
  if (publication_is_due() ? algorithm_.finite() : algorithm_.finite_so_far()) return absl::OkStatus();
  return Diverged(sampled, algorithm_.updates(), algorithm_.WhyNotFinite());
}

absl::Status LearnerLoop::Diverged(const replay::SampledBatch& sampled, int64_t update, const absl::Status& why) {
  const replay::ColumnBatch& rows = sampled.batch;
  diverged_batch_ = BatchJsonLines(rows.schema(), rows.data(), static_cast<size_t>(rows.num_rows()));
  return absl::FailedPreconditionError(absl::StrCat("training has diverged with update ", update, ": ", why.message(),
                                                    "; nothing of it was published, the weights of update ",
                                                    newest_.updates(), " were the last; try a lower learning rate (",
                                                    kDivergedFile, " has the batch)"));
}

absl::Status LearnerLoop::SendPriorities(const replay::SampledBatch& sampled) {
  const int64_t left_out = prioritizer_.not_finite();
  RECBOTS_RETURN_IF_ERROR(prioritizer_.Prioritize(sampled.keys));
  const auto left_out_now = static_cast<double>(prioritizer_.not_finite() - left_out);
  metrics_.counter(metric::kLearnerPriorities, "not_finite").Increment(left_out_now);
  metrics_.counter(metric::kLearnerPriorities, "sent").Increment(static_cast<double>(prioritizer_.keys().size()));
  const absl::Status sent = batches_.UpdatePriorities(prioritizer_.keys(), prioritizer_.priorities());
  // Rows keep the priorities they had, which training survives; what is final, Next tells as well.
  if (!sent.ok() && std::has_single_bit(++failed_sends_)) {
    RECBOTS_LOG(WARNING) << "priorities not sent: " << sent.message() << Field("batches_so_far", failed_sends_);
  }
  return absl::OkStatus();
}

void LearnerLoop::NoteEnvSteps() {
  const int64_t env_steps = earlier_env_steps_ + batches_.env_steps();
  if (hooks_.progressed && env_steps > state_.env_steps()) hooks_.progressed(0);
  env_steps_total_.Increment(static_cast<double>(env_steps - state_.env_steps()));
  state_.SetEnvSteps(env_steps);
}

void LearnerLoop::NoteCounts(const replay::SampledCounts& counts) {
  samples_per_insert_ =
      counts.inserted == 0 ? 0 : static_cast<double>(counts.sampled) / static_cast<double>(counts.inserted);
  counts_ = counts;
}

absl::StatusOr<std::optional<replay::SampledBatch>> LearnerLoop::NextBatch() {
  const Instant start = Instant::Now();
  absl::StatusOr<replay::SampledBatch> sampled = batches_.Next(start + kPatience);
  const absl::Duration waited = Instant::Now() - start;
  period_.waited += waited;
  if (group_ != nullptr) group_->NoteWait(waited);
  if (sampled.ok()) {
    waits_for_batch_.reset();
    hooks_.activity("training");
    return std::optional<replay::SampledBatch>(*std::move(sampled));
  }
  if (!absl::IsDeadlineExceeded(sampled.status()) || !batches_.status().ok()) {
    return hooks_.stop() ? absl::StatusOr<std::optional<replay::SampledBatch>>(std::nullopt) : sampled.status();
  }
  if (!waits_for_batch_.has_value()) {
    waits_for_batch_.emplace(options_.waits, WaitFor{.thing = "a batch from replay", .peer = options_.batches_from},
                             start);
  }
  return std::optional<replay::SampledBatch>();
}

void LearnerLoop::NoteLags(const replay::ColumnBatch& batch) {
  // One row of each batch: enough for quantiles, and cheap beside an update.
  const auto row = static_cast<size_t>(algorithm_.updates()) % static_cast<size_t>(batch.num_rows());
  const int64_t collected_with = ColumnOf<int64_t>(batch, transition::kWeightsUpdates)[row];
  const int64_t collected_micros = ColumnOf<int64_t>(batch, transition::kCollectedMicros)[row];
  // Weights of another learner chose what was collected before: its updates and versions are not counted in ours. The
  // dates, which depend on how clocks are set, are asked only where there are such rows.
  if (counts_.inserted_before > 0 && collected_micros < began_micros_) return;
  const int64_t version = ColumnOf<int64_t>(batch, transition::kWeightsVersion)[row];
  // Both ends of this age are on our own clock: that of the actor may be set otherwise.
  const std::optional<absl::Duration> age = published_.Age(version, Instant::Now());
  if (age.has_value()) {
    lag_seconds_.Observe(absl::ToDoubleSeconds(*age));
    seconds_lag_.Add(absl::ToDoubleSeconds(*age));
  }
  // Nor are those of weights that an actor still holds. It is the first update on the batch that counts.
  const int64_t before = algorithm_.updates() - options_.updates_per_batch;
  const auto lag = static_cast<double>(std::max<int64_t>(0, before - collected_with));
  lags_.Add(lag);
  lag_updates_.Observe(lag);
}

absl::Status LearnerLoop::CheckReachable() {
  const int64_t evaluations = state_.evaluations();
  if (over_ || follows() || evaluations == evaluations_checked_) return absl::OkStatus();
  evaluations_checked_ = evaluations;
  return state_.goal().CheckReachable();
}

absl::Status LearnerLoop::CheckEnding() {
  if (over_ || follows()) return absl::OkStatus();
  Ending ending = state_.Check();
  if (ending == Ending::kNotYet) return absl::OkStatus();
  if (ending == Ending::kMaxEnvSteps && !batches_.drained()) return absl::OkStatus();
  if (IsLimit(ending)) {
    RECBOTS_RETURN_IF_ERROR(EvaluateLast());
    ending = state_.Check();
  }
  over_ = true;
  period_.start = Instant::InfinitePast();  // The line that shows the goal comes at once.
  ShowStatusIfDue(Instant::Now());
  ending_ = ending;
  if (!options_.keep) LeaveGroup(absl::OkStatus());
  saved_ = Save(absl::OkStatus());
  // Tried once more when it ends.
  if (!saved_.ok() && options_.keep) RECBOTS_LOG(ERROR) << saved_.message();
  return absl::OkStatus();
}

absl::Status LearnerLoop::EvaluateLast() {
  if (hooks_.on_weights) return Publish(/*last=*/true);
  if (newest_.updates() != algorithm_.updates()) RECBOTS_RETURN_IF_ERROR(PublishWeights());
  AwaitLastEvaluation();
  return absl::OkStatus();
}

void LearnerLoop::AwaitLastEvaluation() {
  const ScopedWait wait(options_.waits, {.thing = "the last evaluation", .kind = WaitKind::kIdle});
  int64_t evaluations = state_.evaluations();
  Instant last_sign = Instant::Now();
  while (hooks_.watchers().evaluators > 0 && !hooks_.stop()) {
    if (state_.AwaitEvaluationOf(newest_.version(), kPatience) || !IdleRound().ok()) return;
    if (const int64_t now = state_.evaluations(); now != evaluations) {
      evaluations = now;
      last_sign = Instant::Now();
      continue;
    }
    if (Instant::Now() - last_sign < options_.final_evaluation) continue;
    RECBOTS_LOG(WARNING) << "the last weights were not evaluated" << Field("version", newest_.version())
                         << Field("waited", absl::FormatDuration(options_.final_evaluation));
    return;
  }
}

}  // namespace recbots

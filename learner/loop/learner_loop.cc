#include "learner/loop/learner_loop.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/networks/tensor_batch.h"
#include "common/rl/transition.h"

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

LearnerLoop::LearnerLoop(const LearnerLoopOptions& options, Hooks hooks, Algorithm& algorithm,
                         replay::ReplaySampler& sampler, WeightStore& store, RunState& state, Metrics& metrics)
    : options_(options),
      hooks_(std::move(hooks)),
      algorithm_(algorithm),
      sampler_(sampler),
      store_(store),
      state_(state),
      metrics_(metrics),
      updates_total_(metrics.counter(metric::kLearnerUpdates)),
      env_steps_total_(metrics.counter(metric::kLearnerEnvSteps)),
      lag_updates_(metrics.histogram(metric::kLearnerLagUpdates, kLagUpdateBounds)),
      lag_seconds_(metrics.histogram(metric::kLearnerLagSeconds, kLagSecondBounds)) {}

void LearnerLoop::PublishWeights() {
  const RunCounters counters = state_.counters();
  const std::shared_ptr<const WeightsSnapshot> snapshot =
      store_.Publish(algorithm_.EncodeWeights(), {algorithm_.updates(), counters.env_steps, counters.wall_seconds});
  published_version_ = snapshot->header.version();
  published_updates_ = algorithm_.updates();
  metrics_.gauge(metric::kLearnerVersion).Set(static_cast<double>(published_version_));
}

absl::Status LearnerLoop::Run() {
  period_ = {absl::Now(), state_.counters(), absl::ZeroDuration(), {}};
  while (!hooks_.stop() && (!over_ || options_.keep)) {
    RECBOTS_RETURN_IF_ERROR(UpdateOnce());
    CheckEnding();
    ShowStatusIfDue(absl::Now());
  }
  if (!over_) hooks_.on_ending(Ending::kNotYet);
  return absl::OkStatus();
}

absl::Status LearnerLoop::UpdateOnce() {
  RECBOTS_ASSIGN_OR_RETURN(std::optional<replay::SampledBatch> sampled, NextBatch());
  if (!sampled.has_value()) return absl::OkStatus();
  const replay::ColumnBatch& rows = sampled->batch;
  RECBOTS_ASSIGN_OR_RETURN(const TransitionBatch batch,
                           WrapTransitions(rows.schema(), {rows.data(), rows.size()}, rows.num_rows()));
  RECBOTS_RETURN_IF_ERROR(algorithm_.Update(batch));
  updates_total_.Increment();
  state_.SetUpdates(algorithm_.updates());
  env_steps_.Observe(sampled->table.incarnation(), sampled->table.inserted());
  env_steps_total_.Increment(static_cast<double>(env_steps_.total() - state_.env_steps()));
  // After a restart replay holds the rows of former learners: they are no rate of now.
  if (state_.env_steps() == 0) period_.counters.env_steps = env_steps_.total();
  state_.SetEnvSteps(env_steps_.total());
  samples_per_insert_ = static_cast<double>(sampled->table.sampled()) /
                        static_cast<double>(std::max<int64_t>(1, sampled->table.inserted()));
  period_.waited_for[static_cast<size_t>(sampled->blocked_on)] += sampled->blocked;
  NoteLags(rows);
  sampler_.Recycle(std::move(sampled->batch));
  if (algorithm_.updates() - published_updates_ >= options_.publish_updates) PublishWeights();
  return absl::OkStatus();
}

absl::StatusOr<std::optional<replay::SampledBatch>> LearnerLoop::NextBatch() {
  const absl::Time start = absl::Now();
  absl::StatusOr<replay::SampledBatch> sampled = sampler_.Next(start + kPatience);
  const absl::Duration waited = absl::Now() - start;
  period_.waited += waited;
  if (sampled.ok()) {
    hooks_.activity("training");
    return std::optional<replay::SampledBatch>(*std::move(sampled));
  }
  if (!absl::IsDeadlineExceeded(sampled.status()) || !sampler_.status().ok()) {
    return hooks_.stop() ? absl::StatusOr<std::optional<replay::SampledBatch>>(std::nullopt) : sampled.status();
  }
  hooks_.activity("waiting for a batch from replay");
  return std::optional<replay::SampledBatch>();
}

void LearnerLoop::NoteLags(const replay::ColumnBatch& batch) {
  // One row of each batch: enough for quantiles, and cheap beside an update.
  const auto row = static_cast<size_t>(algorithm_.updates()) % static_cast<size_t>(batch.num_rows());
  const int64_t collected_with = ColumnOf<int64_t>(batch, transition::kWeightsUpdates)[row];
  const int64_t collected_micros = ColumnOf<int64_t>(batch, transition::kCollectedMicros)[row];
  // Weights of a learner before this one may have had more updates.
  const auto lag = static_cast<double>(std::max<int64_t>(0, algorithm_.updates() - 1 - collected_with));
  lags_.Add(lag);
  lag_updates_.Observe(lag);
  lag_seconds_.Observe(std::max(0.0, 1e-6 * static_cast<double>(absl::ToUnixMicros(absl::Now()) - collected_micros)));
}

void LearnerLoop::CheckEnding() {
  if (over_) return;
  Ending ending = state_.Check();
  if (ending == Ending::kNotYet) return;
  if (ending == Ending::kMaxUpdates || ending == Ending::kMaxSeconds) {
    // The last weights count, not those that happened to be evaluated last.
    if (published_updates_ != algorithm_.updates()) PublishWeights();
    hooks_.activity("waiting for the last evaluation");
    const absl::Time deadline = absl::Now() + options_.final_evaluation;
    while (hooks_.watchers().evaluators > 0 && absl::Now() < deadline && !hooks_.stop() &&
           !state_.AwaitEvaluationOf(published_version_, kPatience)) {
    }
    ending = state_.Check();
  }
  over_ = true;
  period_.start = absl::InfinitePast();  // The line that shows the goal comes at once.
  ShowStatusIfDue(absl::Now());
  hooks_.on_ending(ending);
}

void LearnerLoop::ShowStatusIfDue(absl::Time now) {
  const int64_t evaluations = state_.evaluations();
  if (evaluations != evaluations_seen_) {
    evaluations_seen_ = evaluations;
    const std::optional<v1::Evaluation> newest = state_.goal().newest();
    metrics_.gauge(metric::kLearnerValue).Set(newest->value());
    metrics_.gauge(metric::kLearnerRandom).Set(newest->random_value());
    if (newest->has_optimum()) {
      metrics_.gauge(metric::kLearnerOptimum).Set(newest->optimum());
      metrics_.gauge(metric::kLearnerShare).Set(ShareOfOptimum(*newest));
    }
  }
  if (now - period_.start < options_.status_period) return;
  const RunCounters counters = state_.counters();
  const double seconds = std::max(1e-3, counters.wall_seconds - period_.counters.wall_seconds);
  const Watchers watchers = hooks_.watchers();
  StatusLine line;
  line.counters = counters;
  line.updates_per_second = static_cast<double>(counters.updates - period_.counters.updates) / seconds;
  line.env_steps_per_second = static_cast<double>(counters.env_steps - period_.counters.env_steps) / seconds;
  line.num_actors = watchers.actors;
  line.lag_p50_updates = lags_.Quantile(0.5);
  line.lag_p99_updates = lags_.Quantile(0.99);
  line.samples_per_insert = samples_per_insert_;
  line.samples_per_insert_target = options_.samples_per_insert;
  line.evaluation = state_.goal().newest();
  line.bound_by = BoundBy(watchers, absl::Seconds(seconds));
  metrics_.gauge(metric::kLearnerUpdateRate).Set(line.updates_per_second);
  metrics_.gauge(metric::kLearnerEnvRate).Set(line.env_steps_per_second);
  metrics_.gauge(metric::kLearnerActors).Set(watchers.actors);
  metrics_.gauge(metric::kLearnerEvaluators).Set(watchers.evaluators);
  metrics_.gauge(metric::kLearnerSpi).Set(samples_per_insert_);
  metrics_.counter(metric::kLearnerWait).Increment(absl::ToDoubleSeconds(period_.waited));
  for (const auto& [name, loss] : algorithm_.losses()) metrics_.gauge(metric::kLearnerLoss, name).Set(loss);
  hooks_.print(FormatStatusLine(line));
  state_.SetStatus(std::move(line));
  period_ = {now, counters, absl::ZeroDuration(), {}};
}

std::string LearnerLoop::BoundBy(const Watchers& watchers, absl::Duration elapsed) const {
  if (watchers.actors == 0 && period_.waited > 0.5 * elapsed) return "actors (none connected)";
  if (period_.waited < 0.3 * elapsed) return "learner";
  const auto waited_for = [&](replay::BlockedOn reason) { return period_.waited_for[static_cast<size_t>(reason)]; };
  if (waited_for(replay::BlockedOn::kSpiSample) + waited_for(replay::BlockedOn::kMinSize) > absl::ZeroDuration()) {
    return "actors";
  }
  return period_.counters.updates == state_.updates() ? "replay (no batches come)" : "replay";
}

}  // namespace recbots

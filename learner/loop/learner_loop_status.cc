// What a learner's loop shows of itself: its status line, and the metrics that change with it.
#include <algorithm>
#include <utility>

#include "common/base/instant.h"
#include "learner/loop/learner_loop.h"
#include "replay/table/rate_limiter.h"

namespace recbots {
namespace {

// For histograms: finer than those of the metrics, which Prometheus keeps for ever.
const std::vector<double> kLagUpdateSteps = {0,    1,    2,    3,    5,     7,     10,    15,    20,   30,
                                             50,   70,   100,  150,  200,   300,   500,   700,   1000, 1500,
                                             2000, 3000, 5000, 7000, 10000, 20000, 50000, 100000};
const std::vector<double> kLagSecondSteps = {0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07,
                                             0.1,   0.15,  0.2,   0.3,   0.5,   0.7,  1,     1.5,  2,    3,    5,
                                             7,     10,    15,    20,    30,    60,   120,   300,  1000};

}  // namespace

void LearnerLoop::ShowEvaluation() {
  const int64_t evaluations = state_.evaluations();
  if (evaluations == evaluations_seen_) return;
  evaluations_seen_ = evaluations;
  const std::optional<v1::Evaluation> newest = state_.goal().newest();
  metrics_.gauge(metric::kLearnerValue).Set(newest->value());
  metrics_.gauge(metric::kLearnerRandom).Set(newest->random_value());
  for (const v1::ReferenceValue& reference : newest->references()) {
    metrics_.gauge(metric::kLearnerReference, reference.name()).Set(reference.value());
  }
  if (const std::optional<double> gap = ShareOfGap(*newest); gap.has_value()) {
    metrics_.gauge(metric::kLearnerGap).Set(*gap);
  }
  if (newest->has_optimum()) metrics_.gauge(metric::kLearnerOptimum).Set(newest->optimum());
  if (const std::optional<double> share = ShareOfOptimum(*newest); share.has_value()) {
    metrics_.gauge(metric::kLearnerShare).Set(*share);
  }
}

void LearnerLoop::ShowPrioritizer(StatusLine& line) {
  if (!prioritizer_.enabled()) return;
  line.importance_exponent = prioritizer_.exponent(algorithm_.updates());
  const Prioritizer::Means means = prioritizer_.TakeMeans();
  metrics_.gauge(metric::kLearnerBeta).Set(*line.importance_exponent);
  metrics_.gauge(metric::kLearnerWeight).Set(means.weight);
  metrics_.gauge(metric::kLearnerPriority).Set(means.priority);
  for (const auto& [outcome, total] : {std::pair{"stale", counts_.priorities_stale},
                                       {"refused", counts_.priorities_refused},
                                       {"dropped", batches_.dropped_priorities()}}) {
    RaiseTo(metrics_.counter(metric::kLearnerPriorities, outcome), static_cast<double>(total));
  }
}

void LearnerLoop::ShowStatusIfDue(Instant now) {
  ShowEvaluation();
  if (now - period_.start < options_.status_period) return;
  const RunCounters counters = state_.counters();
  const double seconds = std::max(1e-3, counters.wall_seconds - period_.counters.wall_seconds);
  const Watchers watchers = hooks_.watchers();
  StatusLine line;
  line.counters = counters;
  line.device = options_.device;
  line.updates_per_second = static_cast<double>(counters.updates - period_.counters.updates) / seconds;
  line.env_steps_per_second = static_cast<double>(counters.env_steps - period_.counters.env_steps) / seconds;
  ShowGroup(line);
  line.num_actors = watchers.actors;
  line.lag_p50_updates = lags_.Quantile(0.5);
  line.lag_p99_updates = lags_.Quantile(0.99);
  line.samples_per_insert = samples_per_insert_;
  line.samples_per_insert_target = options_.samples_per_insert;
  line.evaluation = state_.goal().newest();
  line.bound_by = BoundBy(watchers, absl::Seconds(seconds));
  if (hooks_.stalled) line.stalled = hooks_.stalled();
  ShowPrioritizer(line);
  metrics_.gauge(metric::kLearnerUpdateRate).Set(line.updates_per_second);
  metrics_.gauge(metric::kLearnerEnvRate).Set(line.env_steps_per_second);
  metrics_.gauge(metric::kLearnerActors).Set(watchers.actors);
  metrics_.gauge(metric::kLearnerEvaluators).Set(watchers.evaluators);
  metrics_.gauge(metric::kLearnerSpi).Set(samples_per_insert_);
  metrics_.counter(metric::kLearnerWait).Increment(absl::ToDoubleSeconds(period_.waited));
  line.losses = algorithm_.losses();
  for (const auto& [name, loss] : line.losses) metrics_.gauge(metric::kLearnerLoss, name).Set(loss);
  hooks_.print(FormatStatusLine(line));
  if (hooks_.on_status) {
    AddDetails(line, watchers, seconds);
    hooks_.on_status(line);
  }
  state_.SetStatus(std::move(line));
  BeginPeriod(now, counters);
}

void LearnerLoop::AddDetails(StatusLine& line, const Watchers& watchers, double seconds) const {
  line.num_evaluators = watchers.evaluators;
  line.lag_p50_seconds = seconds_lag_.Quantile(0.5);
  line.lag_p99_seconds = seconds_lag_.Quantile(0.99);
  line.lag_updates = {kLagUpdateSteps, lags_.Counts(kLagUpdateSteps)};
  line.lag_seconds = {kLagSecondSteps, seconds_lag_.Counts(kLagSecondSteps)};
  line.paused = paused();
  line.replay_rows = replay_rows_;
  line.waited_ratio = std::min(1.0, absl::ToDoubleSeconds(period_.waited) / seconds);
  const auto longest = std::max_element(period_.waited_for.begin(), period_.waited_for.end());
  if (*longest <= absl::ZeroDuration()) return;
  line.blocked_on = std::string(replay::NameOf(static_cast<replay::BlockedOn>(longest - period_.waited_for.begin())));
}

void LearnerLoop::BeginPeriod(Instant now, const RunCounters& counters) {
  period_ = Period();
  period_.start = now;
  period_.counters = counters;
  if (group_ == nullptr) return;
  period_.exchanged = group_->exchanged();
  period_.group_waited = group_->waited();
}

void LearnerLoop::ShowGroup(StatusLine& line) {
  const LearnerGroup* group = group_;
  line.num_learners = group == nullptr ? 1 : group->size();
  line.rows_per_second = line.updates_per_second * static_cast<double>(batch_rows_ * line.num_learners);
  metrics_.gauge(metric::kLearnerLearners).Set(line.num_learners);
  metrics_.gauge(metric::kLearnerRowRate).Set(line.rows_per_second);
  if (group == nullptr) return;
  metrics_.gauge(metric::kLearnerRank).Set(group->rank());
  RaiseTo(metrics_.counter(metric::kLearnerExchange), absl::ToDoubleSeconds(group->exchanged()));
}

std::string LearnerLoop::BoundBy(const Watchers& watchers, absl::Duration elapsed) const {
  // Of the learner that waited longest: the others wait for it.
  if (paused()) return "a pause by hand";
  const absl::Duration waited = group_ == nullptr ? period_.waited : group_->waited() - period_.group_waited;
  if (!follows() && watchers.actors == 0 && waited > 0.5 * elapsed) return "actors (none connected)";
  if (waited < 0.3 * elapsed) {
    const bool exchanges = group_ != nullptr && group_->exchanged() - period_.exchanged - waited > 0.5 * elapsed;
    return exchanges ? "the other learners" : "learner";
  }
  if (hooks_.on_weights) return "actors";  // They act on this thread while the loop waits.
  const auto waited_for = [&](replay::BlockedOn reason) { return period_.waited_for[static_cast<size_t>(reason)]; };
  if (waited_for(replay::BlockedOn::kSpiSample) + waited_for(replay::BlockedOn::kMinSize) > absl::ZeroDuration()) {
    return "actors";
  }
  return period_.counters.updates == state_.updates() ? "replay (no batches come)" : "replay";
}

}  // namespace recbots

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"
#include "common/base/instant.h"
#include "replay/report/replay_report.h"

namespace recbots::replay {
namespace {

struct CounterMetric {
  const char* counter;
  const MetricDescription& metric;
  const char* label = "";
};

constexpr CounterMetric kCounterMetrics[] = {
    {"inserted", metric::kReplayInserted},
    {"sampled", metric::kReplaySampled},
    {"refunded", metric::kReplayRefunded},
    {"consumed", metric::kReplayConsumed},
    {"evicted", metric::kReplayEvicted},
    {"duplicates", metric::kReplayDuplicates},
    {"priorities_updated", metric::kReplayPriorities, "updated"},
    {"priorities_stale", metric::kReplayPriorities, "stale"},
    {"priorities_refused", metric::kReplayPriorities, "refused"},
};

CounterMetric MetricOf(absl::string_view counter) {
  for (const CounterMetric& shown : kCounterMetrics) {
    if (shown.counter == counter) return shown;
  }
  return {counter.data(), metric::kReplayCounted, counter.data()};
}

}  // namespace

ReplayMetrics::ReplayMetrics(Metrics* metrics, const Store* store, const ReplayService* service,
                             const Checkpointer* checkpointer)
    : metrics_(*metrics), store_(*store), service_(*service), checkpointer_(checkpointer), start_(Instant::Now()) {
  for (const std::unique_ptr<TablePlace>& place : store_.places()) before_.push_back(place->state());
  Refresh();
}

void ReplayMetrics::Refresh() {
  for (size_t i = 0; i < before_.size(); ++i) RefreshTable(*store_.places()[i], before_[i]);
  if (checkpointer_ != nullptr) RefreshCheckpoints();
}

void ReplayMetrics::RefreshTable(const TablePlace& place, const TableState& before) {
  const std::string& name = place.name();
  const TableState state = place.state();
  const ReplayServiceStats stats = service_.stats(name);
  const auto set = [&](const MetricDescription& metric, int64_t value) {
    metrics_.gauge(metric, name).Set(static_cast<double>(value));
  };
  set(metric::kReplayRows, state.rows);
  set(metric::kReplayBytes, state.bytes);
  set(metric::kReplayLeased, state.leased);
  set(metric::kReplayWriters, stats.writers);
  set(metric::kReplayReaders, stats.readers);
  set(metric::kReplayObservers, stats.observers);
  set(metric::kReplayWeightsVersion, stats.weights_version);
  for (const auto& [counter, member] : kTableCounters) {
    const CounterMetric shown = MetricOf(counter);
    Raise(shown.metric, static_cast<double>(state.*member - before.*member), name, shown.label);
  }
  Raise(metric::kReplayRefusedBlocks, static_cast<double>(stats.refused_blocks), name);
  Raise(metric::kReplayObserved, static_cast<double>(stats.observed_rows), name);
  Raise(metric::kReplayDeadWriters, static_cast<double>(stats.dead_writers), name);
  for (const BlockedOn reason : {BlockedOn::kMinSize, BlockedOn::kSpiInsert, BlockedOn::kSpiSample,
                                 BlockedOn::kCapacity, BlockedOn::kItems, BlockedOn::kCheckpoint}) {
    const absl::Duration blocked = stats.blocked[static_cast<size_t>(reason)];
    Raise(metric::kReplayBlocked, absl::ToDoubleSeconds(blocked), name, std::string(NameOf(reason)));
  }
}

void ReplayMetrics::RefreshCheckpoints() {
  const CheckpointerStats stats = checkpointer_->stats();
  Raise(metric::kReplayCheckpoints, static_cast<double>(stats.finished));
  Raise(metric::kReplayCheckpointFailures, static_cast<double>(stats.failed));
  Raise(metric::kReplayCheckpointBytes, static_cast<double>(stats.bytes_written));
  const Instant since = std::max(stats.finished_at, start_);
  metrics_.gauge(metric::kReplayCheckpointAge).Set(absl::ToDoubleSeconds(Instant::Now() - since));
  metrics_.gauge(metric::kReplayCheckpointDuration).Set(absl::ToDoubleSeconds(stats.newest.took));
  metrics_.gauge(metric::kReplayCheckpointPause).Set(absl::ToDoubleSeconds(stats.newest.pause));
}

void ReplayMetrics::Raise(const MetricDescription& metric, double value, const std::string& label,
                          const std::string& second_label) {
  RaiseTo(metrics_.counter(metric, label, second_label), value);
}

}  // namespace recbots::replay

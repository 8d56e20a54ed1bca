#include <algorithm>
#include <string>

#include "common/base/instant.h"
#include "replay/report/replay_report.h"

namespace recbots::replay {

ReplayMetrics::ReplayMetrics(Metrics* metrics, const Store* store, const ReplayService* service,
                             const Checkpointer* checkpointer)
    : metrics_(*metrics), store_(*store), service_(*service), checkpointer_(checkpointer), start_(Instant::Now()) {
  for (const std::unique_ptr<Table>& table : store_.tables()) before_.push_back(table->state());
  Refresh();
}

void ReplayMetrics::Refresh() {
  for (size_t i = 0; i < before_.size(); ++i) RefreshTable(*store_.tables()[i], before_[i]);
  if (checkpointer_ != nullptr) RefreshCheckpoints();
}

void ReplayMetrics::RefreshTable(const Table& table, const TableState& before) {
  const std::string& name = table.name();
  const TableState state = table.state();
  const ReplayServiceStats stats = service_.stats(name);
  const auto set = [&](const MetricDescription& metric, int64_t value) {
    metrics_.gauge(metric, name).Set(static_cast<double>(value));
  };
  const auto raise = [&](const MetricDescription& metric, int64_t value, const std::string& label = "") {
    Raise(metric, static_cast<double>(value), name, label);
  };
  set(metric::kReplayRows, state.rows);
  set(metric::kReplayBytes, state.bytes);
  set(metric::kReplayLeased, state.leased);
  set(metric::kReplayWriters, stats.writers);
  set(metric::kReplayReaders, stats.readers);
  set(metric::kReplayWeightsVersion, stats.weights_version);
  raise(metric::kReplayInserted, state.inserted - before.inserted);
  raise(metric::kReplaySampled, state.sampled - before.sampled);
  raise(metric::kReplayRefunded, state.refunded - before.refunded);
  raise(metric::kReplayConsumed, state.consumed - before.consumed);
  raise(metric::kReplayEvicted, state.evicted - before.evicted);
  raise(metric::kReplayDuplicates, state.duplicates - before.duplicates);
  raise(metric::kReplayRefusedBlocks, stats.refused_blocks);
  raise(metric::kReplayDeadWriters, stats.dead_writers);
  raise(metric::kReplayPriorities, state.priorities_updated - before.priorities_updated, "updated");
  raise(metric::kReplayPriorities, state.priorities_stale - before.priorities_stale, "stale");
  raise(metric::kReplayPriorities, state.priorities_refused - before.priorities_refused, "refused");
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
  prometheus::Counter& counter = metrics_.counter(metric, label, second_label);
  counter.Increment(std::max(0.0, value - counter.Value()));
}

}  // namespace recbots::replay

// What a replay process shows about itself: metrics (docs/metrics.md) and sections of /statusz.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/metrics/http_server.h"
#include "common/metrics/metrics.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/service/replay_service.h"
#include "replay/table/store.h"

namespace recbots::replay {

// Copies what tables, service and checkpointer count to the metrics. Counters begin with this object, because another
// process has counted what a checkpoint brings. Tables, service and checkpointer must outlive it; `checkpointer` may be
// null. Not thread-safe.
class ReplayMetrics {
 public:
  ReplayMetrics(Metrics* metrics, const Store* store, const ReplayService* service, const Checkpointer* checkpointer);

  void Refresh();

 private:
  // `before` is the table's state when this object began.
  void RefreshTable(const TablePlace& place, const TableState& before);
  void RefreshCheckpoints();
  // Raises a counter to `value`.
  void Raise(const MetricDescription& metric, double value, const std::string& label = "",
             const std::string& second_label = "");

  Metrics& metrics_;
  const Store& store_;
  const ReplayService& service_;
  const Checkpointer* const checkpointer_;
  const Instant start_;
  std::vector<TableState> before_;  // By table.
};

// Makes a section for each table, one on streams that wait, one on checkpoints, and one on writers, which lists at most
// kMaxWritersListed of them, those that wait longest first. Thread-safe.
inline constexpr size_t kMaxWritersListed = 50;
std::vector<StatusSection> ReplayPages(const v1::InfoResponse& info);

}  // namespace recbots::replay

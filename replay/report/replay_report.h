// What a replay process tells about itself: metrics (docs/metrics.md) and sections of /statusz.
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

// Keeps the metrics at what tables, service and checkpointer count, counters from this object's beginning on: what a
// checkpoint brought was counted by another process. All of them outlive this; `checkpointer` may be null. Not
// thread-safe.
class ReplayMetrics {
 public:
  ReplayMetrics(Metrics* metrics, const Store* store, const ReplayService* service, const Checkpointer* checkpointer);

  void Refresh();

 private:
  // `before`: the table when counting began.
  void RefreshTable(const Table& table, const TableState& before);
  void RefreshCheckpoints();
  // A counter only goes up: adds what is new.
  void Raise(const MetricDescription& metric, double value, const std::string& label = "",
             const std::string& second_label = "");

  Metrics& metrics_;
  const Store& store_;
  const ReplayService& service_;
  const Checkpointer* const checkpointer_;
  const Instant start_;
  std::vector<TableState> before_;  // By table.
};

// One section a table, one on who waits for what, one on checkpoints, one on writers: at most kMaxWritersListed of
// them, those that wait longest first. Thread-safe.
inline constexpr size_t kMaxWritersListed = 50;
std::vector<StatusSection> ReplayPages(const v1::InfoResponse& info);

}  // namespace recbots::replay

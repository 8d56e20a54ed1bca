// recbots-replay: the experience store as a process.
#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "actor/client/make_scenario.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/rl/transition.h"
#include "common/role/role.h"
#include "common/rpc/rpc_server.h"
#include "replay/service/replay_service.h"
#include "replay/table/make_table.h"

namespace recbots::replay {
namespace {

// Keeps the metrics at what the table and the service count.
class ReplayMetrics {
 public:
  ReplayMetrics(Metrics& metrics, const Table& table, const ReplayService& service)
      : metrics_(metrics), table_(table), service_(service) {
    Refresh();
  }

  void Refresh() {
    const TableState state = table_.state();
    const ReplayServiceStats stats = service_.stats();
    metrics_.gauge(metric::kReplayRows).Set(static_cast<double>(state.rows));
    metrics_.gauge(metric::kReplayBytes)
        .Set(static_cast<double>(state.rows) * static_cast<double>(table_.schema().row_bytes()));
    metrics_.gauge(metric::kReplayWriters).Set(stats.writers);
    metrics_.gauge(metric::kReplayReaders).Set(stats.readers);
    Raise(metric::kReplayInserted, static_cast<double>(state.inserted));
    Raise(metric::kReplaySampled, static_cast<double>(state.sampled));
    Raise(metric::kReplayRefunded, static_cast<double>(state.refunded));
    Raise(metric::kReplayDuplicates, static_cast<double>(state.duplicates));
    Raise(metric::kReplayRefusedBlocks, static_cast<double>(stats.refused_blocks));
    for (const BlockedOn reason : {BlockedOn::kMinSize, BlockedOn::kSpiInsert, BlockedOn::kSpiSample}) {
      Raise(metric::kReplayBlocked, absl::ToDoubleSeconds(stats.blocked[static_cast<size_t>(reason)]),
            std::string(NameOf(reason)));
    }
  }

 private:
  // A counter only goes up: adds what is new.
  void Raise(const MetricDescription& metric, double value, const std::string& label = "") {
    prometheus::Counter& counter = metrics_.counter(metric, label);
    counter.Increment(std::max(0.0, value - counter.Value()));
  }

  Metrics& metrics_;
  const Table& table_;
  const ReplayService& service_;
};

std::vector<StatusSection> Pages(const Table& table, const ReplayService& service) {
  const TableState state = table.state();
  const ReplayServiceStats stats = service.stats();
  StatusSection rows{"Table",
                     {{"rows", absl::StrCat(state.rows, " of ", table.capacity())},
                      {"row", absl::StrCat(table.schema().row_bytes(), " bytes: ", table.schema().ToString())},
                      {"inserted", absl::StrCat(state.inserted)},
                      {"sampled", absl::StrCat(state.sampled, " (refunded ", state.refunded, ")")},
                      {"duplicates skipped", absl::StrCat(state.duplicates)}}};
  StatusSection flow{"Flow",
                     {{"writers", absl::StrCat(stats.writers)},
                      {"readers", absl::StrCat(stats.readers)},
                      {"inserts wait for", std::string(NameOf(state.inserts_blocked_on))},
                      {"samples wait for", std::string(NameOf(state.samples_blocked_on))},
                      {"blocks refused", absl::StrCat(stats.refused_blocks)}}};
  return {rows, flow};
}

absl::Status Serve(Role& role) {
  const absl::StatusOr<std::unique_ptr<Scenario>> scenario = MakeTrainingScenario(role.config());
  if (!scenario.ok()) return BadConfiguration(scenario.status());
  RECBOTS_ASSIGN_OR_RETURN(RowSchema schema, TransitionSchema((*scenario)->spec()));
  absl::StatusOr<std::unique_ptr<Table>> table = MakeTable(role.config().replay(), std::move(schema));
  if (!table.ok()) return BadConfiguration(table.status());
  ReplayService service(table->get(), {.insert_window_bytes = role.config().replay().insert_window_bytes()});
  ReplayMetrics metrics(role.metrics(), **table, service);
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<HttpServer> http,
                           role.StartHttp([&] { return Pages(**table, service); }));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<RpcServer> server,
                           RpcServer::Start({.address = role.flags().value("listen")}, {service.service()}));
  RECBOTS_RETURN_IF_ERROR(role.PublishAddress("grpc", server->address()));
  RECBOTS_LOG(INFO) << "serving at " << server->address() << Field("row_bytes", (*table)->schema().row_bytes())
                    << Field("capacity_rows", (*table)->capacity());
  server->SetServing(true);
  role.SetHealthy(true);
  role.SetActivity("serving");
  while (!role.shutdown().AwaitFor(absl::Milliseconds(200))) metrics.Refresh();

  role.SetActivity("draining");
  role.SetHealthy(false);
  server->SetServing(false);
  service.Drain();
  server->Stop();
  metrics.Refresh();
  const TableState state = (*table)->state();
  RECBOTS_LOG(INFO) << "drained" << Field("inserted", state.inserted) << Field("sampled", state.sampled);
  return absl::OkStatus();
}

}  // namespace
}  // namespace recbots::replay

int main(int argc, char** argv) { return recbots::RunRole("replay", {"listen"}, argc, argv, recbots::replay::Serve); }

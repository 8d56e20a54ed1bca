// recbots-replay: the experience store as a process.
#include <malloc.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/machine_memory.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/memory_needs.h"
#include "common/config/validate.h"
#include "common/role/role.h"
#include "common/rpc/rpc_server.h"
#include "common/wire/experiment_identity.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/report/replay_report.h"
#include "replay/service/replay_service.h"
#include "replay/table/make_table.h"

namespace recbots::replay {
namespace {

constexpr absl::Duration kRefresh = absl::Milliseconds(200);
// For the last checkpoint. A disk that takes longer is lost time: the checkpoint before stays valid.
constexpr absl::Duration kLastCheckpoint = absl::Seconds(60);

// Measured on 16 cores with 1 to 64 writers and a learner: a fourth thread adds little, eight insert less than two.
int ThreadsForThisMachine() { return std::clamp(static_cast<int>(std::thread::hardware_concurrency()) / 4, 1, 3); }

// gRPC allocates fresh memory for every message it receives. glibc gives the free end of a heap back to the system from
// 128 kB on, and large blocks at once, so that every message cost page faults: up to a third of the time of an insert.
// And it gives every thread a heap of its own, each with free ends that stay, though few threads do nearly all of the
// work.
void KeepFreedMemory() {
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_ARENA_MAX, ThreadsForThisMachine());
}

// Refuses sizes that do not fit the machine, or each other, if a transition has `row_bytes` bytes (0: not known yet).
absl::Status CheckSizes(const v1::ExperimentConfig& config, int64_t row_bytes, bool checkpoints) {
  // The first table is the learner's, unless it lists columns for other clients.
  const bool trains = config.replay().table().columns().empty();
  if (trains) RECBOTS_RETURN_IF_ERROR(CheckReplayOfTransitions(config, row_bytes));
  return CheckMemory(TableNeeds(config.replay(), row_bytes, /*replays=*/1, checkpoints), MachineMemoryBytes());
}

absl::StatusOr<std::unique_ptr<Store>> MakeTables(const v1::ExperimentConfig& config, bool checkpoints) {
  RECBOTS_RETURN_IF_ERROR(CheckSizes(config, /*row_bytes=*/0, checkpoints));
  // Shards have one configuration and must not draw alike; which rows there are depends on the clock in any case.
  // Restored tables go on with their own draws.
  std::random_device device;
  const uint64_t seed = config.seed() ^ (uint64_t{device()} << 32 | device());
  return MakeStore(config.replay(), seed, [&config, checkpoints](const RowSchema& schema) {
    return CheckSizes(config, static_cast<int64_t>(schema.row_bytes()), checkpoints);
  });
}

// Null without --checkpoint_dir.
absl::StatusOr<std::unique_ptr<Checkpointer>> OpenCheckpoints(Role& role, Store* store) {
  const std::string& directory = role.flags().value("checkpoint_dir");
  if (directory.empty()) return std::unique_ptr<Checkpointer>();
  const v1::CheckpointConfig& config = role.config().replay().checkpoint();
  absl::StatusOr<std::unique_ptr<Checkpointer>> opened =
      Checkpointer::Open({.directory = directory,
                          .interval = absl::Seconds(config.interval_seconds()),
                          .keep = config.keep(),
                          .write_bytes_per_second = config.write_bytes_per_second(),
                          .copy_bytes = config.copy_bytes(),
                          .stop = [&role] { return role.shutdown().requested(); }},
                         store);
  // What is there and what is configured do not go together.
  if (absl::IsFailedPrecondition(opened.status())) return BadConfiguration(opened.status());
  RECBOTS_RETURN_IF_ERROR(opened.status());
  std::unique_ptr<Checkpointer> checkpointer = *std::move(opened);
  const RestoreReport& restored = checkpointer->restored();
  const std::string claimed = checkpointer->stats().directory;
  role.metrics().WatchDisk("checkpoint_dir", claimed);
  for (const std::string& difference : restored.differences) {
    RECBOTS_LOG(WARNING) << "not as in the checkpoint, the configuration is in force" << Field("what", difference);
  }
  if (restored.sequence == 0) {
    RECBOTS_LOG(INFO) << "begins empty" << Field("directory", claimed);
  } else {
    RECBOTS_LOG(INFO) << "restored" << Field("directory", claimed) << Field("sequence", restored.sequence)
                      << Field("rows", restored.rows) << Field("seconds", absl::ToDoubleSeconds(restored.took));
  }
  return checkpointer;
}

// Rows are lost when it fails, and so the process has failed.
absl::Status WriteLastCheckpoint(Role& role, Checkpointer& checkpointer) {
  const Instant deadline = Instant::Now() + kLastCheckpoint;
  const ScopedWait wait(&role.waits(), {.thing = "the last checkpoint to be written",
                                        .peer = role.flags().value("checkpoint_dir"),
                                        .deadline = deadline});
  const absl::StatusOr<CheckpointReport> report = checkpointer.Checkpoint(deadline);
  if (!report.ok()) {
    return absl::Status(report.status().code(),
                        absl::StrCat("no last checkpoint, the one before stays valid: ", report.status().message()));
  }
  if (report->sequence == 0) {
    RECBOTS_LOG(INFO) << "no checkpoint: no table exists yet";
    return absl::OkStatus();
  }
  RECBOTS_LOG(INFO) << "last checkpoint" << Field("sequence", report->sequence) << Field("bytes", report->bytes_written)
                    << Field("seconds", absl::ToDoubleSeconds(report->took));
  return absl::OkStatus();
}

// The rules that held when this server was started hold at every change.
absl::Status CheckLimiterChange(const v1::ExperimentConfig& config, const std::string& table,
                                const RateLimiterOptions& limiter) {
  v1::RateLimiterConfig changed;
  changed.set_kind(static_cast<v1::RateLimiterConfig::Kind>(limiter.kind));  // The same numbers on both sides.
  changed.set_queue_size(limiter.queue_size);
  changed.set_min_size(limiter.min_size);
  changed.set_samples_per_insert(limiter.samples_per_insert);
  changed.set_error_buffer(limiter.error_buffer);
  return recbots::CheckLimiterChange(config, table, changed);
}

void LogTables(const char* event, const Store& store) {
  for (const std::unique_ptr<TablePlace>& place : store.places()) {
    const Table* const table = place->table();
    if (table == nullptr) {
      RECBOTS_LOG(INFO) << event << Field("table", place->name()) << Field("schema", "not known yet");
      continue;
    }
    const TableState state = table->state();
    RECBOTS_LOG(INFO) << event << Field("table", table->name()) << Field("row_bytes", table->schema().row_bytes())
                      << Field("capacity_rows", table->capacity()) << Field("rows", state.rows)
                      << Field("inserted", state.inserted) << Field("sampled", state.sampled - state.refunded)
                      << Field("experiment", FingerprintText(table->identity().fingerprint()));
  }
}

// What was declared: the program itself and messages under way come on top.
int64_t MemoryBytes(const Store& store, const Checkpointer* checkpointer) {
  int64_t bytes = checkpointer == nullptr ? 0 : checkpointer->memory_bytes();
  for (const std::unique_ptr<TablePlace>& place : store.places()) {
    bytes += place->table() == nullptr ? place->options().capacity_bytes : place->table()->max_bytes();
  }
  return bytes;
}

ReplayServiceOptions ServiceOptions(Role& role, Checkpointer* checkpointer) {
  const v1::ReplayConfig& config = role.config().replay();
  ReplayServiceOptions options;
  options.insert_window_bytes = config.insert_window_bytes();
  options.insert_budget_bytes = config.insert_budget_bytes();
  options.insert_budget_beside_readers_bytes = config.insert_budget_beside_readers_bytes();
  options.max_waiting_rows = config.max_waiting_rows();
  options.max_waiting = absl::Seconds(config.max_waiting_seconds());
  options.security = role.security();
  options.checkpointer = checkpointer;
  options.check_limiter = [&role](const std::string& table, const RateLimiterOptions& limiter) {
    return CheckLimiterChange(role.config(), table, limiter);
  };
  options.report = [&role] { return role.Report(); };
  options.allow_other_experiment = role.flags().has(kAllowOtherExperiment);
  return options;
}

// Tells whether replay gets on with its work. What the limiter holds up, or a reader that does not acknowledge, is the
// matter of the other side; only rows that wait for the disk wait for replay itself.
class Work {
 public:
  Work(Role& role, const Store& store) : role_(role), store_(store), moved_(Moved()) { role.stalls().Begin("row"); }

  void Look() {
    const int64_t moved = Moved();
    bool disk = false;
    for (const std::unique_ptr<TablePlace>& place : store_.places()) {
      disk = disk || place->state().inserts_blocked_on == BlockedOn::kCheckpoint;
    }
    if (disk && !wait_.has_value()) {
      wait_.emplace(&role_.waits(),
                    WaitFor{.thing = "the disk to take a checkpoint", .peer = role_.flags().value("checkpoint_dir")});
    }
    if (!disk) wait_.reset();
    if (!disk || moved != moved_) role_.stalls().Progressed(moved - std::exchange(moved_, moved));
  }

 private:
  int64_t Moved() const {
    int64_t moved = 0;
    for (const std::unique_ptr<TablePlace>& place : store_.places()) {
      const TableState state = place->state();
      moved += state.inserted + state.sampled;
    }
    return moved;
  }

  Role& role_;
  const Store& store_;
  int64_t moved_;  // Rows, into the tables and out of them.
  std::optional<ScopedWait> wait_;
};

absl::Status Serve(Role& role) {
  absl::StatusOr<std::unique_ptr<Store>> made =
      MakeTables(role.config(), !role.flags().value("checkpoint_dir").empty());
  if (!made.ok()) return BadConfiguration(made.status());
  Store& store = **made;
  role.SetActivity("restoring");
  absl::StatusOr<std::unique_ptr<Checkpointer>> opened = OpenCheckpoints(role, &store);
  // Told to end while it read: what is on disk stays as it is.
  if (absl::IsCancelled(opened.status()) && role.shutdown().requested()) return absl::OkStatus();
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Checkpointer> checkpointer, std::move(opened));
  malloc_trim(0);  // What restoring took.
  ReplayService service(&store, ServiceOptions(role, checkpointer.get()));
  ReplayMetrics metrics(&role.metrics(), &store, &service, checkpointer.get());
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<HttpServer> http,
                           role.StartHttp([&service] { return ReplayPages(service.info()); }));
  const int configured = role.config().replay().service_threads();
  const int threads = configured > 0 ? configured : ThreadsForThisMachine();
  absl::StatusOr<std::unique_ptr<RpcServer>> started = RpcServer::Start(
      {.address = role.flags().value("listen"), .security = role.security(), .threads = threads}, service.service());
  if (!started.ok()) return role.CannotServe("listen", started.status());
  const std::unique_ptr<RpcServer> server = *std::move(started);
  RECBOTS_RETURN_IF_ERROR(role.PublishAddress("grpc", server->address()));
  LogTables("table", store);
  RECBOTS_LOG(INFO) << "serving at " << server->address() << Field("store_id", absl::StrCat(absl::Hex(store.id())))
                    << Field("memory_bytes", MemoryBytes(store, checkpointer.get())) << Field("threads", threads);
  server->SetServing(true);
  role.SetHealthy(true);
  role.SetActivity("serving");
  Work work(role, store);
  while (!role.shutdown().AwaitFor(kRefresh)) {
    metrics.Refresh();
    work.Look();
    service.AnswerReports();
  }
  role.stalls().End();

  role.SetActivity("draining");
  role.SetHealthy(false);
  server->SetServing(false);
  service.Drain();
  server->Stop();
  LogTables("drained", store);
  const absl::Status written = checkpointer == nullptr ? absl::OkStatus() : WriteLastCheckpoint(role, *checkpointer);
  metrics.Refresh();
  return written;
}

}  // namespace
}  // namespace recbots::replay

int main(int argc, char** argv) {
  recbots::replay::KeepFreedMemory();
  return recbots::RunRole("replay", {"listen", "checkpoint_dir", recbots::kAllowOtherExperiment}, argc, argv,
                          recbots::replay::Serve);
}

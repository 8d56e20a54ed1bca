// A thousand watchers of weights, as of a fleet of actors: what one of them costs the learner, how long a new version
// takes to reach the last one, and what watchers that stop reading do to the others.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/descriptors.h"
#include "common/base/file_descriptor.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/rpc/rpc_server.h"
#include "deploy/cli/bench/load/load_benches.h"
#include "deploy/cli/bench/load/watchers_process.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/process_usage.h"
#include "learner/service/weights_service.h"
#include "learner/weights/weight_store.h"

namespace recbots::load_bench {
namespace {

using replay_bench::ClientProcess;

constexpr int kWatchers = 1000;
constexpr size_t kSmallBytes = 64 << 10;  // Weights of a policy with two layers of 64 units and some embeddings.
constexpr int kVersions = 20;
constexpr int kStalled = 16;
constexpr size_t kLargeBytes = 4 << 20;

// Keeps what the service says of each watcher that comes and goes, two lines for each, from the screen. Errors are
// returned by status, and printed afterwards.
class SilentLog {
 public:
  SilentLog() : stderr_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) {
    const FileDescriptor null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (stderr_.get() >= 0 && null.get() >= 0) dup2(null.get(), STDERR_FILENO);
  }
  ~SilentLog() {
    if (stderr_.get() >= 0) dup2(stderr_.get(), STDERR_FILENO);
  }
  SilentLog(const SilentLog&) = delete;
  SilentLog& operator=(const SilentLog&) = delete;

 private:
  const FileDescriptor stderr_;
};

// A learner as watchers see it, in this process.
class WeightsServer {
 public:
  static absl::StatusOr<std::unique_ptr<WeightsServer>> Start() {
    std::unique_ptr<WeightsServer> server(new WeightsServer());
    RECBOTS_ASSIGN_OR_RETURN(server->server_, RpcServer::Start({}, {&server->service_}));
    server->server_->SetServing(true);
    return server;
  }
  ~WeightsServer() {
    service_.Drain();
    server_->Stop();
  }

  const std::string& address() const { return server_->address(); }
  // Seconds from a new version of this many bytes until all watchers but `num_stalled` were sent all of it.
  absl::StatusOr<double> Publish(size_t bytes, size_t num_watchers, size_t num_stalled) {
    const std::string payload(bytes, static_cast<char>(++published_));
    const Instant start = Instant::Now();
    const int64_t version = store_.Publish(payload, {})->header.version();
    while (Instant::Now() < start + replay_bench::kPatience) {
      size_t sent = 0;
      for (const WatcherInfo& watcher : service_.watchers()) sent += watcher.sent_version >= version ? 1 : 0;
      if (sent + num_stalled >= num_watchers) return absl::ToDoubleSeconds(Instant::Now() - start);
      absl::SleepFor(absl::Milliseconds(1));
    }
    return absl::DeadlineExceededError(absl::StrCat("version ", version, " did not reach all watchers"));
  }

 private:
  WeightsServer() : service_({}, store_) { store_.Publish(std::string(kSmallBytes, 'w'), {}); }

  WeightStore store_;
  WeightsService service_;
  std::unique_ptr<RpcServer> server_;
  int published_ = 0;
};

absl::Status Measure(const BenchOptions& options, const std::string& bench, size_t payload_bytes, int num_watchers,
                     int num_stalled, std::vector<BenchResult>& results) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<WeightsServer> server, WeightsServer::Start());
  const int64_t alone_bytes = replay_bench::ResidentBytes(getpid());
  replay_bench::ForeignLoad load(getpid());
  const double processor_start = replay_bench::CpuSeconds(getpid());
  const Instant start = Instant::Now();
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ClientProcess> watchers,
                           StartWatchers(options, server->address(), num_watchers, num_stalled));
  load.Adopt(watchers->pid());
  const double connected_seconds = absl::ToDoubleSeconds(Instant::Now() - start);
  std::vector<double> seconds;
  for (int i = 0; i < kVersions; ++i) {
    RECBOTS_ASSIGN_OR_RETURN(const double took, server->Publish(payload_bytes, static_cast<size_t>(num_watchers),
                                                                static_cast<size_t>(num_stalled)));
    seconds.push_back(took);
  }
  const int64_t more_bytes = std::max<int64_t>(0, replay_bench::ResidentBytes(getpid()) - alone_bytes);
  const double cores =
      (replay_bench::CpuSeconds(getpid()) - processor_start) / absl::ToDoubleSeconds(Instant::Now() - start);
  RECBOTS_RETURN_IF_ERROR(watchers->Stop().status());

  replay_bench::Report report(bench);
  report.set_disturbed(load.disturbed());
  report.set_cores_used(cores);
  report.Add("connected_seconds", connected_seconds, "s", false);
  report.Add("publish_to_last_watcher_seconds", replay_bench::FigureOf(seconds), "s", false);
  report.Add("server_bytes_per_watcher", static_cast<double>(more_bytes) / num_watchers, "bytes", false);
  report.MoveTo(results);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  const SilentLog silent_log;
  RaiseDescriptorLimit();
  RECBOTS_RETURN_IF_ERROR(CheckDescriptorLimit(kWatchers + 64));
  std::vector<BenchResult> results;
  RECBOTS_RETURN_IF_ERROR(
      Measure(options, absl::StrCat("load/watchers/", kWatchers), kSmallBytes, kWatchers, /*num_stalled=*/0, results));
  RECBOTS_RETURN_IF_ERROR(
      Measure(options, "load/watchers/large", kLargeBytes, 2 * kStalled, /*num_stalled=*/0, results));
  RECBOTS_RETURN_IF_ERROR(Measure(options, "load/watchers/half_stalled", kLargeBytes, 2 * kStalled, kStalled, results));
  return results;
}

}  // namespace

Bench WatchersBench() { return {"load/watchers", Run}; }

}  // namespace recbots::load_bench

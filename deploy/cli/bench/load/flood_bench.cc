// Writers at a pace, like actors with users that come at a rate, alone and beside writers that flood the server: how
// long one row takes until it is acknowledged.
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/load/load_benches.h"
#include "deploy/cli/bench/replay/client_process.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/replay_server.h"

namespace recbots::load_bench {
namespace {

using replay_bench::ClientProcess;
using replay_bench::kPatience;
using replay_bench::LatencyLog;
using replay_bench::Meter;
using replay_bench::ReplayServer;

constexpr int kPacedWriters = 8;
constexpr int kFloodingWriters = 4;
constexpr absl::Duration kPace = absl::Milliseconds(10);

// Each of several writers inserts a row, waits until it is acknowledged, and waits for its next turn.
class PacedWriters {
 public:
  static absl::StatusOr<std::unique_ptr<PacedWriters>> Start(const ReplayServer& server) {
    std::unique_ptr<PacedWriters> paced(new PacedWriters());
    for (int i = 0; i < kPacedWriters; ++i) {
      RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<replay::ReplayWriter> writer,
                               replay::ReplayWriter::Create(server.schema(), {.address = server.address(),
                                                                              .writer_name = absl::StrCat("paced-", i),
                                                                              .max_delay = absl::Microseconds(1)}));
      paced->writers_.push_back(std::move(writer));
      paced->rows_.push_back(
          std::make_unique<replay_bench::RowMaker>(server.schema(), static_cast<uint32_t>(3000 + i)));
    }
    for (size_t i = 0; i < kPacedWriters; ++i) {
      PacedWriters* self = paced.get();
      paced->threads_.push_back(std::make_unique<Thread>(absl::StrCat("paced-", i), [self, i] { self->Run(i); }));
    }
    return paced;
  }
  ~PacedWriters() { Stop().IgnoreError(); }

  int64_t rows() const { return acknowledged_; }
  LatencyLog& latencies() { return latencies_; }
  absl::Status Stop() {
    stop_ = true;
    threads_.clear();
    return error_.status();
  }

 private:
  PacedWriters() = default;

  void Run(size_t i) {
    for (Instant next = Instant::Now(); !stop_ && error_.status().ok();) {
      absl::SleepFor(next - Instant::Now());
      const Instant start = Instant::Now();
      error_.Update(writers_[i]->Append(rows_[i]->Prepare(), 1, /*weights_version=*/1, start + kPatience).status());
      error_.Update(writers_[i]->Flush(start + kPatience));
      latencies_.Add(absl::ToDoubleSeconds(Instant::Now() - start));
      rows_[i]->Took(1);
      acknowledged_.fetch_add(1, std::memory_order_relaxed);
      next = std::max(next, start) + kPace;  // A turn that came late is not made up for.
    }
  }

  std::vector<std::unique_ptr<replay::ReplayWriter>> writers_;
  std::vector<std::unique_ptr<replay_bench::RowMaker>> rows_;
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> acknowledged_{0};
  LatencyLog latencies_;
  replay_bench::FirstError error_;
  std::vector<std::unique_ptr<Thread>> threads_;
};

absl::Status Measure(const BenchOptions& options, const ReplayServer& server, pid_t other, const std::string& bench,
                     std::vector<BenchResult>& results) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<PacedWriters> paced, PacedWriters::Start(server));
  Meter meter(options, server.pid(), other);
  meter.Count([&] { return static_cast<double>(paced->rows()); });
  meter.Watch(&paced->latencies());
  meter.Run();
  RECBOTS_RETURN_IF_ERROR(paced->Stop());
  replay_bench::Report report(bench);
  report.set_disturbed(meter.disturbed());
  report.set_cores_used(meter.cores_used());
  report.Add("paced_rows_per_second", meter.Rate(0), "rows/s", true);
  report.Add("paced_ack_p50_seconds", meter.Latency(0.5), "s", false);
  report.Add("paced_ack_p99_seconds", meter.Latency(0.99), "s", false);
  report.MoveTo(results);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, replay_bench::PayloadSchema(4'000));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayServer> server,
                           ReplayServer::Start(options, schema, replay_bench::PlainTable(options, schema)));
  std::vector<BenchResult> results;
  RECBOTS_RETURN_IF_ERROR(Measure(options, *server, /*other=*/0, "load/flood/alone", results));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ClientProcess> flood,
                           replay_bench::StartWriters(options, *server, kFloodingWriters));
  RECBOTS_RETURN_IF_ERROR(
      Measure(options, *server, flood->pid(), absl::StrCat("load/flood/beside_", kFloodingWriters), results));
  RECBOTS_RETURN_IF_ERROR(flood->Stop().status());
  RECBOTS_RETURN_IF_ERROR(server->Stop());
  return results;
}

}  // namespace

Bench FloodBench() { return {"load/flood", Run}; }

}  // namespace recbots::load_bench

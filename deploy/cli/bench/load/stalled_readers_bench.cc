// Readers that order batches and then read nothing, as a learner that hangs does: what they hold at the server, and
// what a reader beside them still gets.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "common/wire/row_schema_proto.h"
#include "deploy/cli/bench/load/load_benches.h"
#include "deploy/cli/bench/replay/clients.h"
#include "deploy/cli/bench/replay/meter.h"
#include "deploy/cli/bench/replay/replay_server.h"
#include "recbots/v1/replay.grpc.pb.h"

namespace recbots::load_bench {
namespace {

using replay_bench::Meter;
using replay_bench::ReaderLoad;
using replay_bench::ReplayServer;

constexpr int kStalledReaders = 16;
constexpr int32_t kBatch = 256;
constexpr int kBatches = 64;  // 6.5 MB for each of them, more than sockets hold.

// Orders batches on a stream that it never reads. The destructor cancels the stream.
class StalledReader {
 public:
  static absl::StatusOr<std::unique_ptr<StalledReader>> Start(const ReplayServer& server) {
    std::unique_ptr<StalledReader> reader(new StalledReader());
    reader->stub_ = v1::ReplayService::NewStub(MakeChannel(server.address()));
    reader->stream_ = reader->stub_->Sample(&reader->context_);
    v1::SampleCredit order;
    *order.mutable_schema() = RowSchemaToProto(server.schema());
    order.set_max_rows(kBatch);
    order.set_max_batches(kBatches);
    for (int i = 0; i < kBatches; ++i) order.add_rows(kBatch);
    if (!reader->stream_->Write(order)) return absl::UnavailableError("a reader that shall stall cannot order batches");
    return reader;
  }
  ~StalledReader() {
    context_.TryCancel();
    stream_->Finish().error_code();
  }

 private:
  StalledReader() = default;

  grpc::ClientContext context_;
  std::unique_ptr<v1::ReplayService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SampleCredit, v1::SampleBatch>> stream_;
};

absl::Status Measure(const BenchOptions& options, const ReplayServer& server, const std::string& bench,
                     std::optional<int64_t> server_bytes, std::vector<BenchResult>& results) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReaderLoad> reader,
                           ReaderLoad::Start(server.schema(), server.address(), {}));
  Meter meter(options, server.pid());
  meter.Count([&] { return static_cast<double>(reader->rows()); });
  meter.Watch(&reader->latencies());
  meter.Run();
  RECBOTS_RETURN_IF_ERROR(reader->Stop());
  replay_bench::Report report(bench);
  report.set_disturbed(meter.disturbed());
  report.set_cores_used(meter.cores_used());
  report.Add("rows_per_second", meter.Rate(0), "rows/s", true);
  report.Add("batch_p99_seconds", meter.Latency(0.99), "s", false);
  if (server_bytes.has_value()) {
    const int64_t more = std::max<int64_t>(0, replay_bench::ResidentBytes(server.pid()) - *server_bytes);
    report.Add("server_bytes_per_stalled_reader", static_cast<double>(more) / kStalledReaders, "bytes", false);
  }
  report.MoveTo(results);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, replay_bench::PayloadSchema(400));
  const v1::TableConfig table = replay_bench::PlainTable(options, schema);
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<ReplayServer> server, ReplayServer::Start(options, schema, table));
  RECBOTS_RETURN_IF_ERROR(replay_bench::Fill(schema, server->address(), table.capacity_rows()));
  std::vector<BenchResult> results;
  RECBOTS_RETURN_IF_ERROR(Measure(options, *server, "load/stalled_readers/none", std::nullopt, results));
  const int64_t bytes = replay_bench::ResidentBytes(server->pid());
  std::vector<std::unique_ptr<StalledReader>> stalled(kStalledReaders);
  for (auto& reader : stalled) {
    RECBOTS_ASSIGN_OR_RETURN(reader, StalledReader::Start(*server));
  }
  RECBOTS_RETURN_IF_ERROR(
      Measure(options, *server, absl::StrCat("load/stalled_readers/", kStalledReaders), bytes, results));
  stalled.clear();
  RECBOTS_RETURN_IF_ERROR(server->Stop());
  return results;
}

}  // namespace

Bench StalledReadersBench() { return {"load/stalled_readers", Run}; }

}  // namespace recbots::load_bench

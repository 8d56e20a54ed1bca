#include "deploy/cli/bench/load/watchers_process.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/descriptors.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "common/rpc/grpc_status.h"
#include "deploy/cli/bench/replay/clients.h"
#include "recbots/v1/weights.grpc.pb.h"

namespace recbots {
namespace load_bench {
namespace {

constexpr char kCommand[] = "bench-watchers";

// One stream. All members are used by gRPC's reactions, of which one runs at a time.
class Watcher : public grpc::ClientReadReactor<v1::WeightsChunk> {
 public:
  Watcher(const std::string& address, bool stalls, replay_bench::FirstError& error)
      : stub_(v1::WeightsService::NewStub(MakeChannel(address, {.bulk = true}))), stalls_(stalls), error_(error) {
    request_.set_role(v1::WORKER_ROLE_EVALUATOR);
    request_.set_worker_name("bench");
  }

  void Begin() {
    stub_->async()->Watch(&context_, &request_, this);
    AddHold();  // Of a watcher that reads nothing, so that the stream stays open.
    StartRead(&chunk_);
    StartCall();
  }
  // Ends the stream and waits for its end.
  void End() {
    context_.TryCancel();
    RemoveHold();
    while (!done_) absl::SleepFor(absl::Milliseconds(1));
  }
  int64_t versions() const { return versions_; }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (chunk_.last_part()) versions_.fetch_add(1, std::memory_order_relaxed);
    if (!stalls_ || versions_ == 0) StartRead(&chunk_);
  }
  void OnDone(const grpc::Status& status) override {
    if (status.error_code() != grpc::StatusCode::CANCELLED) error_.Update(FromGrpcStatus(status));
    done_ = true;
  }

 private:
  const std::unique_ptr<v1::WeightsService::Stub> stub_;
  const bool stalls_;
  replay_bench::FirstError& error_;
  grpc::ClientContext context_;
  v1::WatchRequest request_;
  v1::WeightsChunk chunk_;
  std::atomic<int64_t> versions_{0};
  std::atomic<bool> done_{false};
};

absl::Status Serve(const std::vector<std::string>& arguments) {
  int num_watchers = 0, num_stalled = 0;
  if (arguments.size() != 4 || !absl::SimpleAtoi(arguments[1], &num_watchers) ||
      !absl::SimpleAtoi(arguments[2], &num_stalled)) {
    return absl::InvalidArgumentError("want ADDRESS NUM_WATCHERS NUM_STALLED FOLDER");
  }
  RaiseDescriptorLimit();
  RECBOTS_RETURN_IF_ERROR(CheckDescriptorLimit(num_watchers + 64));
  Shutdown shutdown;
  replay_bench::FirstError error;
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < num_watchers; ++i) {
    watchers.push_back(std::make_unique<Watcher>(arguments[0], i < num_stalled, error));
    watchers.back()->Begin();
  }
  const auto versions = [&] {
    int64_t all = 0;
    for (const auto& watcher : watchers) all += watcher->versions();
    return all;
  };
  const replay_bench::Clients clients = {.connected =
                                             [&] {
                                               int connected = 0;
                                               for (const auto& watcher : watchers)
                                                 connected += watcher->versions() > 0 ? 1 : 0;
                                               return connected;
                                             },
                                         .status = [&] { return error.status(); },
                                         .stop = [&]() -> absl::StatusOr<int64_t> { return versions(); }};
  const absl::Status status = replay_bench::ServeClients(clients, num_watchers, arguments[3], shutdown);
  for (const auto& watcher : watchers) watcher->End();
  return status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<replay_bench::ClientProcess>> StartWatchers(const BenchOptions& options,
                                                                           const std::string& address, int num_watchers,
                                                                           int num_stalled) {
  return replay_bench::ClientProcess::Start(
      options, kCommand, {address, absl::StrCat(num_watchers), absl::StrCat(num_stalled)}, num_watchers);
}

}  // namespace load_bench

Command BenchWatchersCommand() {
  return {load_bench::kCommand, "", "", [](const std::vector<std::string>& arguments) {
            return replay_bench::ClientExitCode(load_bench::kCommand, load_bench::Serve(arguments));
          }};
}

}  // namespace recbots

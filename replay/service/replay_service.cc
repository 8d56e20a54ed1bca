#include "replay/service/replay_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/rpc/grpc_status.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "replay/service/checkpoint_calls.h"
#include "replay/service/describe.h"
#include "replay/service/insert_stream.h"
#include "replay/service/priorities.h"
#include "replay/service/sample_stream.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {
namespace {

using Grpc = v1::ReplayService;
// Streams are read and written as bytes, the rest as protobuf makes it.
using Handlers = Grpc::WithRawCallbackMethod_Insert<
    Grpc::WithRawCallbackMethod_Sample<Grpc::WithCallbackMethod_UpdatePriorities<Grpc::WithCallbackMethod_Info<
        Grpc::WithCallbackMethod_SetRateLimiter<Grpc::WithCallbackMethod_Checkpoint<Grpc::Service>>>>>>;

// A stream that was refused before it began.
class RefusedStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit RefusedStream(const absl::Status& status) { Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const absl::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

std::string LimiterText(const RateLimiterOptions& limiter) {
  return absl::StrCat("min_size ", limiter.min_size, ", samples_per_insert ", limiter.samples_per_insert,
                      ", error_buffer ", limiter.error_buffer);
}

}  // namespace

class ReplayService::Impl final : public Handlers {
 public:
  Impl(Store* store, const ReplayServiceOptions& options)
      : security_(options.security),
        start_(absl::Now()),
        hub_(store, options),
        checkpoint_calls_(options.checkpointer) {
    if (Checkpointer* const checkpointer = hub_.checkpointer(); checkpointer != nullptr) {
      checkpointer->SetListener([this](const absl::Status&) { OnCheckpoint(); });
    }
  }
  ~Impl() override {
    // Returns when no call is under way.
    if (Checkpointer* const checkpointer = hub_.checkpointer(); checkpointer != nullptr) {
      checkpointer->SetListener(nullptr);
    }
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Insert(grpc::CallbackServerContext* context) override {
    return Begin<InsertStream>(context);
  }
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Sample(grpc::CallbackServerContext* context) override {
    return Begin<SampleStream>(context);
  }
  grpc::ServerUnaryReactor* UpdatePriorities(grpc::CallbackServerContext* context,
                                             const v1::UpdatePrioritiesRequest* request,
                                             v1::UpdatePrioritiesResponse* response) override {
    absl::Status status = Check(*context);
    if (status.ok()) status = Update(*request, *response);
    return Answer(context, status);
  }
  grpc::ServerUnaryReactor* Info(grpc::CallbackServerContext* context, const v1::InfoRequest*,
                                 v1::InfoResponse* response) override {
    const absl::Status status = Check(*context);
    if (status.ok()) *response = info();
    return Answer(context, status);
  }
  grpc::ServerUnaryReactor* SetRateLimiter(grpc::CallbackServerContext* context,
                                           const v1::SetRateLimiterRequest* request,
                                           v1::SetRateLimiterResponse*) override {
    absl::Status status = Check(*context);
    if (status.ok()) status = SetLimiter(*request, context->peer());
    return Answer(context, status);
  }
  grpc::ServerUnaryReactor* Checkpoint(grpc::CallbackServerContext* context, const v1::CheckpointRequest*,
                                       v1::CheckpointResponse* response) override {
    const absl::Status status = Check(*context);
    return status.ok() ? checkpoint_calls_.Begin(context, response) : Answer(context, status);
  }

  void Drain() {
    hub_.SetDraining();
    for (const auto& stream : hub_.streams()) stream->Drain();
  }

  ReplayServiceStats stats(absl::string_view table) const {
    const absl::StatusOr<TableHub*> hub = hub_.Find("stats", table);
    RECBOTS_CHECK_OK(hub.status());
    return {.writers = (*hub)->writers.load(),
            .readers = (*hub)->readers.load(),
            .refused_blocks = (*hub)->refused_blocks.load(),
            .dead_writers = (*hub)->dead_writers.load(),
            .weights_version = (*hub)->weights_version.load(),
            .blocked = (*hub)->lot.blocked_times()};
  }

  v1::InfoResponse info() const {
    v1::InfoResponse info;
    for (const auto& hub : hub_.tables()) FillTableInfo(*hub, *info.add_tables());
    for (const auto& stream : hub_.streams()) stream->Describe(info);
    info.set_store_id(hub_.store().id());
    info.set_uptime_seconds(absl::ToDoubleSeconds(absl::Now() - start_));
    info.set_version(RECBOTS_VERSION);
    FillCheckpoint(info);
    return info;
  }

 private:
  absl::Status Check(const grpc::ServerContextBase& context) const { return Security::Check(security_.get(), context); }

  template <typename Stream>
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Begin(grpc::CallbackServerContext* context) {
    if (const absl::Status status = Check(*context); !status.ok()) return new RefusedStream(status);
    const auto stream = std::make_shared<Stream>(&hub_, context);
    stream->Start();  // From here the hub keeps it, until OnDone, which gRPC calls after this handler has returned.
    return stream.get();
  }

  absl::Status Update(const v1::UpdatePrioritiesRequest& request, v1::UpdatePrioritiesResponse& response) {
    RECBOTS_ASSIGN_OR_RETURN(TableHub* const hub, hub_.Find("update priorities", request.table()));
    RECBOTS_ASSIGN_OR_RETURN(const PriorityResult result,
                             replay::UpdatePriorities("update priorities", *hub, request.keys(), request.priorities()));
    response.set_updated(result.updated);
    response.set_stale(result.stale);
    response.set_refused(result.refused);
    if (result.refused > 0) response.set_refusal(FirstRefusal(request.keys(), request.priorities()));
    return absl::OkStatus();
  }

  absl::Status SetLimiter(const v1::SetRateLimiterRequest& request, const std::string& peer) {
    RECBOTS_ASSIGN_OR_RETURN(TableHub* const hub, hub_.Find("set rate limiter", request.table()));
    Table& table = hub->table;
    const RateLimiterOptions before = table.rate_limiter();
    if (before.kind == RateLimiterOptions::Kind::kQueue) {
      return absl::FailedPreconditionError(
          absl::StrCat("set rate limiter: table '", table.name(), "' is a queue, which has no ratio to set"));
    }
    RateLimiterOptions after = before;
    after.min_size = request.min_size();
    after.samples_per_insert = request.samples_per_insert();
    after.error_buffer = request.error_buffer();
    RECBOTS_RETURN_IF_ERROR(table.SetRateLimiter(after));
    const TableState state = table.state();
    RECBOTS_LOG(INFO) << "rate limiter changed" << Field("table", table.name()) << Field("peer", peer)
                      << Field("from", LimiterText(before)) << Field("to", LimiterText(after))
                      << Field("inserted", state.inserted) << Field("sampled", state.sampled - state.refunded);
    for (const auto& stream : hub_.streams()) stream->OnLimiter();
    hub->lot.Wake(ParkingLot::kSampler);
    hub->lot.Wake(ParkingLot::kInserter);
    return absl::OkStatus();
  }

  // On the checkpointer's thread: writers learn what is durable, and go on that waited for the cut to end.
  void OnCheckpoint() {
    for (const auto& stream : hub_.streams()) stream->OnCheckpoint();
    for (const auto& hub : hub_.tables()) hub->lot.Wake(ParkingLot::kInserter);
  }

  void FillCheckpoint(v1::InfoResponse& info) const {
    info.set_checkpoint_age_seconds(-1);
    if (hub_.checkpointer() == nullptr) return;
    const CheckpointerStats stats = hub_.checkpointer()->stats();
    info.set_checkpoint_directory(stats.directory);
    info.set_checkpoint_sequence(stats.sequence);
    if (stats.finished_at != absl::InfinitePast()) {
      info.set_checkpoint_age_seconds(absl::ToDoubleSeconds(absl::Now() - stats.finished_at));
    }
    if (!stats.last_error.ok()) info.set_checkpoint_error(stats.last_error.ToString());
  }

  const std::shared_ptr<const Security> security_;
  const absl::Time start_;
  StreamHub hub_;
  CheckpointCalls checkpoint_calls_;
};

ReplayService::ReplayService(Store* store, const ReplayServiceOptions& options)
    : impl_(std::make_unique<Impl>(store, options)) {}
ReplayService::~ReplayService() = default;
grpc::Service* ReplayService::service() { return impl_.get(); }
void ReplayService::Drain() { impl_->Drain(); }
ReplayServiceStats ReplayService::stats(absl::string_view table) const { return impl_->stats(table); }
v1::InfoResponse ReplayService::info() const { return impl_->info(); }

}  // namespace recbots::replay

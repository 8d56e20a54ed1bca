#include "replay/service/replay_service.h"

#include <functional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/unary_call.h"
#include "replay/service/checkpoint_calls.h"
#include "replay/service/describe.h"
#include "replay/service/insert_stream.h"
#include "replay/service/priorities.h"
#include "replay/service/report_calls.h"
#include "replay/service/sample_stream.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {
namespace {

std::string Method(absl::string_view name) { return absl::StrCat("/recbots.v1.ReplayService/", name); }

std::string LimiterText(const RateLimiterOptions& limiter) {
  return absl::StrCat("min_size ", limiter.min_size, ", samples_per_insert ", limiter.samples_per_insert,
                      ", error_buffer ", limiter.error_buffer);
}

}  // namespace

class ReplayService::Impl final : public CallService {
 public:
  Impl(Store* store, const ReplayServiceOptions& options)
      : security_(options.security),
        check_limiter_(options.check_limiter),
        start_(Instant::Now()),
        hub_(store, options),
        checkpoint_calls_(options.checkpointer),
        report_calls_(options.report) {
    if (Checkpointer* const checkpointer = hub_.checkpointer(); checkpointer != nullptr) {
      checkpointer->SetListener([this](const absl::Status&) { OnCheckpoint(); });
    }
  }
  ~Impl() override {
    // SetListener returns only when the old listener does not run any more.
    if (Checkpointer* const checkpointer = hub_.checkpointer(); checkpointer != nullptr) {
      checkpointer->SetListener(nullptr);
    }
  }

  bool Begin(RpcCall& call) override {
    const auto method = methods_.find(call.method());
    if (method == methods_.end()) return false;
    const absl::Status status = Security::Check(security_.get(), call.context());
    status.ok() ? method->second(call) : call.Finish(ToGrpcStatus(status));
    return true;
  }

  void Drain() {
    hub_.SetDraining();
    report_calls_.Drain();
    for (const auto& stream : hub_.streams()) stream->Drain();
  }

  void AnswerReports() { report_calls_.Answer(); }

  ReplayServiceStats stats(absl::string_view table) const {
    const absl::StatusOr<TableHub*> hub = hub_.Find("stats", table);
    RECBOTS_CHECK_OK(hub.status());
    return {.writers = (*hub)->writers.load(),
            .readers = (*hub)->readers.load(),
            .observers = (*hub)->observers.load(),
            .observed_rows = (*hub)->observed_rows.load(),
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
    info.set_uptime_seconds(absl::ToDoubleSeconds(Instant::Now() - start_));
    info.set_version(kVersion);
    FillCheckpoint(info);
    return info;
  }

 private:
  template <typename Stream>
  void BeginStream(RpcCall& call) {
    std::make_shared<Stream>(&hub_, &call)->Start();  // The hub keeps the stream alive until OnDone.
  }

  // Answers with the result of `method`.
  template <typename Request, typename Response>
  void BeginUnary(RpcCall& call, absl::StatusOr<Response> (Impl::*method)(const Request&, const RpcCall&)) {
    using Call = UnaryCall<Request, Response>;
    Call::Begin(call, [this, method, &call](const std::shared_ptr<Call>& unary) {
      unary->Answer((this->*method)(unary->request(), call));
    });
  }

  absl::StatusOr<v1::InfoResponse> Info(const v1::InfoRequest&, const RpcCall&) { return info(); }

  absl::StatusOr<v1::UpdatePrioritiesResponse> UpdatePriorities(const v1::UpdatePrioritiesRequest& request,
                                                                const RpcCall&) {
    RECBOTS_ASSIGN_OR_RETURN(TableHub* const hub, hub_.Find("update priorities", request.table()));
    RECBOTS_ASSIGN_OR_RETURN(const PriorityResult result,
                             replay::UpdatePriorities("update priorities", *hub, request.keys(), request.priorities()));
    v1::UpdatePrioritiesResponse response;
    response.set_updated(result.updated);
    response.set_stale(result.stale);
    response.set_refused(result.refused);
    if (result.refused > 0) response.set_refusal(FirstRefusal(request.keys(), request.priorities()));
    return response;
  }

  absl::StatusOr<v1::SetRateLimiterResponse> SetRateLimiter(const v1::SetRateLimiterRequest& request,
                                                            const RpcCall& call) {
    RECBOTS_ASSIGN_OR_RETURN(TableHub* const hub, hub_.Find("set rate limiter", request.table()));
    if (hub->place.table() == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("set rate limiter: the schema of table '", hub->place.name(),
                       "' is not known yet, want a writer or reader that states it, or a change of the configuration"));
    }
    Table& table = hub->table();
    const RateLimiterOptions before = table.rate_limiter();
    if (before.kind == RateLimiterOptions::Kind::kQueue) {
      return absl::FailedPreconditionError(
          absl::StrCat("set rate limiter: table '", table.name(), "' is a queue, which has no ratio to set"));
    }
    RateLimiterOptions after = before;
    after.min_size = request.min_size();
    after.samples_per_insert = request.samples_per_insert();
    after.error_buffer = request.error_buffer();
    if (check_limiter_) RECBOTS_RETURN_IF_ERROR(check_limiter_(table.name(), after));
    RECBOTS_RETURN_IF_ERROR(table.SetRateLimiter(after));
    const TableState state = table.state();
    RECBOTS_LOG(INFO) << "rate limiter changed" << Field("table", table.name()) << Field("peer", call.context().peer())
                      << Field("from", LimiterText(before)) << Field("to", LimiterText(after))
                      << Field("inserted", state.inserted) << Field("sampled", state.sampled - state.refunded);
    hub->lot.Wake(ParkingLot::kSampler);
    hub->lot.Wake(ParkingLot::kInserter);
    return v1::SetRateLimiterResponse();
  }

  // Runs on the checkpointer's thread: tells writers what is durable, and wakes those that waited for the end of the
  // cut.
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
    if (stats.finished_at != Instant::InfinitePast()) {
      info.set_checkpoint_age_seconds(absl::ToDoubleSeconds(Instant::Now() - stats.finished_at));
    }
    if (!stats.last_error.ok()) info.set_checkpoint_error(stats.last_error.ToString());
  }

  const std::shared_ptr<const Security> security_;
  const std::function<absl::Status(const std::string&, const RateLimiterOptions&)> check_limiter_;
  const Instant start_;
  StreamHub hub_;
  CheckpointCalls checkpoint_calls_;
  ReportCalls report_calls_;
  // Maps "/package.Service/Method" to the function that begins such a call.
  const absl::flat_hash_map<std::string, std::function<void(RpcCall&)>> methods_ = {
      {Method("Insert"), [this](RpcCall& call) { BeginStream<InsertStream>(call); }},
      {Method("Sample"), [this](RpcCall& call) { BeginStream<SampleStream>(call); }},
      {Method("UpdatePriorities"), [this](RpcCall& call) { BeginUnary(call, &Impl::UpdatePriorities); }},
      {Method("Info"), [this](RpcCall& call) { BeginUnary(call, &Impl::Info); }},
      {Method("SetRateLimiter"), [this](RpcCall& call) { BeginUnary(call, &Impl::SetRateLimiter); }},
      {Method("Checkpoint"),
       [this](RpcCall& call) {
         const auto add = [this](const auto& unary) { checkpoint_calls_.Add(unary); };
         CheckpointCalls::Call::Begin(call, add);
       }},
      {"/recbots.v1.RoleService/Report",
       [this](RpcCall& call) {
         ReportCalls::Call::Begin(call, [this](const auto& unary) { report_calls_.Add(unary); });
       }},
  };
};

ReplayService::ReplayService(Store* store, const ReplayServiceOptions& options)
    : impl_(std::make_unique<Impl>(store, options)) {}
ReplayService::~ReplayService() = default;
CallService& ReplayService::service() { return *impl_; }
void ReplayService::AnswerReports() { impl_->AnswerReports(); }
void ReplayService::Drain() { impl_->Drain(); }
ReplayServiceStats ReplayService::stats(absl::string_view table) const { return impl_->stats(table); }
v1::InfoResponse ReplayService::info() const { return impl_->info(); }

}  // namespace recbots::replay

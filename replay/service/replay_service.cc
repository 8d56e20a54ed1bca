#include "replay/service/replay_service.h"

#include <utility>
#include <vector>

#include "common/base/log.h"
#include "common/wire/row_schema_proto.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "replay/service/insert_stream.h"
#include "replay/service/sample_stream.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {

class ReplayService::Impl final : public v1::ReplayService::CallbackService {
 public:
  Impl(Table* table, const ReplayServiceOptions& options) : hub_(table, options.insert_window_bytes) {}

  grpc::ServerBidiReactor<v1::InsertRequest, v1::InsertAck>* Insert(grpc::CallbackServerContext*) override {
    return Begin<InsertStream>();
  }
  grpc::ServerBidiReactor<v1::SampleCredit, v1::SampleBatch>* Sample(grpc::CallbackServerContext*) override {
    return Begin<SampleStream>();
  }
  grpc::ServerUnaryReactor* Info(grpc::CallbackServerContext* context, const v1::InfoRequest*,
                                 v1::InfoResponse* response) override {
    FillInfo(*response);
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  void Drain() {
    std::vector<std::shared_ptr<ServiceStream>> streams;
    {
      MutexLock lock(&hub_.mu);
      hub_.draining = true;
      for (const auto& entry : hub_.streams) streams.push_back(entry.second);
    }
    for (const auto& stream : streams) stream->Drain();
  }

  ReplayServiceStats stats() const {
    return {.writers = hub_.writers.load(),
            .readers = hub_.readers.load(),
            .refused_blocks = hub_.refused_blocks.load(),
            .weights_version = hub_.weights_version.load(),
            .blocked = hub_.lot.blocked_times()};
  }

 private:
  template <typename Stream>
  Stream* Begin() {
    const auto stream = std::make_shared<Stream>(&hub_);
    stream->Start();  // From here the hub keeps it, until OnDone, which gRPC calls after this handler has returned.
    return stream.get();
  }

  void FillInfo(v1::InfoResponse& response) const {
    const Table& table = hub_.table;
    const TableState state = table.state();
    hub_.FillState(state, response.mutable_table());
    *response.mutable_schema() = RowSchemaToProto(table.schema());
    response.set_capacity_rows(table.capacity());
    response.set_capacity_bytes(table.options().capacity_bytes);
    const RateLimiterOptions& limiter = table.options().rate_limiter;
    response.set_min_size(limiter.min_size);
    response.set_samples_per_insert(limiter.samples_per_insert);
    response.set_error_buffer(limiter.error_buffer);
    response.set_inserts_blocked_on(static_cast<v1::BlockedOn>(state.inserts_blocked_on));
    response.set_samples_blocked_on(static_cast<v1::BlockedOn>(state.samples_blocked_on));
  }

  StreamHub hub_;
};

ReplayService::ReplayService(Table* table, const ReplayServiceOptions& options)
    : impl_(std::make_unique<Impl>(table, options)) {}
ReplayService::~ReplayService() = default;
grpc::Service* ReplayService::service() { return impl_.get(); }
void ReplayService::Drain() { impl_->Drain(); }
ReplayServiceStats ReplayService::stats() const { return impl_->stats(); }

}  // namespace recbots::replay

#include "learner/service/group_service.h"

#include <utility>

#include "common/base/log.h"
#include "common/rpc/grpc_status.h"
#include "common/wire/experiment_identity.h"

namespace recbots {

GroupService::GroupService(GroupBoard& board, std::shared_ptr<const Security> security)
    : board_(board), security_(std::move(security)) {}

grpc::ServerUnaryReactor* GroupService::Join(grpc::CallbackServerContext* context, const v1::JoinGroupRequest* request,
                                             v1::JoinGroupResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = Security::Check(security_.get(), *context);
  if (status.ok()) status = CheckIdentity(request->run().identity());
  if (status.ok()) {
    const absl::StatusOr<GroupPlace> place =
        board_.Join({.process = request->process(),
                     .rank = request->has_rank() ? request->rank() : -1,
                     .terms = {request->learners(), request->build(), request->run()},
                     .peer = context->peer()},
                    Instant::Now());
    status = place.status();
    if (place.ok()) {
      response->set_rank(place->rank);
      response->set_joined(place->joined);
      response->set_complete(place->complete);
    } else if (absl::IsFailedPrecondition(status)) {
      RECBOTS_LOG(WARNING) << "a learner may not join: " << status.message();
    }
  }
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

grpc::ServerUnaryReactor* GroupService::SetGroupValue(grpc::CallbackServerContext* context,
                                                      const v1::SetGroupValueRequest* request,
                                                      v1::SetGroupValueResponse* /*response*/) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = Security::Check(security_.get(), *context);
  if (status.ok()) status = board_.Set(request->key(), request->value());
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

grpc::ServerUnaryReactor* GroupService::GetGroupValue(grpc::CallbackServerContext* context,
                                                      const v1::GetGroupValueRequest* request,
                                                      v1::GetGroupValueResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Status status = Security::Check(security_.get(), *context);
  if (status.ok()) {
    absl::StatusOr<std::string> value = board_.Get(request->key(), Instant::InfinitePast());
    if (value.ok()) response->set_value(*std::move(value));
  }
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

}  // namespace recbots

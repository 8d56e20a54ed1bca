// LearnerGroup (proto/recbots/v1/learner_group.proto): a gRPC adapter over GroupBoard.
#pragma once

#include <memory>

#include "common/rpc/security.h"
#include "learner/group/group_board.h"
#include "recbots/v1/learner_group.grpc.pb.h"

namespace recbots {

// Thread-safe. No call blocks. The RpcServer must be stopped before the service is destroyed.
class GroupService final
    : public v1::LearnerGroup::WithCallbackMethod_Join<v1::LearnerGroup::WithCallbackMethod_SetGroupValue<
          v1::LearnerGroup::WithCallbackMethod_GetGroupValue<v1::LearnerGroup::Service>>> {
 public:
  // `board` must outlive the service. Every call must bring the token of `security`; nullptr: none.
  GroupService(GroupBoard& board, std::shared_ptr<const Security> security);

  grpc::ServerUnaryReactor* Join(grpc::CallbackServerContext* context, const v1::JoinGroupRequest* request,
                                 v1::JoinGroupResponse* response) override;
  grpc::ServerUnaryReactor* SetGroupValue(grpc::CallbackServerContext* context, const v1::SetGroupValueRequest* request,
                                          v1::SetGroupValueResponse* response) override;
  grpc::ServerUnaryReactor* GetGroupValue(grpc::CallbackServerContext* context, const v1::GetGroupValueRequest* request,
                                          v1::GetGroupValueResponse* response) override;

 private:
  GroupBoard& board_;
  const std::shared_ptr<const Security> security_;
};

}  // namespace recbots

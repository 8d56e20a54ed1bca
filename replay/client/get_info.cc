#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/wait_board.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_status.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "replay/client/replay_sampler.h"

namespace recbots::replay {

absl::StatusOr<v1::InfoResponse> GetInfo(const std::string& address, Instant deadline,
                                         std::shared_ptr<const Security> security) {
  const ScopedWait wait(nullptr, {.thing = "what it holds", .peer = address});
  const auto stub = v1::ReplayService::NewStub(MakeChannel(address, {.security = security}));
  grpc::ClientContext context;
  Security::Prepare(security.get(), context);
  context.set_deadline(ToGrpcDeadline(deadline));
  context.set_wait_for_ready(true);
  v1::InfoResponse response;
  const absl::Status status = FromGrpcStatus(stub->Info(&context, {}, &response));
  if (status.ok()) return response;
  return absl::Status(status.code(), absl::StrCat("replay at ", address, ": ", status.message(), ", after ",
                                                  WaitedText(wait.waited())));
}

}  // namespace recbots::replay

#include "deploy/cli/inspect/replay_admin_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/retry.h"

namespace recbots {
namespace {

// The limit for one attempt, so that there is an error to report when the deadline comes.
constexpr absl::Duration kAttempt = absl::Seconds(2);

}  // namespace

ReplayAdminClient::ReplayAdminClient(std::string address, std::shared_ptr<const Security> security)
    : address_(std::move(address)),
      security_(std::move(security)),
      channel_(MakeChannel(address_, {.security = security_})),
      stub_(v1::ReplayService::NewStub(channel_)) {}

absl::StatusOr<v1::InfoResponse> ReplayAdminClient::Info(Instant deadline) {
  PeerRetry retry("replay", address_, {.give_up_after = absl::InfiniteDuration()});
  while (true) {
    grpc::ClientContext context;
    context.set_deadline(ToGrpcDeadline(std::min(deadline, Instant::Now() + kAttempt)));
    Security::Prepare(security_.get(), context);
    v1::InfoResponse response;
    const absl::Status status = FromGrpcStatus(stub_->Info(&context, v1::InfoRequest(), &response));
    if (status.ok()) return response;
    const absl::StatusOr<absl::Duration> delay = retry.Failed(status);
    if (!delay.ok() || Instant::Now() + *delay >= deadline) return Named(status);
    AwaitRetry(*channel_, *delay);
  }
}

absl::StatusOr<v1::CheckpointResponse> ReplayAdminClient::Checkpoint(Instant deadline) {
  grpc::ClientContext context;
  context.set_deadline(ToGrpcDeadline(deadline));
  Security::Prepare(security_.get(), context);
  v1::CheckpointResponse response;
  const absl::Status status = FromGrpcStatus(stub_->Checkpoint(&context, v1::CheckpointRequest(), &response));
  if (!status.ok()) return Named(status);
  return response;
}

absl::Status ReplayAdminClient::SetRateLimiter(const v1::SetRateLimiterRequest& request, Instant deadline) {
  grpc::ClientContext context;
  context.set_deadline(ToGrpcDeadline(deadline));
  Security::Prepare(security_.get(), context);
  v1::SetRateLimiterResponse response;
  return Named(FromGrpcStatus(stub_->SetRateLimiter(&context, request, &response)));
}

absl::Status ReplayAdminClient::Named(const absl::Status& status) const {
  if (status.ok()) return status;
  const char* what = absl::IsUnimplemented(status) ? " is no replay server: " : ": ";
  return absl::Status(status.code(), absl::StrCat("replay at ", address_, what, status.message()));
}

}  // namespace recbots

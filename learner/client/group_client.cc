#include "learner/client/group_client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_status.h"

namespace recbots {
namespace {

// The limit for one call, so that a learner that hangs is noticed.
constexpr absl::Duration kAttempt = absl::Seconds(2);
// Between two calls while the group gathers, and while a value is waited for.
constexpr absl::Duration kBetweenJoins = absl::Milliseconds(100);
constexpr absl::Duration kBetweenReads = absl::Milliseconds(10);

v1::JoinGroupRequest RequestOf(const GroupHello& hello) {
  v1::JoinGroupRequest request;
  request.set_process(hello.process);
  if (hello.rank >= 0) request.set_rank(hello.rank);
  request.set_learners(hello.terms.learners);
  request.set_build(hello.terms.build);
  *request.mutable_run() = hello.terms.run;
  return request;
}

// A context whose call ends by `deadline`.
void Prepare(const Security* security, Instant deadline, grpc::ClientContext& context) {
  Security::Prepare(security, context);
  context.set_deadline(ToGrpcDeadline(std::min(deadline, Instant::Now() + kAttempt)));
}

}  // namespace

GroupClient::GroupClient(const std::string& address, std::shared_ptr<const Security> security)
    : address_(address),
      security_(std::move(security)),
      channel_(MakeChannel(address, {.security = security_})),
      stub_(v1::LearnerGroup::NewStub(channel_)) {}

absl::StatusOr<GroupPlace> GroupClient::Join(const GroupHello& hello, const RetryOptions& retry_options,
                                             const std::function<bool(int joined)>& waiting) {
  const v1::JoinGroupRequest request = RequestOf(hello);
  PeerRetry retry("the learner of rank 0", address_, retry_options);
  int joined = 0;
  while (waiting(joined)) {
    grpc::ClientContext context;
    Prepare(security_.get(), Instant::InfiniteFuture(), context);
    v1::JoinGroupResponse response;
    const absl::Status status = FromGrpcStatus(stub_->Join(&context, request, &response));
    if (status.ok()) {
      retry.Succeeded();
      if (response.complete()) return GroupPlace{response.rank(), response.joined(), true};
      joined = response.joined();
      absl::SleepFor(kBetweenJoins);
      continue;
    }
    RECBOTS_ASSIGN_OR_RETURN(const absl::Duration delay, retry.Failed(status));
    joined = 0;
    AwaitRetry(*channel_, delay);
  }
  return absl::CancelledError("told to end before the group was complete");
}

absl::Status GroupClient::Set(const std::string& key, const std::string& value) {
  grpc::ClientContext context;
  Prepare(security_.get(), Instant::InfiniteFuture(), context);
  v1::SetGroupValueRequest request;
  request.set_key(key);
  request.set_value(value);
  v1::SetGroupValueResponse response;
  return FromGrpcStatus(stub_->SetGroupValue(&context, request, &response));
}

absl::StatusOr<std::string> GroupClient::Get(const std::string& key, Instant deadline) {
  absl::Status status;
  do {
    grpc::ClientContext context;
    Prepare(security_.get(), std::max(deadline, Instant::Now() + kBetweenReads), context);
    v1::GetGroupValueRequest request;
    request.set_key(key);
    v1::GetGroupValueResponse response;
    status = FromGrpcStatus(stub_->GetGroupValue(&context, request, &response));
    if (status.ok() && response.has_value()) return std::move(*response.mutable_value());
    if (!status.ok() && !IsTransient(status)) return status;
    absl::SleepFor(kBetweenReads);
  } while (Instant::Now() < deadline);
  return absl::DeadlineExceededError(absl::StrCat("no value of '", key, "' from the learner of rank 0 at ", address_,
                                                  status.ok() ? "" : ": ", status.message()));
}

}  // namespace recbots

#include "learner/client/evaluation_client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/retry.h"

namespace recbots {
namespace {

// The limit for one attempt, so that a learner that hangs is noticed and named.
constexpr absl::Duration kAttempt = absl::Seconds(5);

}  // namespace

EvaluationClient::EvaluationClient(const std::string& address, std::shared_ptr<const Security> security,
                                   WaitBoard* waits)
    : address_(address),
      security_(std::move(security)),
      waits_(waits),
      channel_(MakeChannel(address, {.security = security_})),
      stub_(v1::WeightsService::NewStub(channel_)) {}

absl::Status EvaluationClient::Report(const v1::Evaluation& evaluation, Instant deadline) {
  const ScopedWait wait(waits_, {.thing = "the learner to take an evaluation", .peer = address_, .deadline = deadline});
  PeerRetry retry("learner", address_, {.give_up_after = absl::InfiniteDuration()});
  while (true) {
    grpc::ClientContext context;
    Security::Prepare(security_.get(), context);
    context.set_deadline(ToGrpcDeadline(std::min(deadline, Instant::Now() + kAttempt)));
    v1::ReportEvaluationResponse response;
    const absl::Status status = FromGrpcStatus(stub_->ReportEvaluation(&context, evaluation, &response));
    if (status.ok()) {
      retry.Succeeded();
      return status;
    }
    RECBOTS_ASSIGN_OR_RETURN(const absl::Duration delay, retry.Failed(status));
    if (Instant::Now() + delay >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("evaluation of version ", evaluation.weights_version(), ": ", wait.TimedOut(status).message()));
    }
    AwaitRetry(*channel_, delay);
  }
}

}  // namespace recbots

// How an evaluator tells the learner how good a version is.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/rpc/security.h"
#include "recbots/v1/weights.grpc.pb.h"

namespace recbots {

// Thread-safe.
class EvaluationClient {
 public:
  // `address` of the learner: host:port or unix:/path.
  explicit EvaluationClient(const std::string& address, std::shared_ptr<const Security> security = {});

  // Reports, and tries again while the learner is away.
  //   DEADLINE_EXCEEDED    not accepted by `deadline`; whether the learner has it is not known, reporting again is safe
  //   FAILED_PRECONDITION  the version is of an earlier incarnation of the learner: fetch weights again
  //   UNAUTHENTICATED      the learner wants another token
  //   INVALID_ARGUMENT     the learner never published that version, or a number is not finite
  absl::Status Report(const v1::Evaluation& evaluation, Instant deadline);

 private:
  const std::string address_;
  const std::shared_ptr<const Security> security_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::WeightsService::StubInterface> stub_;
};

}  // namespace recbots

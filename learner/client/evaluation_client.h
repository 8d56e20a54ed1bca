// The call by which an evaluator tells the learner how good a version is.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/base/wait_board.h"
#include "common/rpc/security.h"
#include "recbots/v1/weights.grpc.pb.h"

namespace recbots {

// Thread-safe.
class EvaluationClient {
 public:
  // `address` is the learner's: host:port or unix:/path. `waits` is where calls that last are shown, and must outlive
  // the client; nullptr: nowhere.
  explicit EvaluationClient(const std::string& address, std::shared_ptr<const Security> security = {},
                            WaitBoard* waits = nullptr);

  // Reports an evaluation, and tries again while the learner is away.
  //   DEADLINE_EXCEEDED    it was not accepted by `deadline`; the learner may have it, and reporting again is harmless
  //   FAILED_PRECONDITION  the version belongs to an earlier incarnation of the learner: fetch weights again
  //   UNAUTHENTICATED      the learner wants another token
  //   INVALID_ARGUMENT     the learner never published this version, or a number is not finite
  absl::Status Report(const v1::Evaluation& evaluation, Instant deadline);

 private:
  const std::string address_;
  const std::shared_ptr<const Security> security_;
  WaitBoard* const waits_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::WeightsService::StubInterface> stub_;
};

}  // namespace recbots

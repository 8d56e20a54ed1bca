// What a person asks of one running replay server.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/rpc/security.h"
#include "recbots/v1/replay.grpc.pb.h"

namespace recbots {

// One connection. Not thread-safe. Every error names the address:
//   UNAVAILABLE, DEADLINE_EXCEEDED  no server answers there
//   UNAUTHENTICATED                 TLS or the token do not fit (says how)
//   UNIMPLEMENTED                   something else than replay listens there
class ReplayAdmin {
 public:
  ReplayAdmin(std::string address, std::shared_ptr<const Security> security);

  const std::string& address() const { return address_; }

  // Tries again while no server answers, until the deadline.
  absl::StatusOr<v1::InfoResponse> Info(Instant deadline);
  // Waits until the checkpoint is on disk. FAILED_PRECONDITION: the server keeps none; others: what the disk said.
  absl::StatusOr<v1::CheckpointResponse> Checkpoint(Instant deadline);
  // NOT_FOUND: no such table. INVALID_ARGUMENT: a limiter under which nothing could move.
  absl::Status SetRateLimiter(const v1::SetRateLimiterRequest& request, Instant deadline);

 private:
  absl::Status Named(const absl::Status& status) const;

  const std::string address_;
  const std::shared_ptr<const Security> security_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::ReplayService::StubInterface> stub_;
};

}  // namespace recbots

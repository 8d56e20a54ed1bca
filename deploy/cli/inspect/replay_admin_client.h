// Makes the calls of a person to one running replay server.
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
//   UNAUTHENTICATED                 TLS or the token does not fit (the message says how)
//   UNIMPLEMENTED                   the server there is not replay
class ReplayAdminClient {
 public:
  ReplayAdminClient(std::string address, std::shared_ptr<const Security> security);

  const std::string& address() const { return address_; }

  // Asks for the server's state; if no server answers, tries again until the deadline.
  absl::StatusOr<v1::InfoResponse> Info(Instant deadline);
  // Asks for a checkpoint and waits until it is on disk. FAILED_PRECONDITION: the server keeps none; other errors are
  // those of the disk.
  absl::StatusOr<v1::CheckpointResponse> Checkpoint(Instant deadline);
  // NOT_FOUND: there is no such table. INVALID_ARGUMENT: the limiter is out of range, or neither side could ever
  // proceed.
  absl::Status SetRateLimiter(const v1::SetRateLimiterRequest& request, Instant deadline);

 private:
  absl::Status Named(const absl::Status& status) const;

  const std::string address_;
  const std::shared_ptr<const Security> security_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::ReplayService::StubInterface> stub_;
};

}  // namespace recbots

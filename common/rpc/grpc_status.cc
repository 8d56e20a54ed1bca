#include "common/rpc/grpc_status.h"

#include <string>

#include "common/rpc/handshake.h"

namespace recbots {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.raw_code()), std::string(status.message()));
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return ExplainConnection(absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message()));
}

}  // namespace recbots

// Small messages <-> what raw streams carry.
#pragma once

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots::replay {

template <typename Message>
grpc::ByteBuffer ToBytes(const Message& message) {
  grpc::ByteBuffer buffer;
  bool own = false;
  RECBOTS_CHECK(grpc::SerializationTraits<Message>::Serialize(message, &buffer, &own).ok());
  return buffer;
}

// Empties the buffer. INVALID_ARGUMENT: these bytes are no such message; `name` says what was expected.
template <typename Message>
absl::Status FromBytes(const char* name, grpc::ByteBuffer& buffer, Message& message) {
  if (grpc::SerializationTraits<Message>::Deserialize(&buffer, &message).ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, ": not a ", message.GetTypeName()));
}

}  // namespace recbots::replay

// Converts small messages to and from the byte buffers of raw streams.
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

// Parses the buffer and empties it. INVALID_ARGUMENT: the bytes are no such message; `name` says what was expected.
template <typename Message>
absl::Status FromBytes(const char* name, grpc::ByteBuffer& buffer, Message& message) {
  if (grpc::SerializationTraits<Message>::Deserialize(&buffer, &message).ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, ": not a ", message.GetTypeName()));
}

}  // namespace recbots::replay

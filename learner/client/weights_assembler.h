// Puts a version together from the parts in which it travels, and checks it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

// Not thread-safe. One for every stream: after an error the stream is not to be read on.
class WeightsAssembler {
 public:
  struct Complete {
    v1::WeightsHeader header;
    std::string payload;
  };

  // Payloads of more bytes than this are refused before they are collected.
  explicit WeightsAssembler(int64_t max_payload_bytes) : max_payload_bytes_(max_payload_bytes) {}

  // Adds a part; gives the version that it completes, if it does.
  //   INTERNAL  header missing or in the middle, version below 1, a stream that cannot be, bytes other than announced,
  //             wrong checksum. The message names value and bound. (INTERNAL, because fetching again may help.)
  absl::StatusOr<std::optional<Complete>> Add(const v1::WeightsChunk& chunk);

 private:
  absl::Status Begin(const v1::WeightsHeader& header);

  const int64_t max_payload_bytes_;
  bool begun_ = false;
  Complete version_;
};

}  // namespace recbots

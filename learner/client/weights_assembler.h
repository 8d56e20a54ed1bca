// Assembles a version from the parts in which it is sent, and checks it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

// Not thread-safe. Each stream needs its own assembler. After an error, stop reading the stream.
class WeightsAssembler {
 public:
  struct Complete {
    v1::WeightsHeader header;
    std::string payload;
  };

  // A payload of more than `max_payload_bytes` is refused before it is collected.
  explicit WeightsAssembler(int64_t max_payload_bytes) : max_payload_bytes_(max_payload_bytes) {}

  // Adds a part; returns the version if this part completes it.
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

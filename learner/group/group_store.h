// A few keys and values that all learners of a group can read while they find each other, and when one has failed.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/instant.h"

namespace recbots {

// Thread-safe.
class GroupStore {
 public:
  // Bounds of every implementation.
  static constexpr size_t kMaxKeys = 4096;
  static constexpr size_t kMaxKeyBytes = 256;
  static constexpr size_t kMaxValueBytes = size_t{4} << 20;
  static constexpr size_t kMaxBytes = size_t{64} << 20;  // Of all values together.

  virtual ~GroupStore() = default;
  // Sets a key, or changes its value.
  //   INVALID_ARGUMENT  a bound is exceeded; names it
  //   others            rank 0 cannot be reached
  virtual absl::Status Set(const std::string& key, const std::string& value) = 0;
  // Waits for a value.
  //   DEADLINE_EXCEEDED  the key has no value by then, or rank 0 cannot be reached
  virtual absl::StatusOr<std::string> Get(const std::string& key, Instant deadline) = 0;
};

}  // namespace recbots

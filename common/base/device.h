// Where a learner computes, as settings name it. Plain values, without LibTorch (common/networks/torch_device.h has the
// rest).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

// With how many bits products of matrices are computed; numbers as in config.proto (LearnerConfig.MatrixPrecision).
enum class MatrixPrecision { kFloat32 = 1, kTf32 = 2, kBfloat16 = 3 };

// The processor, or the GPU of this number.
struct Device {
  bool cuda = false;
  int index = 0;  // 0..127.

  bool operator==(const Device&) const = default;
};

// "cpu", "cuda:1".
std::string DeviceName(const Device& device);

// "cpu", "cuda" (here: that of number 0) or "cuda:N"; nullopt: "auto".
//   INVALID_ARGUMENT  anything else
absl::StatusOr<std::optional<Device>> ParseDevice(absl::string_view text);

}  // namespace recbots

// The devices of LibTorch: which of them there are, and which one a learner takes.
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/device.h"

namespace recbots {

at::Device TorchDevice(const Device& device);

struct DeviceChoice {
  Device device;
  std::string why;  // One clause for people: "asked for", "this build has no CUDA".
};

// What `wanted` (ParseDevice) means on this machine. "auto" takes a GPU where there is one that this build can use and
// where an update has at least kSmallestGpuUpdate multiply-adds.
// Where a GPU is meant without a number, it is that of the number `rank`, counted round and round.
//   INVALID_ARGUMENT     not a device
//   FAILED_PRECONDITION  a GPU is asked for by name and cannot be used; says why
absl::StatusOr<DeviceChoice> ChooseDevice(absl::string_view wanted, double multiply_adds_of_an_update, int rank = 0);

// Below it one core is done with an update before a GPU has begun it: launching a captured graph and waiting for it
// takes some 50 microseconds, in which a core does about two million multiply-adds. By arithmetic, not measured.
inline constexpr double kSmallestGpuUpdate = 2e6;

// "NVIDIA H200, 140 GiB"; of the processor its name in LibTorch, "cpu".
std::string DescribeDevice(const Device& device);

}  // namespace recbots

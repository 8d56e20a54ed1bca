#include "common/networks/torch_device.h"

#include <c10/util/Exception.h>

#ifdef RECBOTS_CUDA
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAFunctions.h>
#endif

#include <exception>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// GPUs that can be used; or why there are none.
struct Gpus {
  int count = 0;
  std::string why_none;
};

#ifdef RECBOTS_CUDA

Gpus FindGpus() {
  try {
    const int count = c10::cuda::device_count_ensure_non_zero();
    return {count, ""};
  } catch (const c10::Error& error) {
    return {0, absl::StrCat("no GPU can be used: ", error.what_without_backtrace())};
  } catch (const std::exception& error) {
    return {0, absl::StrCat("no GPU can be used: ", error.what())};
  }
}

#else

Gpus FindGpus() { return {0, "this build has no CUDA (docs/gpu.md)"}; }

#endif

}  // namespace

at::Device TorchDevice(const Device& device) {
  return device.cuda ? at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device.index)) : at::Device(at::kCPU);
}

absl::StatusOr<DeviceChoice> ChooseDevice(absl::string_view wanted, double multiply_adds_of_an_update, int rank) {
  RECBOTS_ASSIGN_OR_RETURN(const std::optional<Device> device, ParseDevice(wanted));
  if (device.has_value() && !device->cuda) return DeviceChoice{*device, "asked for"};
  const Gpus gpus = FindGpus();
  if (device.has_value()) {
    if (gpus.count == 0) {
      return absl::FailedPreconditionError(absl::StrCat("device ", DeviceName(*device), ": ", gpus.why_none));
    }
    if (device->index >= gpus.count) {
      return absl::FailedPreconditionError(absl::StrCat("device ", DeviceName(*device), ": there are ", gpus.count,
                                                        " GPUs, want at most cuda:", gpus.count - 1));
    }
    const bool any = wanted == "cuda";
    return DeviceChoice{{.cuda = true, .index = any ? rank % gpus.count : device->index}, "asked for"};
  }
  if (gpus.count == 0) return DeviceChoice{{}, gpus.why_none};
  const std::string work = absl::StrFormat("an update has %.2g multiply-adds", multiply_adds_of_an_update);
  if (multiply_adds_of_an_update < kSmallestGpuUpdate) {
    return DeviceChoice{{}, absl::StrFormat("%s, a GPU gains from %.2g on", work, kSmallestGpuUpdate)};
  }
  return DeviceChoice{{.cuda = true, .index = rank % gpus.count}, work};
}

std::string DescribeDevice(const Device& device) {
#ifdef RECBOTS_CUDA
  if (device.cuda) {
    const cudaDeviceProp* const properties = at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(device.index));
    return absl::StrFormat("%s, %d GiB", properties->name,
                           static_cast<int>(properties->totalGlobalMem / (size_t{1} << 30)));
  }
#endif
  return DeviceName(device);
}

}  // namespace recbots

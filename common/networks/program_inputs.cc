#include "common/networks/program_inputs.h"

#include <ATen/ops/zeros.h>

#include "common/base/log.h"

#ifdef RECBOTS_CUDA
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <array>
#endif

namespace recbots {
namespace {

constexpr int64_t kAlignment = 64;  // Bytes: as kernels of the CPU like it; a GPU asks for less.

// Views of `block`, one behind the other; with no block only counts. Returns the bytes.
int64_t Place(const std::vector<ProgramInputs::Wanted>& wanted, const at::Tensor& block,
              std::vector<at::Tensor>* views) {
  int64_t begin = 0;
  for (const ProgramInputs::Wanted& one : wanted) {
    int64_t bytes = static_cast<int64_t>(c10::elementSize(one.type));
    for (const int64_t extent : one.sizes) bytes *= extent;
    if (views != nullptr) views->push_back(block.narrow(0, begin, bytes).view(one.type).view(one.sizes));
    begin += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }
  return begin;
}

}  // namespace

#ifdef RECBOTS_CUDA

// A ring of pinned buffers, each with a buffer of the GPU that it is copied to while the program still reads the block
// before; the last copy, into the program's own block, stays within the GPU.
struct ProgramInputs::Gpu {
  static constexpr size_t kBuffers = 3;

  struct Buffer {
    at::Tensor pinned, staged;
    std::vector<at::Tensor> views;       // Of pinned.
    at::cuda::CUDAEvent arrived, taken;  // In staged; from staged.
    bool used = false;
  };

  explicit Gpu(at::Device of)
      : device(of), copies(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, of.index())) {}

  const at::Device device;
  const c10::cuda::CUDAStream copies;
  at::Tensor block;
  std::array<Buffer, kBuffers> buffers;
  size_t current = 0;
};

#else

struct ProgramInputs::Gpu {};

#endif

ProgramInputs::ProgramInputs() = default;
ProgramInputs::~ProgramInputs() = default;
ProgramInputs::ProgramInputs(ProgramInputs&&) noexcept = default;
ProgramInputs& ProgramInputs::operator=(ProgramInputs&&) noexcept = default;

ProgramInputs::ProgramInputs(const std::vector<Wanted>& wanted, at::Device device) {
  const at::TensorOptions bytes = at::TensorOptions(at::kByte);
  const int64_t size = Place(wanted, {}, nullptr);
  const at::Tensor block = at::zeros({size}, bytes.device(device));
  Place(wanted, block, &device_);
  if (device.is_cpu()) {
    host_ = device_;
    return;
  }
#ifdef RECBOTS_CUDA
  gpu_ = std::make_unique<Gpu>(device);
  gpu_->block = block;
  for (Gpu::Buffer& buffer : gpu_->buffers) {
    buffer.pinned = at::zeros({size}, bytes.pinned_memory(true));
    buffer.staged = at::zeros({size}, bytes.device(device));
    Place(wanted, buffer.pinned, &buffer.views);
  }
  host_ = gpu_->buffers[0].views;
#else
  RECBOTS_CHECK(false) << "device " << device.str() << " of a build without CUDA";
#endif
}

const at::Tensor& ProgramInputs::host(size_t i) {
#ifdef RECBOTS_CUDA
  if (gpu_ != nullptr) {
    Gpu::Buffer& buffer = gpu_->buffers[gpu_->current];
    if (buffer.used) buffer.arrived.synchronize();
    buffer.used = false;
  }
#endif
  return host_[i];
}

void ProgramInputs::Upload() {
#ifdef RECBOTS_CUDA
  if (gpu_ == nullptr) return;
  Gpu::Buffer& buffer = gpu_->buffers[gpu_->current];
  const c10::cuda::CUDAStream program = c10::cuda::getCurrentCUDAStream(gpu_->device.index());
  {
    const c10::cuda::CUDAStreamGuard copies(gpu_->copies);
    buffer.taken.block(gpu_->copies);  // Of the last time round; at first there is nothing to wait for.
    buffer.staged.copy_(buffer.pinned, /*non_blocking=*/true);
    buffer.arrived.record(gpu_->copies);
  }
  buffer.arrived.block(program);
  gpu_->block.copy_(buffer.staged, /*non_blocking=*/true);
  buffer.taken.record(program);
  buffer.used = true;
  gpu_->current = (gpu_->current + 1) % Gpu::kBuffers;
  host_ = gpu_->buffers[gpu_->current].views;
#endif
}

}  // namespace recbots

// A sequence of LibTorch's operators that is run again and again: one operator after the other, or, on a GPU, as one
// CUDA graph that is captured once and then replayed, which costs one launch instead of one for each operator.
//
// A program reads and writes tensors that live longer than it, always the same ones, and makes others on the way. It
// has no other effect, reads nothing back to the host (item, to(kCPU)), and depends on nothing but these tensors and
// its variant: a replay runs its kernels, and none of its code.
//
// Throws c10::Error (torch_status.h). Not thread-safe: one thread builds and runs all programs of a device.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "common/base/device.h"

namespace recbots {

class TensorProgram {
 public:
  // On a GPU, makes it and a stream of its own the current ones of the calling thread, as captures want it.
  TensorProgram(at::Device device, MatrixPrecision precision);
  ~TensorProgram();
  TensorProgram(const TensorProgram&) = delete;
  TensorProgram& operator=(const TensorProgram&) = delete;

  // Runs `program`, without autograd. Runs of the same variant must do the same. On a GPU it returns before the program
  // is done; the first runs of a variant go operator by operator, because libraries allocate what they need in them.
  void Run(int64_t variant, absl::FunctionRef<void()> program);
  // Forgets what was captured: the tensors are others now.
  void Forget();
  // On a GPU, run operator by operator from now on; for comparison.
  void StopCapturing(const std::string& why);

  // How programs are run: "operators", "CUDA graph", or "operators: " and why a graph was refused.
  const std::string& mode() const { return mode_; }

 private:
  struct Graphs;
  bool Replay(int64_t variant);
  bool Capture(int64_t variant, absl::FunctionRef<void()> program);

  const at::Device device_;
  const MatrixPrecision precision_;
  std::string mode_ = "operators";
  std::unique_ptr<Graphs> graphs_;  // nullptr: of the CPU, or not captured.
};

}  // namespace recbots

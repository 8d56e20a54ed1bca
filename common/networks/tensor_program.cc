#include "common/networks/tensor_program.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include "absl/strings/str_cat.h"
#include "common/networks/products.h"

#ifdef RECBOTS_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include <map>
#endif

namespace recbots {

#ifdef RECBOTS_CUDA

struct TensorProgram::Graphs {
  static constexpr int kWarmRuns = 3;

  struct Variant {
    int runs = 0;
    std::unique_ptr<at::cuda::CUDAGraph> graph;
  };
  std::map<int64_t, Variant> variants;
};

TensorProgram::TensorProgram(at::Device device, MatrixPrecision precision) : device_(device), precision_(precision) {
  if (!device.is_cuda()) return;
  graphs_ = std::make_unique<Graphs>();
  c10::cuda::set_device(device.index());
  // All that this thread does on the GPU goes into one stream, in order; the default one cannot be captured.
  if (c10::cuda::getCurrentCUDAStream(device.index()) == c10::cuda::getDefaultCUDAStream(device.index())) {
    c10::cuda::setCurrentCUDAStream(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device.index()));
  }
}

bool TensorProgram::Replay(int64_t variant) {
  if (graphs_ == nullptr) return false;
  Graphs::Variant& one = graphs_->variants[variant];
  if (one.graph == nullptr) return false;
  one.graph->replay();
  return true;
}

bool TensorProgram::Capture(int64_t variant, absl::FunctionRef<void()> program) {
  if (graphs_ == nullptr) return false;
  Graphs::Variant& one = graphs_->variants[variant];
  if (one.runs++ < Graphs::kWarmRuns) return false;
  auto graph = std::make_unique<at::cuda::CUDAGraph>();
  try {
    // The copy stream and other threads may go on while this thread records.
    graph->capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    program();
    graph->capture_end();
  } catch (const c10::Error& error) {
    try {
      graph->reset();
    } catch (const c10::Error&) {
      // What could not be recorded cannot be forgotten either; the operators run all the same.
    }
    StopCapturing(absl::StrCat("a CUDA graph was refused: ", error.what_without_backtrace()));
    return false;
  }
  mode_ = "CUDA graph";
  one.graph = std::move(graph);
  one.graph->replay();
  return true;
}

#else

struct TensorProgram::Graphs {};

TensorProgram::TensorProgram(at::Device device, MatrixPrecision precision) : device_(device), precision_(precision) {}

bool TensorProgram::Replay(int64_t) { return false; }
bool TensorProgram::Capture(int64_t, absl::FunctionRef<void()>) { return false; }

#endif

TensorProgram::~TensorProgram() = default;

void TensorProgram::Run(int64_t variant, absl::FunctionRef<void()> program) {
  const c10::InferenceMode no_autograd;
  const PrecisionScope precision(precision_);
  if (!Replay(variant) && !Capture(variant, program)) program();
}

void TensorProgram::Forget() {
  if (graphs_ != nullptr) graphs_ = std::make_unique<Graphs>();
}

void TensorProgram::StopCapturing(const std::string& why) {
  graphs_.reset();
  mode_ = absl::StrCat("operators: ", why);
}

}  // namespace recbots

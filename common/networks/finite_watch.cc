#include "common/networks/finite_watch.h"

#ifdef RECBOTS_CUDA
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/ops/zeros.h>
#include <c10/cuda/CUDAStream.h>

#include <array>
#endif

namespace recbots {

#ifdef RECBOTS_CUDA

// A ring: answers arrive in the order of the questions.
struct FiniteWatch::Questions {
  struct Question {
    at::cuda::CUDAEvent answered;
    bool open = false;
  };

  bool Read(size_t slot) {
    of[slot].open = false;
    finite = finite && answers.data_ptr<bool>()[slot];
    return finite;
  }

  at::Tensor answers = at::zeros({kMaxOpen}, at::TensorOptions(at::kBool).pinned_memory(true));
  std::array<Question, kMaxOpen> of;
  size_t oldest = 0, next = 0;
  bool finite = true;
};

bool FiniteWatch::Ask(const at::Tensor& numbers) {
  if (!numbers.is_cuda()) return numbers.isfinite().all().item<bool>();
  if (questions_ == nullptr) questions_ = std::make_unique<Questions>();
  Questions& q = *questions_;
  if (q.of[q.next].open) {
    q.of[q.next].answered.synchronize();
    q.Read(q.next);
    q.oldest = (q.next + 1) % kMaxOpen;
  }
  q.answers[static_cast<int64_t>(q.next)].copy_(numbers.isfinite().all(), /*non_blocking=*/true);
  q.of[q.next].answered.record(c10::cuda::getCurrentCUDAStream(numbers.device().index()));
  q.of[q.next].open = true;
  q.next = (q.next + 1) % kMaxOpen;
  while (q.of[q.oldest].open && q.of[q.oldest].answered.query()) {
    q.Read(q.oldest);
    q.oldest = (q.oldest + 1) % kMaxOpen;
  }
  return q.finite;
}

#else

struct FiniteWatch::Questions {};

bool FiniteWatch::Ask(const at::Tensor& numbers) { return numbers.isfinite().all().item<bool>(); }

#endif

FiniteWatch::FiniteWatch() = default;
FiniteWatch::~FiniteWatch() = default;

}  // namespace recbots

// Whether numbers on a GPU are finite, asked after every update without waiting for the GPU.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

namespace recbots {

// Throws c10::Error (torch_status.h). Not thread-safe.
class FiniteWatch {
 public:
  // Answers are awaited once this many questions are open.
  static constexpr int kMaxOpen = 32;

  FiniteWatch();
  ~FiniteWatch();

  // Asks about `numbers` as they are when the GPU gets here. Returns false once the answer to any question was that a
  // number was not finite, which is known kMaxOpen questions later at the latest. On the CPU the answer is that of now.
  bool Ask(const at::Tensor& numbers);

 private:
  struct Questions;
  std::unique_ptr<Questions> questions_;
};

}  // namespace recbots

// What a tensor program (tensor_program.h) reads and the host writes before each run: columns of a batch, draws,
// factors. All of it is one block of memory, so that it goes to a GPU in one copy: from pinned memory, on a stream of
// its own, while the run before is under way.
//
// On the CPU both sides of a tensor are the same memory, and nothing is copied. Throws c10::Error (torch_status.h). Not
// thread-safe.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace recbots {

class ProgramInputs {
 public:
  struct Wanted {
    std::vector<int64_t> sizes;
    at::ScalarType type;
  };

  ProgramInputs();
  // One tensor for each that is wanted, contiguous, at first all zero.
  ProgramInputs(const std::vector<Wanted>& wanted, at::Device device);
  ~ProgramInputs();
  ProgramInputs(ProgramInputs&&) noexcept;
  ProgramInputs& operator=(ProgramInputs&&) noexcept;

  // Tensor i on the host, to be filled completely before each Upload. Waits where an earlier copy still reads it.
  const at::Tensor& host(size_t i);
  // The same as the program reads it: always the same memory.
  const at::Tensor& device(size_t i) const { return device_[i]; }
  // Makes what was filled what the runs that follow read, behind those that have been started.
  void Upload();

 private:
  struct Gpu;  // Pinned buffers and events.

  std::vector<at::Tensor> device_;
  std::vector<at::Tensor> host_;  // Of the CPU: those of device_; of a GPU: of the buffer that is filled now.
  std::unique_ptr<Gpu> gpu_;
};

}  // namespace recbots

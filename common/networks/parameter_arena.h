// All parameters of a set of networks in one flat tensor, with named views into it. Gradients, optimiser moments and
// target networks use arenas of the same layout (training_state.h), so that an optimiser step, a target blend or a copy
// is one kernel over one range, whatever the number of tensors.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/inference/tensor_spec.h"
#include "common/inference/weights.h"

namespace recbots {

// Where each tensor lies. Immutable value type.
class ParameterLayout {
 public:
  // Each tensor starts at a multiple of this many elements (64 bytes in float32); the gaps always stay zero.
  static constexpr int64_t kAlignment = 16;

  ParameterLayout() = default;
  explicit ParameterLayout(std::vector<TensorSpec> tensors);

  const std::vector<TensorSpec>& tensors() const { return tensors_; }
  // First element of tensor i; i == tensors().size() gives the size of the arena.
  int64_t offset(size_t i) const { return offsets_[i]; }
  int64_t size() const { return offsets_.back(); }

 private:
  std::vector<TensorSpec> tensors_;
  std::vector<int64_t> offsets_ = {0};
};

// Not thread-safe. Copies share their memory, as tensors do.
class ParameterArena {
 public:
  ParameterArena() = default;
  // All zero; of at::kFloat or at::kDouble, on any device.
  ParameterArena(const ParameterLayout& layout, const at::TensorOptions& options);
  // Over memory of the caller: `flat` is contiguous and has layout.size() elements.
  ParameterArena(const ParameterLayout& layout, at::Tensor flat);

  const ParameterLayout& layout() const { return layout_; }
  // [layout().size()]: everything, and the part from tensor `begin` up to, not including, tensor `end`.
  const at::Tensor& flat() const { return flat_; }
  at::Tensor Range(size_t begin, size_t end) const;
  // An arena of tensors `begin` up to, not including, `end`, over the same memory; its first tensor is number 0.
  ParameterArena Part(size_t begin, size_t end) const;
  // A view of tensor i, in its shape.
  const at::Tensor& operator[](size_t i) const { return views_[i]; }
  // The view of that name; there must be one.
  const at::Tensor& at(absl::string_view name) const { return views_[Index(name)]; }
  // Its number.
  size_t Index(absl::string_view name) const;

  // Copies of values in float32, in plain memory: of tensor i, and of the tensors of these names.
  NamedTensor Export(size_t i) const;
  std::vector<NamedTensor> Export(absl::Span<const TensorSpec> tensors) const;

 private:
  ParameterLayout layout_;
  at::Tensor flat_;
  std::vector<at::Tensor> views_;
};

}  // namespace recbots

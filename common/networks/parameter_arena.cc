#include "common/networks/parameter_arena.h"

#include <ATen/ops/zeros.h>

#include <utility>

#include "common/base/log.h"

namespace recbots {

ParameterLayout::ParameterLayout(std::vector<TensorSpec> tensors) : tensors_(std::move(tensors)) {
  for (const TensorSpec& tensor : tensors_) {
    int64_t elements = 1;
    for (const int32_t extent : tensor.shape) elements *= extent;
    offsets_.push_back(offsets_.back() + (elements + kAlignment - 1) / kAlignment * kAlignment);
  }
}

ParameterArena::ParameterArena(const ParameterLayout& layout, const at::TensorOptions& options)
    : ParameterArena(layout, at::zeros({layout.size()}, options)) {}

ParameterArena::ParameterArena(const ParameterLayout& layout, at::Tensor flat)
    : layout_(layout), flat_(std::move(flat)) {
  RECBOTS_CHECK(flat_.is_contiguous() && flat_.numel() == layout.size());
  for (size_t i = 0; i < layout.tensors().size(); ++i) {
    const std::vector<int32_t>& shape = layout.tensors()[i].shape;
    const std::vector<int64_t> sizes(shape.begin(), shape.end());
    int64_t elements = 1;
    for (const int64_t extent : sizes) elements *= extent;
    views_.push_back(flat_.narrow(0, layout.offset(i), elements).view(sizes));
  }
}

at::Tensor ParameterArena::Range(size_t begin, size_t end) const {
  RECBOTS_CHECK(begin <= end && end <= views_.size());
  return flat_.narrow(0, layout_.offset(begin), layout_.offset(end) - layout_.offset(begin));
}

ParameterArena ParameterArena::Part(size_t begin, size_t end) const {
  const auto first = layout_.tensors().begin();
  const std::vector<TensorSpec> tensors(first + static_cast<ptrdiff_t>(begin), first + static_cast<ptrdiff_t>(end));
  return ParameterArena(ParameterLayout(tensors), Range(begin, end));
}

size_t ParameterArena::Index(absl::string_view name) const {
  size_t i = 0;
  while (i < views_.size() && layout_.tensors()[i].name != name) ++i;
  RECBOTS_CHECK(i < views_.size()) << "no parameter '" << std::string(name) << "'";
  return i;
}

NamedTensor ParameterArena::Export(size_t i) const {
  const at::Tensor values = views_[i].to(at::kCPU, at::kFloat).contiguous();
  const float* data = values.data_ptr<float>();
  return {layout_.tensors()[i].name, layout_.tensors()[i].shape, std::vector<float>(data, data + values.numel())};
}

std::vector<NamedTensor> ParameterArena::Export(absl::Span<const TensorSpec> tensors) const {
  std::vector<NamedTensor> exported;
  for (const TensorSpec& tensor : tensors) exported.push_back(Export(Index(tensor.name)));
  return exported;
}

}  // namespace recbots

#include "common/networks/mlp.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/silu_backward.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tanh_backward.h>
#include <ATen/ops/threshold_backward.h>

#include <tuple>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/networks/products.h"

namespace recbots {

Mlp::Mlp(const ParameterArena& arena, const std::string& prefix, const HiddenLayers& hidden)
    : activation(hidden.activation), layer_norm(hidden.layer_norm) {
  for (size_t number = 1; number <= hidden.depth() + 1; ++number) {
    const auto tensor = [&](const char* name) -> const at::Tensor& {
      return arena.at(LayerTensor(prefix, hidden, absl::StrCat(name, number)));
    };
    Layer layer = {tensor("w"), tensor("b"), tensor("w").t(), {}, {}};
    if (layer_norm && number <= hidden.depth()) {
      layer.scale = tensor("scale");
      layer.shift = tensor("shift");
    }
    layers.push_back(std::move(layer));
  }
  w1 = layers[0].w;
  b1 = layers[0].b;
}

MlpMemory MemoryOf(const Mlp& mlp) {
  RECBOTS_CHECK(mlp.depth() == 2 && mlp.activation == Activation::kRelu && !mlp.layer_norm);
  const auto w = [&](size_t i) { return mlp.layers[i].w.data_ptr<float>(); };
  const auto b = [&](size_t i) { return mlp.layers[i].b.data_ptr<float>(); };
  return {w(0), b(0), w(1), b(1), w(2), b(2)};
}

namespace {

MlpActivations::Layer EmptyLayer(const at::TensorOptions& options) {
  MlpActivations::Layer layer;
  for (at::Tensor* tensor :
       {&layer.z, &layer.normal, &layer.mean, &layer.rstd, &layer.out, &layer.d_z, &layer.d_scale, &layer.d_shift}) {
    *tensor = at::empty({0}, options);
  }
  return layer;
}

// From z to out.
void Finish(const Mlp& mlp, const Mlp::Layer& layer, MlpActivations::Layer& a) {
  at::Tensor in = a.z;
  if (mlp.layer_norm) {
    at::native_layer_norm_out(a.normal, a.mean, a.rstd, a.z, {a.z.size(1)}, layer.scale, layer.shift,
                              static_cast<double>(kNormEpsilon));
    in = a.normal;
  }
  switch (mlp.activation) {
    case Activation::kRelu:
      a.out = in.clamp_min_(0);
      break;
    case Activation::kTanh:
      at::tanh_out(a.out, in);
      break;
    case Activation::kSilu:
      at::silu_out(a.out, in);
      break;
  }
}

// From the gradient with respect to out, which lies in d_z, to that with respect to z.
void FinishBackward(const Mlp& mlp, const Mlp::Layer& layer, MlpActivations::Layer& a) {
  switch (mlp.activation) {
    case Activation::kRelu:
      at::threshold_backward_out(a.d_z, a.d_z, a.out, 0);
      break;
    case Activation::kTanh:
      a.d_z = at::tanh_backward(a.d_z, a.out);
      break;
    case Activation::kSilu:
      a.d_z = at::silu_backward(a.d_z, mlp.layer_norm ? a.normal : a.z);
      break;
  }
  if (!mlp.layer_norm) return;
  std::tie(a.d_z, a.d_scale, a.d_shift) = at::native_layer_norm_backward(a.d_z, a.z, {a.z.size(1)}, a.mean, a.rstd,
                                                                         layer.scale, layer.shift, {true, true, true});
}

}  // namespace

MlpActivations::MlpActivations(const at::TensorOptions& options)
    : hidden({EmptyLayer(options)}), output(at::empty({0}, options)) {}

void Forward(const Mlp& mlp, MlpActivations& a) {
  while (a.hidden.size() < mlp.depth()) a.hidden.push_back(EmptyLayer(a.output.options()));
  Finish(mlp, mlp.layers[0], a.hidden[0]);
  for (size_t i = 1; i < mlp.depth(); ++i) {
    ProductInto(a.hidden[i].z, mlp.layers[i].b, a.hidden[i - 1].out, mlp.layers[i].w_t);
    Finish(mlp, mlp.layers[i], a.hidden[i]);
  }
  ProductInto(a.output, mlp.layers.back().b, a.hidden.back().out, mlp.layers.back().w_t);
}

void Backward(const Mlp& mlp, const at::Tensor& d_output, MlpActivations& a) {
  const at::Tensor* d = &d_output;
  for (size_t i = mlp.depth(); i-- > 0;) {
    ProductInto(a.hidden[i].d_z, *d, mlp.layers[i + 1].w);
    FinishBackward(mlp, mlp.layers[i], a.hidden[i]);
    d = &a.hidden[i].d_z;
  }
}

void WeightGradients(const at::Tensor& d_output, const MlpActivations& a, const at::Tensor& ones, Mlp& gradients) {
  for (size_t i = gradients.depth(); i > 0; --i) {
    Mlp::Layer& layer = gradients.layers[i];
    const at::Tensor d_t = (i == gradients.depth() ? d_output : a.hidden[i].d_z).t();
    ProductInto(layer.w, d_t, a.hidden[i - 1].out);
    at::mv_out(layer.b, d_t, ones);
  }
  at::mv_out(gradients.b1, a.d_z1().t(), ones);
  for (size_t i = 0; gradients.layer_norm && i < gradients.depth(); ++i) {
    gradients.layers[i].scale.copy_(a.hidden[i].d_scale);
    gradients.layers[i].shift.copy_(a.hidden[i].d_shift);
  }
}

}  // namespace recbots

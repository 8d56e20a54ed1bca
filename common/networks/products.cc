#include "common/networks/products.h"

#include <ATen/Context.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

namespace recbots {
namespace {

thread_local MatrixPrecision precision_here = MatrixPrecision::kFloat32;

// LibTorch has one switch for the process. The learner is the only one who computes on a GPU there.
void Use(MatrixPrecision precision) {
  if (precision_here == precision) return;
  precision_here = precision;
  at::globalContext().setAllowTF32CuBLAS(precision == MatrixPrecision::kTf32);
}

bool Rounds(const at::Tensor& a) {
  return precision_here == MatrixPrecision::kBfloat16 && a.scalar_type() == at::kFloat;
}

at::Tensor RoundedProduct(const at::Tensor& a, const at::Tensor& b) {
  return at::mm(a.to(at::kBFloat16), b.to(at::kBFloat16));
}

}  // namespace

PrecisionScope::PrecisionScope(MatrixPrecision precision) : before_(precision_here) { Use(precision); }
PrecisionScope::~PrecisionScope() { Use(before_); }

void ProductInto(at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
  if (!Rounds(a)) {
    at::mm_out(out, a, b);
    return;
  }
  const at::Tensor product = RoundedProduct(a, b);
  if (out.sizes() != product.sizes()) out.resize_(product.sizes());
  out.copy_(product);
}

void ProductInto(at::Tensor& out, const at::Tensor& addend, const at::Tensor& a, const at::Tensor& b) {
  if (!Rounds(a)) {
    at::addmm_out(out, addend, a, b);
  } else {
    at::add_out(out, RoundedProduct(a, b).to(at::kFloat), addend);
  }
}

at::Tensor Product(const at::Tensor& a, const at::Tensor& b) {
  return Rounds(a) ? RoundedProduct(a, b).to(at::kFloat) : at::mm(a, b);
}

}  // namespace recbots

#include "common/algorithms/value_loss.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/where.h>

#include <tuple>

namespace recbots {

ValueLosses ScalarLosses(const at::Tensor& errors, double delta) {
  if (delta <= 0) return {errors.square(), errors.mul(2).unsqueeze(1)};
  const at::Tensor sizes = errors.abs();
  return {at::where(sizes.le(delta), errors.square(), sizes.mul(2).sub_(delta).mul_(delta)),
          errors.clamp(-delta, delta).mul_(2).unsqueeze(1)};
}

namespace {

at::Tensor TausOf(const at::Tensor& quantiles) {
  const int64_t n = quantiles.size(1);
  return at::arange(n, quantiles.options()).add_(0.5).div_(static_cast<double>(n));
}

// kappa = 0. Of sorted atoms the sums over those below a quantile say everything: N log M steps instead of N M.
ValueLosses AbsoluteLosses(const at::Tensor& quantiles, const at::Tensor& atoms, const at::Tensor& shares) {
  const at::Tensor wide_shares = shares.to(at::kDouble), taus = TausOf(quantiles.to(at::kDouble));
  const auto [sorted, order] = at::sort(atoms, /*dim=*/1);
  const at::Tensor sorted_shares = wide_shares.gather(1, order);
  // Sums over the first 0, 1, ..., M atoms, [B, M + 1].
  const at::Tensor mass = at::constant_pad_nd(at::cumsum(sorted_shares, 1), {1, 0}, 0);
  const at::Tensor moment = at::constant_pad_nd(at::cumsum(sorted_shares.mul(sorted), 1), {1, 0}, 0);
  const at::Tensor below = at::searchsorted(sorted, quantiles.contiguous());  // [B, N]
  const int64_t all = atoms.size(1);
  const at::Tensor mass_below = mass.gather(1, below), moment_below = moment.gather(1, below);
  const at::Tensor d_outputs = mass_below.sub(mass.narrow(1, all, 1).mul(taus));
  // Each atom's share times (tau - [u < 0]) u.
  const at::Tensor losses = moment.narrow(1, all, 1).mul(taus).sub_(moment_below).add_(d_outputs.mul(quantiles));
  // A target that is no number shows in the gradient, too.
  const at::ScalarType type = quantiles.scalar_type();
  return {losses.sum(1).to(type), d_outputs.add(losses, 0).to(type)};
}

}  // namespace

ValueLosses QuantileLosses(const at::Tensor& quantiles, const at::Tensor& atoms, const at::Tensor& shares,
                           double kappa) {
  const at::Tensor known = atoms.masked_fill(shares.eq(0), 0);
  if (kappa <= 0) return AbsoluteLosses(quantiles, known, shares);
  const at::Tensor taus = TausOf(quantiles).unsqueeze(1);
  const at::Tensor u = known.unsqueeze(1).sub(quantiles.unsqueeze(2));  // [B, N, M]
  // |u| / kappa, at most 1: how much of the slope there is, and of |u| all but half of the bend.
  const at::Tensor bend = u.abs().div_(kappa).clamp_max_(1);
  // By how much the loss grows with u; its sign is that of u.
  const at::Tensor slopes = at::where(u.lt(0), taus.sub(1), taus).mul_(shares.unsqueeze(1)).mul_(bend);
  const at::Tensor losses = slopes.mul(u.sub(u.sgn().mul_(bend), kappa / 2)).sum(2);  // [B, N]
  return {losses.sum(1), losses.mul(0).sub_(slopes.sum(2))};
}

ValueLosses TwoHotLosses(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& bins) {
  const int64_t gaps = bins.size(0) - 1;
  const at::Tensor low = bins.narrow(0, 0, gaps);
  // How far a target has come from each bin to the next, 0..1. A bin's share is what has come to it and not left it.
  const at::Tensor come = targets.unsqueeze(1).sub(low).div_(bins.narrow(0, 1, gaps).sub(low)).clamp_(0, 1);
  const at::Tensor hot = at::constant_pad_nd(come, {1, 0}, 1).sub_(at::constant_pad_nd(come, {0, 1}, 0));
  const at::Tensor log_shares = at::log_softmax(logits, 1);
  return {hot.mul(log_shares).sum(1).neg_(), log_shares.exp().sub_(hot)};
}

}  // namespace recbots

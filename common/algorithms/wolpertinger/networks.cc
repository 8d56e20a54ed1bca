#include "common/algorithms/wolpertinger/networks.h"

#include <ATen/ops/addcmul.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/topk.h>

#include "common/base/log.h"
#include "common/networks/initialize.h"
#include "common/networks/products.h"

namespace recbots {
namespace {

constexpr double kMinLength = 1e-12;
constexpr char kSecondCritic[] = "critic2";

}  // namespace

std::vector<TensorSpec> WolpertingerNetworks::Tensors(const WolpertingerShape& shape, int num_critics) {
  RECBOTS_CHECK(num_critics == 1 || num_critics == 2);
  std::vector<TensorSpec> tensors = PolicyTensors(shape);
  if (num_critics == 1) return tensors;
  for (TensorSpec& tensor : CriticTensors(shape, kSecondCritic)) tensors.push_back(std::move(tensor));
  return tensors;
}

WolpertingerNetworks::WolpertingerNetworks(const WolpertingerShape& shape, int num_critics,
                                           const at::TensorOptions& options)
    : WolpertingerNetworks(shape, num_critics, ParameterArena(ParameterLayout(Tensors(shape, num_critics)), options)) {}

WolpertingerNetworks::WolpertingerNetworks(const WolpertingerShape& shape, int num_critics,
                                           const ParameterArena& tensors)
    : arena(tensors), hidden(shape.hidden()), actor(arena, kActor, hidden), embeddings(arena.at(kEmbeddings)) {
  critics.emplace_back(arena, kCritic, shape.num_user_features, hidden);
  if (num_critics == 2) critics.emplace_back(arena, kSecondCritic, shape.num_user_features, hidden);
}

void WolpertingerNetworks::Initialize(uint64_t seed) {
  InitializeMlp(arena, kActor, seed, hidden);
  InitializeMlp(arena, kCritic, seed, hidden);
  FillTensor(arena, kEmbeddings, seed, [](Rng& rng) { return rng.Normal(); });
  if (critics.size() == 2) InitializeMlp(arena, kSecondCritic, seed, hidden);
}

UnitRows::UnitRows(const at::TensorOptions& options) {
  for (at::Tensor* tensor : {&length, &unit, &product, &d_x}) *tensor = at::empty({0}, options);
}

void ScaleRows(const at::Tensor& x, UnitRows& rows) {
  at::linalg_vector_norm_out(rows.length, x, 2, at::IntArrayRef{1}, /*keepdim=*/true);
  rows.length.clamp_min_(kMinLength);
  at::div_out(rows.unit, x, rows.length);
}

// The part of the gradient along the row is lost with its length: d_x = (d_unit - unit (unit . d_unit)) / length.
void ScaleRowsBackward(const at::Tensor& d_unit, UnitRows& rows) {
  at::mul_out(rows.product, rows.unit, d_unit);
  const at::Tensor along = rows.product.sum(at::IntArrayRef{1}, /*keepdim=*/true);
  at::addcmul_out(rows.d_x, d_unit, rows.unit, along, -1);
  rows.d_x.div_(rows.length);
}

void RunActor(const Mlp& actor, const at::Tensor& observation, ActorPass& pass) {
  ProductInto(pass.mlp.z1(), actor.b1, observation, actor.layers[0].w_t);
  Forward(actor, pass.mlp);
  ScaleRows(pass.mlp.output, pass.proto);
}

SearchScratch::SearchScratch(const at::TensorOptions& options) {
  for (at::Tensor* tensor : {&squares, &squared_length, &product, &best}) *tensor = at::empty({0}, options);
}

void FindNearest(const WolpertingerShape& shape, const at::Tensor& embeddings, const at::Tensor& unit,
                 const at::Tensor& proto_action, SearchScratch& scratch, at::Tensor& candidates) {
  if (shape.k == shape.num_items) {
    candidates.copy_(at::arange(shape.num_items, candidates.options()).expand_as(candidates));
    return;
  }
  const PrecisionScope exact(MatrixPrecision::kFloat32);
  // Between points of unit length the nearest have the largest inner product.
  const bool largest = shape.search_space == SearchSpace::kUnit;
  if (largest) {
    at::mm_out(scratch.product, proto_action, unit.t());
  } else {
    // |e|^2 - 2 p . e: the squared distance, less what all items share.
    at::mul_out(scratch.squares, embeddings, embeddings);
    at::sum_out(scratch.squared_length, scratch.squares, at::IntArrayRef{1});
    at::addmm_out(scratch.product, scratch.squared_length, proto_action, embeddings.t(), 1, -2);
  }
  at::topk_out(scratch.best, candidates, scratch.product, shape.k, 1, largest, /*sorted=*/true);
}

}  // namespace recbots

// The networks of Wolpertinger (Dulac-Arnold et al. 2015, arXiv:1512.07679): an actor that answers an observation with
// a proto-action, one or two critics (observation, unit embedding) -> value, and an embedding per item.
//
// A set lives in one arena; a second set of the same layout holds its gradients, a third its targets. Lengths are taken
// as at least 1e-12 where rows are scaled to unit length.
//
// Letters: B rows, U user features, I items, E embedding size, H hidden units, C candidates. Functions throw c10::Error
// (torch_status.h). Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <vector>

#include "common/algorithms/wolpertinger/shape.h"
#include "common/networks/critic.h"
#include "common/networks/mlp.h"
#include "common/networks/parameter_arena.h"

namespace recbots {

struct WolpertingerNetworks {
  // Those of PolicyTensors, then the second critic's as "critic2.w1" and so on.
  static std::vector<TensorSpec> Tensors(const WolpertingerShape& shape, int num_critics);

  WolpertingerNetworks() = default;
  // All zero, of at::kFloat or at::kDouble, on any device; num_critics is 1 or 2.
  WolpertingerNetworks(const WolpertingerShape& shape, int num_critics, const at::TensorOptions& options);
  // Over an arena of Tensors(shape, num_critics).
  WolpertingerNetworks(const WolpertingerShape& shape, int num_critics, const ParameterArena& tensors);

  // Hidden layers: Kaiming normal (He et al. 2015, arXiv:1502.01852, equation 10), zero bias. Output layers: weights
  // and biases U(-0.003, 0.003). Embeddings: N(0, 1). A function of shape and seed alone.
  void Initialize(uint64_t seed);

  ParameterArena arena;
  HiddenLayers hidden;
  Mlp actor;
  std::vector<Critic> critics;
  at::Tensor embeddings;  // [I, E]
};

// Rows [n, E] scaled to unit length: unit = x / length, length [n, 1].
struct UnitRows {
  UnitRows() = default;
  explicit UnitRows(const at::TensorOptions& options);

  at::Tensor length, unit;
  at::Tensor product, d_x;  // Scratch and result of the backward pass, [n, E]; the result may lie in an arena.
};
void ScaleRows(const at::Tensor& x, UnitRows& rows);
// d_x from d_unit; after ScaleRows.
void ScaleRowsBackward(const at::Tensor& d_unit, UnitRows& rows);

// proto.unit [B, E] of observations [B, U].
struct ActorPass {
  ActorPass() = default;
  explicit ActorPass(const at::TensorOptions& options) : mlp(options), proto(options) {}

  MlpActivations mlp;
  UnitRows proto;
};
void RunActor(const Mlp& actor, const at::Tensor& observation, ActorPass& pass);

// `candidates` int64 [B, k]: the items nearest to each proto-action [B, E], nearest first; all items in order where
// k == I. `unit` are the set's embeddings, scaled. `scratch` is resized on first use. The precision of products does
// not count here (products.h): which items are candidates shall not depend on it.
struct SearchScratch {
  SearchScratch() = default;
  explicit SearchScratch(const at::TensorOptions& options);

  at::Tensor squares, squared_length, product, best;
};
void FindNearest(const WolpertingerShape& shape, const at::Tensor& embeddings, const at::Tensor& unit,
                 const at::Tensor& proto_action, SearchScratch& scratch, at::Tensor& candidates);

}  // namespace recbots

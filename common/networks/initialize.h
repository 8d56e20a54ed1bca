// Initial values of networks: a function of seed and place in the arena alone.
#pragma once

#include <cstdint>
#include <functional>

#include "common/base/random.h"
#include "common/networks/parameter_arena.h"

namespace recbots {

// Fills tensor i of the arena from `draw`, row by row: each row is a position of its own, so no stream runs dry.
void FillTensor(const ParameterArena& arena, size_t i, uint64_t seed, const std::function<double(Rng&)>& draw);

// The six tensors of an Mlp from tensor `first` on. Hidden layers: Kaiming normal (He et al. 2015, arXiv:1502.01852,
// equation 10), zero bias. Output layer: weights and bias U(-0.003, 0.003).
void InitializeMlp(const ParameterArena& arena, size_t first, uint64_t seed);

}  // namespace recbots

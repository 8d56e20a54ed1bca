// Initial values of networks: a function of seed and place in the arena alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/base/random.h"
#include "common/networks/parameter_arena.h"

namespace recbots {

// Fills a tensor of the arena from `draw`, row by row: each row is a position of its own, so no stream runs dry.
// Streams are told apart by the tensor's number in the arena.
void FillTensor(const ParameterArena& arena, const std::string& name, uint64_t seed,
                const std::function<double(Rng&)>& draw);

// The Mlp named `prefix`. Hidden layers: Kaiming normal (He et al. 2015, arXiv:1502.01852,
// equation 10), zero bias; normalisation by 1 and 0. Output layer: weights and bias U(-0.003, 0.003).
void InitializeMlp(const ParameterArena& arena, const std::string& prefix, uint64_t seed,
                   const HiddenLayers& hidden = {});

}  // namespace recbots

// What the acting and the learning side of Wolpertinger (Dulac-Arnold et al. 2015, arXiv:1512.07679) must agree on:
// sizes, how candidates are retrieved, and the names and shapes of the tensors that travel between them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/inference/tensor_spec.h"

namespace recbots {

// Which points the proto-action (always of unit length) is compared with.
enum class SearchSpace {
  kUnit,  // Embeddings scaled to unit length, as the critic sees them.
  kRaw,   // Embeddings as they are: long ones are far from every proto-action and may never be retrieved.
};

// Letters: U user features, I items, E embedding size, H hidden units.
struct WolpertingerShape {
  int num_user_features = 0;  // U
  int num_items = 0;          // I
  int k = 5;                  // Candidates retrieved per user, 1..I.
  SearchSpace search_space = SearchSpace::kUnit;
  int embedding_size = 4;    // E
  int hidden_units = 64;     // H, in each of the two hidden layers, with ReLU, of actor and critic.
  HiddenLayers layers = {};  // Where there are units in it, it counts instead.

  HiddenLayers hidden() const { return layers.units.empty() ? HiddenLayers{{hidden_units, hidden_units}} : layers; }

  friend bool operator==(const WolpertingerShape&, const WolpertingerShape&) = default;
};

// INVALID_ARGUMENT: a size out of range; names field, value and bound.
absl::Status CheckShape(const WolpertingerShape& shape);

// Names of networks and tensors.
inline constexpr char kActor[] = "actor", kCritic[] = "critic", kEmbeddings[] = "embeddings";
// A critic (U + E -> 1) of this name: there may be two of the learning side.
std::vector<TensorSpec> CriticTensors(const WolpertingerShape& shape, const std::string& name);
// What a policy needs, in the order of an encoding: actor (U -> E), critic, embeddings [I, E].
std::vector<TensorSpec> PolicyTensors(const WolpertingerShape& shape);

}  // namespace recbots

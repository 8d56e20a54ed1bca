// What a policy recommends, as people look at it: plain data, made by PolicyViewer (policy_viewer.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace recbots {

// A grid of R x C cells over S states and N candidates: row r holds the states s with s R / S = r (rounded down),
// columns likewise. R is at most kMapCells, and S where there are fewer states; C likewise.
inline constexpr size_t kMapCells = 100;

// What is recommended where: of each cell that is not 0 its index r C + c, and how many times the states of its row are
// shown the candidates of its column, per state. A row sums to K, the size of a slate.
using RecommendedCells = std::vector<std::pair<uint32_t, float>>;

// For scenarios whose observations are finitely many, and tell all.
struct PolicyMap {
  struct Reference {
    std::string name;  // "row_argmax", "optimal"
    RecommendedCells cells;
    double same_share = 0;  // The share of states in which it shows the same candidates as the policy.
  };
  size_t states = 0, candidates = 0;  // S, N
  size_t rows = 0, columns = 0;       // R, C
  RecommendedCells recommended;
  std::vector<Reference> references;  // Those whose slates follow from the state alone.
  // Expected reward of a step, the mean of each cell, [R, C]; empty where it is not known.
  std::vector<float> rewards;
  // The share of states in which the first candidate shown has the highest expected reward of its state.
  std::optional<double> best_reward_share;
};

// How often each topic comes among what is counted; each list sums to 1, or is empty where nothing was counted.
struct TopicShares {
  std::vector<double> offered, shown, clicked;
};

// For all other scenarios whose candidates have features: a few episodes are played.
struct PolicyTopics {
  std::vector<std::string> names;
  TopicShares policy;
  std::string best_known;  // The name of the best known policy; empty: it was not played yet, or there is none.
  TopicShares best;
  int64_t steps = 0;  // Of the policy.
};

// For Wolpertinger: the items' embeddings and the points to which the actor leads, on the two axes along which the
// embeddings differ most.
struct PolicyPoints {
  size_t num_items = 0;         // All of them; at most 2,000 have points, evenly chosen.
  std::vector<int32_t> items;   // Positions of those that have points.
  std::vector<float> item_xy;   // [items, 2]
  std::vector<float> actor_xy;  // [observations, 2]
  double explained = 0;         // The share of the variance of all items that lies along the two axes.
};

struct PolicyView {
  std::optional<PolicyMap> map;
  std::optional<PolicyTopics> topics;
  std::optional<PolicyPoints> points;
};

}  // namespace recbots

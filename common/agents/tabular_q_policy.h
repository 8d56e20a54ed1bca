// Tabular Q-learning over whole slates (Watkins 1989; RecSim's tabular_q_agent, repaired).
//
// A state is the user's observation (and, unless ignored, the response to the slate before), an action a slate
// described by its items' features; real numbers are put into bins. After each step
//   Q(state, slate) += step size * (reward + discount * max over slates of Q(next state, .) - Q(state, slate))
// with nothing behind a true end of the episode, and the state that the step led to where the step limit cut in.
//
// All slates of a state are looked at for every decision and every update: for few candidates. Where D is 0 an item is
// described by its position. The one-hot cluster of a candidate and the response fields click, liked and cluster_id are
// discrete and kept as they are.
//
// Differs from RecSim: the last step of an episode is learnt from; a slate without order is a set, so that it is the
// same pair wherever its items stand among the candidates; values are updated before the next slate is chosen.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/agents/tabular_q_table.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

// Numbers are part of configurations: never reused.
enum class TabularExploration {
  kEpsilonGreedy = 1,  // A uniformly random slate with probability epsilon, else the first best one.
  kMinCount = 2,       // The slate visited least in this state, the first of equals.
};

struct TabularQOptions {
  std::vector<double> discretization_bounds = {0, 10};  // Two, low < high.
  int number_bins = 100;                                // Edges over the bounds, 1..1000000.
  TabularExploration exploration = TabularExploration::kEpsilonGreedy;
  double exploration_temperature = 0.99;  // 0..1: epsilon is its power 1 + (episodes that ended so far).
  double learning_rate = 0.1;             // 0..1
  // 0..1: the step size falls as visits^-exponent; 0 is RecSim's constant one, above 0.5 values converge.
  double learning_rate_exponent = 0;
  double gamma = 0.99;          // 0..1: the discount.
  bool ordinal_slates = false;  // Whether the order of a slate counts, so that permutations are different actions.
  bool ignore_response = true;
  bool eval_mode = false;  // Shows the best slate, always, and learns nothing.

  template <typename F>
  void ForEachField(F&& f) {
    f("discretization_bounds", discretization_bounds);
    f("number_bins", number_bins);
    f("exploration", exploration);
    f("exploration_temperature", exploration_temperature);
    f("learning_rate", learning_rate);
    f("learning_rate_exponent", learning_rate_exponent);
    f("gamma", gamma);
    f("ordinal_slates", ordinal_slates);
    f("ignore_response", ignore_response);
    f("eval_mode", eval_mode);
  }
};

// One table for all users. Slates hold K items; without ordinal_slates they are in ascending order of position. Both
// probabilities are exact. Costs a table look-up per slate for each Act and each Observe of a user. Not thread-safe.
class TabularQPolicy final : public Policy {
 public:
  static constexpr int kMaxSlates = 100000;  // Per state.

  // INVALID_ARGUMENT: an option out of bounds, or more than kMaxSlates slates; the message has name, value and bound.
  static absl::StatusOr<std::unique_ptr<TabularQPolicy>> Create(const EnvironmentSpec& spec,
                                                                const TabularQOptions& options, uint64_t seed);

  bool learns() const override { return true; }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;
  // Learns from feedback.slates, also where another policy chose them, in the states of the last Act.
  void Observe(const PolicyFeedback& feedback) override;

  // To judge what was learnt, and to go on.
  void set_eval_mode(bool eval_mode) { options_.eval_mode = eval_mode; }
  // The probability of a random slate now.
  double epsilon() const { return epsilon_; }
  size_t num_pairs() const { return table_.size(); }
  // What is known of showing `slate` [K] to one user in the state (observation [U], candidates [N, D], response [K, R]
  // to the slate before: empty at the start of an episode).
  QEntry Find(absl::Span<const float> observation, absl::Span<const float> candidates, absl::Span<const float> response,
              absl::Span<const int32_t> slate) const;

 private:
  // A user where a slate is chosen.
  struct State {
    QKey key;
    std::vector<QKey> items;  // [N]
  };
  struct Best {
    size_t slate = 0;  // The first of the best, as an index of slates_.
    double value = 0;
  };

  TabularQPolicy(const EnvironmentSpec& spec, const TabularQOptions& options, uint64_t seed);

  size_t num_slates() const { return slates_.size() / slate_size_; }  // S
  uint64_t Code(float value, bool discrete) const;
  QKey ResponseKey(absl::Span<const float> response) const;
  void Describe(absl::Span<const float> observation, absl::Span<const float> candidates, QKey last_response,
                State& state) const;
  QKey PairKey(const State& state, const int32_t* slate) const;
  Best FindBest(const State& state) const;
  size_t LeastVisited(const State& state) const;
  // Writes a slate and, unless empty, its marginals [K]; returns its probability.
  float Show(const State& state, StreamPosition position, absl::Span<int32_t> slate, absl::Span<float> marginals) const;
  void Learn(size_t user, const PolicyFeedback& feedback);

  const EnvironmentSpec spec_;
  TabularQOptions options_;
  const uint64_t seed_;
  const size_t num_items_, slate_size_;  // N, K
  const Digitizer digitizer_;
  std::vector<bool> discrete_fields_;  // [R]: of a response.
  std::vector<int32_t> slates_;        // [S, K]: all of them, in lexicographic order.
  std::vector<float> uniform_share_;   // [N, K]: share of all slates with this item at this position.
  double epsilon_;
  QTable table_;
  std::vector<State> states_;        // [B]: of the last Act.
  std::vector<QKey> last_response_;  // [B]
  State next_;                       // Scratch.
};

}  // namespace recbots

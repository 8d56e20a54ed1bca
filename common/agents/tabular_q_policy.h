// Tabular Q-learning over whole slates (Watkins 1989; RecSim's tabular_q_agent, repaired).
//
// A state is the user's observation (and, unless ignored, the response to the previous slate). An action is a slate,
// described by the features of its items. Real numbers are put into bins. After each step
//   Q(state, slate) += step size * (reward + discount * max over slates of Q(next state, .) - Q(state, slate))
// where the value behind a terminated step is 0; a truncated step uses the state that it led to.
//
// Every decision and every update looks at all slates of a state, so the policy suits only few candidates. If D is 0 an
// item is described by its position. The one-hot cluster of a candidate and the response fields click, liked and
// cluster_id are discrete and not put into bins.
//
// Differences from RecSim: the policy also learns from the last step of an episode; a slate without order is a set, so
// that its pair does not depend on where its items stand among the candidates; values are updated before the next slate
// is chosen.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/agents/tabular_q_table.h"
#include "common/base/settings.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

// Numbers are part of configurations: never reused.
enum class TabularExploration {
  kEpsilonGreedy = 1,  // A uniformly random slate with probability epsilon, else the first best one.
  kMinCount = 2,       // The slate visited least in this state, the first of equals.
};

struct TabularQOptions {
  RECBOTS_SETTINGS;
  // Two numbers, low < high.
  RECBOTS_SETTING(std::vector<double>, discretization_bounds, Between(-1e15, 1e15), {0, 10});
  // Edges over the bounds.
  RECBOTS_SETTING(int, number_bins, Between(1, 1'000'000), 100);
  RECBOTS_SETTING(TabularExploration, exploration, Between(1, 2), TabularExploration::kEpsilonGreedy);
  // epsilon is this number to the power 1 + (episodes ended so far).
  RECBOTS_SETTING(double, exploration_temperature, Between(0, 1), 0.99);
  RECBOTS_SETTING(double, learning_rate, Between(0, 1), 0.1);
  // The step size falls as visits^-exponent; 0 is RecSim's constant step size, above 0.5 values converge.
  RECBOTS_SETTING(double, learning_rate_exponent, Between(0, 1), 0);
  // The discount.
  RECBOTS_SETTING(double, gamma, Between(0, 1), 0.99);
  // Whether the order of a slate counts, so that permutations are different actions.
  RECBOTS_SETTING(bool, ordinal_slates, AnyValue(), false);
  RECBOTS_SETTING(bool, ignore_response, AnyValue(), true);
  // Always shows the best slate, and learns nothing.
  RECBOTS_SETTING(bool, eval_mode, AnyValue(), false);
};

// One table serves all users. Slates hold K items; without ordinal_slates these are in ascending order of position.
// Both probabilities are exact. Each Act and each Observe costs one table look-up per user and slate. Not thread-safe.
class TabularQPolicy final : public Policy {
 public:
  static constexpr int kMaxSlates = 100000;  // Per state.

  // INVALID_ARGUMENT: an option is out of bounds, or there are more than kMaxSlates slates; the message has name, value
  // and bound.
  static absl::StatusOr<std::unique_ptr<TabularQPolicy>> Create(const EnvironmentSpec& spec,
                                                                const TabularQOptions& options, uint64_t seed);

  bool learns() const override { return true; }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;
  // Learns from feedback.slates, even if another policy chose them, in the states of the last Act.
  void Observe(const PolicyFeedback& feedback) override;

  // Switches between judging what was learnt (true) and learning (false).
  void set_eval_mode(bool eval_mode) { options_.eval_mode = eval_mode; }
  // The current probability of a random slate.
  double epsilon() const { return epsilon_; }
  size_t num_pairs() const { return table_.size(); }
  // The value and visits of showing `slate` [K] to one user in the state given by observation [U], candidates [N, D]
  // and the response [K, R] to the previous slate, which is empty at the start of an episode.
  QEntry Find(absl::Span<const float> observation, absl::Span<const float> candidates, absl::Span<const float> response,
              absl::Span<const int32_t> slate) const;

 private:
  // The state of a user for whom a slate is chosen.
  struct State {
    QKey key;
    std::vector<QKey> items;  // [N]
  };
  struct Best {
    size_t slate = 0;  // The first of the best slates, as an index of slates_.
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
  std::vector<bool> discrete_fields_;  // [R]: of a response
  std::vector<int32_t> slates_;        // [S, K]: all of them, in lexicographic order.
  std::vector<float> uniform_share_;   // [N, K]: share of all slates with this item at this position.
  double epsilon_;
  QTable table_;
  std::vector<State> states_;        // [B]: of the last Act
  std::vector<QKey> last_response_;  // [B]
  State next_;                       // Scratch.
};

}  // namespace recbots

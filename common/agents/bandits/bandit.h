// Multi-armed bandits: decide which of A arms to pull next, from the rewards that each arm has earned.
//
//   UCB1      mean + lambda sqrt(2 ln t / pulls) (Auer, Cesa-Bianchi, Fischer 2002, figure 1)
//   KL-UCB    the largest q >= mean with pulls * kl(mean, q) <= lambda^2 max(0, ln t + 3 ln ln t), kl the divergence of
//             two coins (Garivier and Cappe 2011, arXiv:1102.2490, algorithm 1)
//   Thompson  a draw from Beta(1 + rewards / lambda^2, 1 + (pulls - rewards) / lambda^2) (Agrawal and Goyal 2012,
//             arXiv:1111.1797); rewards are then sums of coin tosses (BernoulliReward in distributions.h)
//
// lambda is `optimism_scaling`; a larger lambda explores more. As long as some arm has no pulls, UCB1 and KL-UCB give
// such arms the index infinity and all others 0.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// Scores arms from the rewards that they have earned. Immutable, thus thread-safe.
class Bandit {
 public:
  virtual ~Bandit() = default;

  // Computes the index [A] of each arm at time t from the number of its pulls [A], >= 0, and the sum of its rewards
  // [A], in 0..pulls. The agents of this library use the sum of all pulls for t. All spans have length A. A random
  // algorithm draws from `draws`: give each decision a different stream position. Allocates nothing.
  virtual void Indices(absl::Span<const double> pulls, absl::Span<const double> rewards, double t, Rng& draws,
                       absl::Span<double> index) const = 0;

  // Whether the caller must turn rewards between 0 and 1 into coin tosses before it sums them.
  virtual bool wants_coin_rewards() const { return false; }
};

// Numbers are part of configurations: never reused.
enum class BanditKind { kUcb1 = 1, kKlUcb = 2, kThompson = 3 };

struct BanditOptions {
  BanditKind kind = BanditKind::kUcb1;
  double optimism_scaling = 1;  // lambda, finite and >= 0; > 0 for Thompson.
  // KL-UCB with the error of RecSim 0.2.4, whose bisection moves the mean along with the lower bound, so that most
  // indices are near 1. Needed only to repeat numbers that were published with it. Other kinds ignore it.
  bool legacy_kl_ucb = false;

  template <typename F>
  void ForEachField(F&& f) {
    f("kind", kind);
    f("optimism_scaling", optimism_scaling);
    f("legacy_kl_ucb", legacy_kl_ucb);
  }
};

// INVALID_ARGUMENT: a field is out of bounds; the message begins with its name and has value and bound.
absl::StatusOr<std::unique_ptr<Bandit>> MakeBandit(const BanditOptions& options);

// The index of the largest element, the first of equals; -1 if `values` is empty.
int FirstArgmax(absl::Span<const double> values);

// A bandit together with the pulls and rewards of its arms so far. Not thread-safe.
class MultiArmedBandit {
 public:
  static constexpr int kMinArms = 2;
  static constexpr int kMaxArms = 1 << 20;

  // INVALID_ARGUMENT: as in MakeBandit, or num_arms is outside kMinArms..kMaxArms.
  static absl::StatusOr<MultiArmedBandit> Create(const BanditOptions& options, int num_arms);

  // Counts a pull of `arm` that earned `reward`. For Thompson a reward between 0 and 1 becomes a coin toss with
  // `draws`.
  //   INVALID_ARGUMENT  there is no such arm, or the reward is outside [0, 1]; nothing was counted
  absl::Status Update(int arm, double reward, Rng& draws);

  // Replaces pulls [A] and rewards [A] of all arms.
  //   INVALID_ARGUMENT  a length is wrong, pulls are negative, or rewards outside 0..pulls; nothing was changed
  absl::Status SetState(absl::Span<const double> pulls, absl::Span<const double> rewards);

  // The arm to pull at time t: the first with the largest index.
  int GetArm(double t, Rng& draws);

  int num_arms() const { return static_cast<int>(pulls_.size()); }
  double total_pulls() const;
  absl::Span<const double> pulls() const { return pulls_; }
  absl::Span<const double> rewards() const { return rewards_; }

 private:
  MultiArmedBandit(std::unique_ptr<Bandit> bandit, size_t num_arms)
      : bandit_(std::move(bandit)), pulls_(num_arms), rewards_(num_arms), index_(num_arms) {}

  std::unique_ptr<Bandit> bandit_;
  std::vector<double> pulls_, rewards_;
  std::vector<double> index_;  // Scratch.
};

}  // namespace recbots

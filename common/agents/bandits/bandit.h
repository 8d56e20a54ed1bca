// Multi-armed bandits: which of A arms to pull next, from what each has earned.
//
//   UCB1      mean + lambda sqrt(2 ln t / pulls) (Auer, Cesa-Bianchi, Fischer 2002, figure 1)
//   KL-UCB    the largest q >= mean with pulls * kl(mean, q) <= lambda^2 max(0, ln t + 3 ln ln t), kl the divergence of
//             two coins (Garivier and Cappe 2011, arXiv:1102.2490, algorithm 1)
//   Thompson  a draw from Beta(1 + rewards / lambda^2, 1 + (pulls - rewards) / lambda^2) (Agrawal and Goyal 2012,
//             arXiv:1111.1797); rewards are then sums of coin tosses (BernoulliReward in distributions.h)
//
// lambda is `optimism_scaling`: more of it explores more. While some arm has no pulls, UCB1 and KL-UCB give such arms
// the index infinity and all others 0.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// Scores arms from what they have earned: stateless between calls but for parameters, so immutable and thread-safe.
class Bandit {
 public:
  virtual ~Bandit() = default;

  // The index [A] of each arm at time t, given the number of its pulls [A], >= 0, and the sum of their rewards [A],
  // each in 0..pulls. t is the sum of all pulls where layers use it. The spans have the same length. Algorithms that
  // are random draw from `draws`: give each decision another stream position. Allocates nothing.
  virtual void Indices(absl::Span<const double> pulls, absl::Span<const double> rewards, double t, Rng& draws,
                       absl::Span<double> index) const = 0;

  // Whether rewards between 0 and 1 have to be made coin tosses before they are summed.
  virtual bool wants_coin_rewards() const { return false; }
};

// Numbers are part of configurations: never reused.
enum class BanditKind { kUcb1 = 1, kKlUcb = 2, kThompson = 3 };

struct BanditOptions {
  BanditKind kind = BanditKind::kUcb1;
  double optimism_scaling = 1;  // lambda, finite and >= 0; > 0 for Thompson.
  // KL-UCB as RecSim 0.2.4 codes it: its bisection moves the mean along with the lower bound, so that most indices are
  // near 1. Wrong, and needed only to repeat numbers that were published with it. Ignored by the others.
  bool legacy_kl_ucb = false;

  template <typename F>
  void ForEachField(F&& f) {
    f("kind", kind);
    f("optimism_scaling", optimism_scaling);
    f("legacy_kl_ucb", legacy_kl_ucb);
  }
};

// INVALID_ARGUMENT: a field out of bounds; the message begins with its name and has value and bound.
absl::StatusOr<std::unique_ptr<Bandit>> MakeBandit(const BanditOptions& options);

// The index of the largest element, the first of equals; -1 where there are none.
int FirstArgmax(absl::Span<const double> values);

// One bandit with what its arms have earned so far. Not thread-safe.
class MultiArmedBandit {
 public:
  static constexpr int kMinArms = 2;
  static constexpr int kMaxArms = 1 << 20;

  // INVALID_ARGUMENT: as MakeBandit, or num_arms outside kMinArms..kMaxArms.
  static absl::StatusOr<MultiArmedBandit> Create(const BanditOptions& options, int num_arms);

  // Counts a pull of `arm` that earned `reward`. For Thompson a reward between 0 and 1 becomes a coin toss with
  // `draws`.
  //   INVALID_ARGUMENT  no such arm, or a reward outside [0, 1]; nothing was counted
  absl::Status Update(int arm, double reward, Rng& draws);

  // Replaces what is known.
  //   INVALID_ARGUMENT  wrong length, negative pulls, or rewards outside 0..pulls; nothing was changed
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

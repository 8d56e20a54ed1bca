#include "common/agents/bandits/bandit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/agents/bandits/distributions.h"
#include "common/agents/bandits/kl_ucb.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// If some arms have no pulls, gives these the index infinity and the others 0; otherwise returns false.
bool AskForFirstPulls(absl::Span<const double> pulls, absl::Span<double> index) {
  if (std::find(pulls.begin(), pulls.end(), 0.0) == pulls.end()) return false;
  for (size_t arm = 0; arm < pulls.size(); ++arm) {
    index[arm] = pulls[arm] == 0 ? std::numeric_limits<double>::infinity() : 0;
  }
  return true;
}

void CheckLengths(absl::Span<const double> pulls, absl::Span<const double> rewards, absl::Span<double> index) {
  RECBOTS_CHECK(pulls.size() == rewards.size() && pulls.size() == index.size())
      << "pulls " << pulls.size() << ", rewards " << rewards.size() << ", index " << index.size();
}

class Ucb1 final : public Bandit {
 public:
  explicit Ucb1(double optimism_scaling) : optimism_scaling_(optimism_scaling) {}

  void Indices(absl::Span<const double> pulls, absl::Span<const double> rewards, double t, Rng&,
               absl::Span<double> index) const override {
    CheckLengths(pulls, rewards, index);
    if (AskForFirstPulls(pulls, index)) return;
    const double width = optimism_scaling_ * std::sqrt(2 * std::log(std::max(1.0, t)));
    for (size_t arm = 0; arm < pulls.size(); ++arm) {
      index[arm] = rewards[arm] / pulls[arm] + width * std::sqrt(1 / pulls[arm]);
    }
  }

 private:
  const double optimism_scaling_;
};

class KlUcb final : public Bandit {
 public:
  KlUcb(double optimism_scaling, bool legacy)
      : scaling_squared_(optimism_scaling * optimism_scaling), legacy_(legacy) {}

  void Indices(absl::Span<const double> pulls, absl::Span<const double> rewards, double t, Rng&,
               absl::Span<double> index) const override {
    CheckLengths(pulls, rewards, index);
    if (AskForFirstPulls(pulls, index)) return;
    const double exploration = scaling_squared_ * (std::log(t) + 3 * std::log(std::log(t)));
    for (size_t arm = 0; arm < pulls.size(); ++arm) {
      const double mean = rewards[arm] / pulls[arm];
      const double bound = exploration / pulls[arm];
      index[arm] = legacy_ ? LegacyKlUpperBound(mean, bound) : KlUpperBound(mean, bound);
    }
  }

 private:
  const double scaling_squared_;
  const bool legacy_;
};

class Thompson final : public Bandit {
 public:
  explicit Thompson(double optimism_scaling) : weight_(1 / (optimism_scaling * optimism_scaling)) {}

  void Indices(absl::Span<const double> pulls, absl::Span<const double> rewards, double, Rng& draws,
               absl::Span<double> index) const override {
    CheckLengths(pulls, rewards, index);
    for (size_t arm = 0; arm < pulls.size(); ++arm) {
      index[arm] = SampleBeta(1 + weight_ * rewards[arm], 1 + weight_ * (pulls[arm] - rewards[arm]), draws);
    }
  }

  bool wants_coin_rewards() const override { return true; }

 private:
  const double weight_;  // Weight of an observation relative to the uniform prior.
};

}  // namespace

absl::StatusOr<std::unique_ptr<Bandit>> MakeBandit(const BanditOptions& options) {
  const double scaling = options.optimism_scaling;
  if (!(scaling >= 0) || std::isinf(scaling)) {
    return absl::InvalidArgumentError(absl::StrCat("optimism_scaling ", scaling, ", want finite and >= 0"));
  }
  switch (options.kind) {
    case BanditKind::kUcb1:
      return std::make_unique<Ucb1>(scaling);
    case BanditKind::kKlUcb:
      return std::make_unique<KlUcb>(scaling, options.legacy_kl_ucb);
    case BanditKind::kThompson:
      // Below 1e-6 the posterior's parameters are so large that doubles cannot tell neighbouring values apart.
      if (scaling < 1e-6) {
        return absl::InvalidArgumentError(absl::StrCat("optimism_scaling ", scaling, ", want >= 1e-6 for Thompson"));
      }
      return std::make_unique<Thompson>(scaling);
  }
  return absl::InvalidArgumentError(absl::StrCat("kind ", static_cast<int>(options.kind), ", want 1..3"));
}

int FirstArgmax(absl::Span<const double> values) {
  return values.empty() ? -1 : static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

absl::StatusOr<MultiArmedBandit> MultiArmedBandit::Create(const BanditOptions& options, int num_arms) {
  if (num_arms < kMinArms || num_arms > kMaxArms) {
    return absl::InvalidArgumentError(absl::StrCat("num_arms ", num_arms, ", want ", kMinArms, "..", kMaxArms));
  }
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Bandit> bandit, MakeBandit(options));
  return MultiArmedBandit(std::move(bandit), static_cast<size_t>(num_arms));
}

absl::Status MultiArmedBandit::Update(int arm, double reward, Rng& draws) {
  if (arm < 0 || arm >= num_arms()) {
    return absl::InvalidArgumentError(absl::StrCat("arm ", arm, ", want 0..", num_arms() - 1));
  }
  if (!(reward >= 0 && reward <= 1)) return absl::InvalidArgumentError(absl::StrCat("reward ", reward, ", want 0..1"));
  if (bandit_->wants_coin_rewards()) reward = BernoulliReward(reward, draws.Uniform());
  pulls_[static_cast<size_t>(arm)] += 1;
  rewards_[static_cast<size_t>(arm)] += reward;
  return absl::OkStatus();
}

absl::Status MultiArmedBandit::SetState(absl::Span<const double> pulls, absl::Span<const double> rewards) {
  if (pulls.size() != pulls_.size() || rewards.size() != pulls_.size()) {
    return absl::InvalidArgumentError(absl::StrCat("pulls of length ", pulls.size(), " and rewards of length ",
                                                   rewards.size(), ", want ", num_arms(), " of both"));
  }
  for (size_t arm = 0; arm < pulls.size(); ++arm) {
    if (!(pulls[arm] >= 0) || std::isinf(pulls[arm])) {
      return absl::InvalidArgumentError(absl::StrCat("pulls[", arm, "] ", pulls[arm], ", want finite and >= 0"));
    }
    if (!(rewards[arm] >= 0 && rewards[arm] <= pulls[arm])) {
      return absl::InvalidArgumentError(absl::StrCat("rewards[", arm, "] ", rewards[arm], ", want 0..", pulls[arm]));
    }
  }
  pulls_.assign(pulls.begin(), pulls.end());
  rewards_.assign(rewards.begin(), rewards.end());
  return absl::OkStatus();
}

int MultiArmedBandit::GetArm(double t, Rng& draws) {
  bandit_->Indices(pulls_, rewards_, t, draws, absl::MakeSpan(index_));
  return FirstArgmax(index_);
}

double MultiArmedBandit::total_pulls() const { return std::accumulate(pulls_.begin(), pulls_.end(), 0.0); }

}  // namespace recbots

// Compares samples of our own with a rollout of tests/golden/recsim/rollout_statistics.json, as the README there asks:
// means within so many standard errors of the difference, histograms by a two-sample chi-square test.
//
//   Rollouts rollouts;
//   for (const GoldenValue rollout : rollouts.Of("interest_evolution")) {
//     RolloutComparison compare(rollout);
//     compare.Mean("episode_reward", rewards);            // 4 standard errors, and the histogram if there is one
//     compare.Mean("step_reward", step_rewards, kCorrelatedSigmas);
//     compare.Shares("position_counts", counts);
//     compare.Trajectory(5, "time_budget", budgets_after_five_steps);
//   }
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actor/recsim/estimates.h"
#include "actor/recsim/play_episodes.h"
#include "actor/recsim/scenario.h"
#include "tests/support/golden.h"

namespace recbots::testing {

// Standard errors allowed: of figures with one value per episode, and of those with several, which are correlated.
inline constexpr double kEpisodeSigmas = 4;
inline constexpr double kCorrelatedSigmas = 6;

// Numbers drawn; keeps them all, for histograms.
class Sample {
 public:
  void Add(double x) {
    values_.push_back(x);
    estimate_.Add(x);
  }
  const std::vector<double>& values() const { return values_; }
  double count() const { return static_cast<double>(values_.size()); }
  double mean() const { return estimate_.mean(); }
  double standard_error() const { return estimate_.standard_error(); }
  double variance() const { return count() * standard_error() * standard_error(); }  // Of the sample: by n - 1.

 private:
  std::vector<double> values_;
  MeanEstimate estimate_;
};

struct EpisodeStatistics {
  Sample returns, lengths;
};

// Every user's first `episodes_each` episodes.
inline EpisodeStatistics PlayReturns(const Scenario& scenario, Policy& policy, int num_users,
                                     int64_t episodes_each = 1) {
  EpisodeStatistics statistics;
  const absl::Status status = PlayEpisodes(scenario, policy, {.num_users = num_users, .episodes_each = episodes_each},
                                           [&statistics](size_t, const StepBuffer&, const EpisodeSoFar& episode) {
                                             if (!episode.over) return;
                                             statistics.returns.Add(episode.reward);
                                             statistics.lengths.Add(static_cast<double>(episode.steps));
                                           });
  EXPECT_TRUE(status.ok()) << status;
  return statistics;
}

// The reference policy of that name; the test fails where there is none.
inline std::unique_ptr<Policy> ReferenceOf(const Scenario& scenario, const std::string& name) {
  for (ReferencePolicy& reference : scenario.MakeReferencePolicies()) {
    if (reference.name == name) return std::move(reference.policy);
  }
  ADD_FAILURE() << "no reference policy " << name;
  return nullptr;
}

// P(X > x) of a chi-square distribution: the regularised upper incomplete gamma function Q(k / 2, x / 2), by its series
// or its continued fraction (Abramowitz and Stegun 6.5.29 and 6.5.31), whichever converges there.
inline double ChiSquareTail(double x, double degrees_of_freedom) {
  if (x <= 0) return 1;
  const double a = degrees_of_freedom / 2, z = x / 2;
  const double factor = std::exp(a * std::log(z) - z - std::lgamma(a));
  if (z < a + 1) {
    double term = 1 / a, sum = term;
    for (double n = a + 1; term > sum * 1e-16; ++n) sum += term *= z / n;
    return 1 - factor * sum;
  }
  double b = z + 1 - a, c = 1e300, d = 1 / b, fraction = d;
  for (int i = 1; i < 10000; ++i) {
    const double numerator = -i * (i - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    fraction *= c * d;
    if (std::abs(c * d - 1) < 1e-15) break;
  }
  return factor * fraction;
}

// p-value of "both sets of counts come from the same distribution"; neighbouring bins are merged until each has
// `min_count` in both. 1 where fewer than two bins are left.
inline double TwoSampleChiSquare(const std::vector<double>& ours, const std::vector<double>& theirs,
                                 double min_count = 10) {
  std::vector<std::pair<double, double>> bins;
  std::pair<double, double> open{0, 0}, total{0, 0};
  for (size_t i = 0; i < ours.size(); ++i) {
    open.first += ours[i];
    open.second += theirs[i];
    total.first += ours[i];
    total.second += theirs[i];
    if (std::min(open.first, open.second) < min_count) continue;
    bins.push_back(open);
    open = {0, 0};
  }
  if (bins.size() < 2) return 1;
  bins.back().first += open.first;
  bins.back().second += open.second;
  const double scale = std::sqrt(total.second / total.first);
  double statistic = 0;
  for (const auto& [a, b] : bins) statistic += (scale * a - b / scale) * (scale * a - b / scale) / (a + b);
  return ChiSquareTail(statistic, static_cast<double>(bins.size() - 1));
}

// Counts of the values per bin [edge_i, edge_i+1), the last one closed; first those below, last those above.
inline std::vector<double> BinCounts(const std::vector<double>& values, const std::vector<double>& edges) {
  std::vector<double> counts(edges.size() + 1, 0.0);
  for (const double x : values) {
    auto bin = static_cast<size_t>(std::upper_bound(edges.begin(), edges.end(), x) - edges.begin());
    if (x == edges.back()) --bin;
    ++counts[bin];
  }
  return counts;
}

class RolloutComparison {
 public:
  static constexpr double kMinPValue = 1e-4;

  explicit RolloutComparison(const GoldenValue& rollout)
      : rollout_(rollout),
        name_(rollout.at("environment").get<std::string>() + " " + rollout.at("name").get<std::string>()) {}

  // The moment block `figure` against our sample, with its histogram where it has one.
  void Mean(const std::string& figure, const Sample& ours, double sigmas = kEpisodeSigmas) {
    Compare(figure, ours, rollout_.at(figure), sigmas);
  }

  // The state after `step` steps.
  void Trajectory(const std::string& step, const std::string& figure, const Sample& ours) {
    Compare("trajectory[" + step + "]." + figure, ours, rollout_.at("trajectory").at(step).at(figure), kEpisodeSigmas);
  }

  // Counts per kind against counts per kind: each kind's share.
  void Shares(const std::string& figure, const std::vector<double>& ours, double sigmas = kCorrelatedSigmas) {
    const GoldenValue block = rollout_.at(figure);
    const auto theirs = (block.is_array() ? block : block.at("positions_then_none")).get<std::vector<double>>();
    ASSERT_EQ(ours.size(), theirs.size()) << name_ << " " << figure;
    double our_total = 0, their_total = 0;
    for (size_t i = 0; i < ours.size(); ++i) {
      our_total += ours[i];
      their_total += theirs[i];
    }
    for (size_t i = 0; i < ours.size(); ++i) {
      const double p = (ours[i] + theirs[i]) / (our_total + their_total);
      Close(figure + "[" + std::to_string(i) + "]", ours[i] / our_total, theirs[i] / their_total,
            std::sqrt(p * (1 - p) * (1 / our_total + 1 / their_total)), sigmas);
    }
  }

  int compared() const { return compared_; }
  int beyond_two() const { return beyond_two_; }  // Means and shares more than 2 standard errors apart.

 private:
  void Compare(const std::string& figure, const Sample& ours, const GoldenValue& block, double sigmas) {
    ASSERT_GT(ours.count(), 1) << name_ << " " << figure;
    Close(figure, ours.mean(), block.at("mean").get<double>(),
          std::hypot(ours.standard_error(), block.at("se").get<double>()), sigmas);
    if (!block.contains("hist")) return;
    const GoldenValue histogram = block.at("hist");
    auto theirs = histogram.at("counts").get<std::vector<double>>();
    theirs.insert(theirs.begin(), histogram.at("below").get<double>());
    theirs.push_back(histogram.at("above").get<double>());
    const double p =
        TwoSampleChiSquare(BinCounts(ours.values(), histogram.at("edges").get<std::vector<double>>()), theirs);
    EXPECT_GT(p, kMinPValue) << name_ << " " << figure << ": histograms differ";
    ++compared_;
  }

  // Figures without any spread may differ by rounding.
  void Close(const std::string& figure, double ours, double theirs, double standard_error, double sigmas) {
    const double difference = std::abs(ours - theirs);
    EXPECT_LE(difference, sigmas * standard_error + 1e-9 * std::abs(theirs))
        << name_ << " " << figure << ": " << ours << ", reference " << theirs << ", " << difference / standard_error
        << " standard errors";
    ++compared_;
    beyond_two_ += difference > 2 * standard_error + 1e-9 * std::abs(theirs);
  }

  const GoldenValue rollout_;
  const std::string name_;
  int compared_ = 0;
  int beyond_two_ = 0;
};

// The rollouts of rollout_statistics.json; none where the folder of golden files has no such file (as a folder of other
// cases may not). Fails the test on an environment that no test plays.
class Rollouts {
 public:
  Rollouts() {
    if (std::ifstream(GoldenDir() + "/" + kName)) golden_.emplace(kName);
  }

  // Those of one environment; their policies are among `policies`, another one fails the test. Valid as long as this.
  std::vector<GoldenValue> Of(const std::string& environment, const std::vector<std::string>& policies = {kRandom}) {
    std::vector<GoldenValue> found;
    if (!golden_.has_value()) return found;
    for (const GoldenValue rollout : golden_->at("rollouts")) {
      const auto of = rollout.at("environment").get<std::string>();
      const auto policy = rollout.at("policy").get<std::string>();
      EXPECT_NE(std::find(std::begin(kEnvironments), std::end(kEnvironments), of), std::end(kEnvironments))
          << kName << ": no test plays the environment " << of;
      if (of != environment) continue;
      EXPECT_NE(std::find(policies.begin(), policies.end(), policy), policies.end())
          << kName << ": this test does not play the policy " << policy << " of " << rollout.at("name");
      found.push_back(rollout);
    }
    return found;
  }

 private:
  static constexpr char kRandom[] = "uniform random slate of distinct candidates";
  static constexpr char kName[] = "recsim/rollout_statistics.json";
  static constexpr const char* kEnvironments[] = {"ten_document_browsing", "interest_evolution", "interest_exploration",
                                                  "long_term_satisfaction"};

  std::optional<Golden> golden_;
};

}  // namespace recbots::testing

// Which slate estimators are right in which worlds: with known values, so that a bias shows.
#include "tests/common/ope/slate_worlds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "common/ope/diagnostics.h"
#include "common/ope/slate_estimators.h"
#include "common/ope/step_estimators.h"

namespace recbots {
namespace {

using testing::Slates;
using testing::SlateWorld;

struct Log {
  std::vector<double> slate, item, prefix;  // Weights: of slates [S], and of rows [S K].
  std::vector<double> row_reward, slate_reward;
  std::vector<int64_t> slate_begin = {0}, session_begin = {0};

  WeightedSteps steps() const { return {slate, slate_reward, {}, {}, session_begin}; }
  WeightedRows rows(const std::vector<double>& weight) const {
    return {weight, row_reward, {}, {}, slate_begin, session_begin};
  }
};

// Weights of all slates of a context are computed once: there are 336.
class LogMaker {
 public:
  LogMaker(SlateWorld world, double distance)
      : world_(world), behaviour_scores_(world_.Scores(0)), policy_scores_(world_.Scores(distance)) {}

  double value() const { return world_.Value(policy_scores_); }

  Log Draw(uint32_t number, uint32_t slates) {
    Log log;
    PlackettLuce behaviour(Slates::kItems);
    std::vector<int32_t> slate(Slates::kSize);
    for (uint32_t s = 0; s < slates; ++s) {
      Rng draws(9, Purpose::kTest, {s, number, 0});
      const uint32_t context = draws.Index(Slates::kContexts);
      behaviour.SetScores(Slates::Of(behaviour_scores_, context));
      behaviour.Draw(draws, absl::MakeSpan(slate));
      Add(context, slate, draws, log);
    }
    return log;
  }

 private:
  struct Weights {
    std::vector<double> item, prefix, clicks;
  };

  const Weights& WeightsOf(uint32_t context, const std::vector<int32_t>& slate) {
    const auto [found, is_new] = weights_.try_emplace(std::pair(context, slate));
    Weights& weights = found->second;
    if (!is_new) return weights;
    weights.clicks = world_.Clicks(context, slate);
    std::vector<double> position(Slates::kSize), prefix(Slates::kSize);
    PlackettLuce model(Slates::kItems);
    for (const auto* scores : {&policy_scores_, &behaviour_scores_}) {
      model.SetScores(Slates::Of(*scores, context));
      model.PositionProbability(slate, absl::MakeSpan(position));
      model.PrefixProbability(slate, absl::MakeSpan(prefix));
      if (scores == &policy_scores_) {
        weights.item = position;
        weights.prefix = prefix;
        continue;
      }
      for (size_t k = 0; k < Slates::kSize; ++k) {
        weights.item[k] /= position[k];
        weights.prefix[k] /= prefix[k];
      }
    }
    return weights;
  }

  void Add(uint32_t context, const std::vector<int32_t>& slate, Rng& draws, Log& log) {
    const Weights& weights = WeightsOf(context, slate);
    const double u = draws.Uniform();  // One click at most shares one draw; positions have draws of their own.
    double before = 0;
    log.slate_reward.push_back(0);
    for (size_t k = 0; k < Slates::kSize; ++k) {
      const bool alone = one_click_;
      const bool clicked = alone ? u >= before && u < before + weights.clicks[k] : draws.Uniform() < weights.clicks[k];
      before += weights.clicks[k];
      log.row_reward.push_back(clicked ? 1 : 0);
      log.slate_reward.back() += clicked ? 1 : 0;
      log.item.push_back(weights.item[k]);
      log.prefix.push_back(weights.prefix[k]);
    }
    log.slate.push_back(weights.prefix.back());
    log.slate_begin.push_back(static_cast<int64_t>(log.row_reward.size()));
    log.session_begin.push_back(static_cast<int64_t>(log.slate.size()));
  }

  const Slates world_;
  const std::vector<double> behaviour_scores_, policy_scores_;
  std::map<std::pair<uint32_t, std::vector<int32_t>>, Weights> weights_;

 public:
  bool one_click_ = false;
};

struct Errors {
  double root_mean_square = 0;  // Relative.
  double bias = 0;
  double bias_error = 0;  // Its standard error.
};

struct Outcome {
  std::map<std::string, Errors> errors;
  double effective_share = 0;
  double covered = 0;  // Share of 95 % intervals of snsips that hold the truth.
};

Outcome RunLogs(SlateWorld world, double distance, uint32_t logs, uint32_t slates) {
  LogMaker maker(world, distance);
  maker.one_click_ = world != SlateWorld::kPositions;
  const double truth = maker.value();
  std::map<std::string, std::vector<double>> relative;
  Outcome outcome;
  for (uint32_t i = 0; i < logs; ++i) {
    const Log log = maker.Draw(i, slates);
    const auto note = [&](const char* name, const EstimateParts& parts) {
      relative[name].push_back(Linearise(parts).value / truth - 1);
    };
    const EstimateParts snsips = SelfNormalisedIps(log.steps());
    note("snsips", snsips);
    note("iips", PositionIps(log.rows(log.item)));
    note("snrips", SelfNormalisedPositionIps(log.rows(log.prefix)));
    const Interval interval = StudentInterval(Linearise(snsips), slates, 0.95);
    outcome.covered += (interval.low <= truth && truth <= interval.high) / static_cast<double>(logs);
    outcome.effective_share += Diagnose(log.slate).effective_sample_size / slates / logs;
  }
  for (const auto& [name, values] : relative) {
    Errors& errors = outcome.errors[name];
    double squares = 0;
    for (const double value : values) {
      errors.bias += value / logs;
      squares += value * value / logs;
    }
    errors.root_mean_square = std::sqrt(squares);
    errors.bias_error = std::sqrt((squares - errors.bias * errors.bias) / (logs - 1));
    std::cout << "world " << static_cast<int>(world) << " distance " << distance << " " << name << ": error "
              << 100 * errors.root_mean_square << " %, bias " << 100 * errors.bias << " +- " << 100 * errors.bias_error
              << " %\n";
  }
  std::cout << "  effective sample size " << outcome.effective_share << " n, covered " << outcome.covered << "\n";
  return outcome;
}

constexpr double kNear = 0.35;
constexpr double kMid = 0.75;

// Weights of whole slates are right in every world: no bias beyond 5 standard errors, and an error of some per cent at
// 10,000 slates.
TEST(SlateWorldsTest, WholeSlatesAreRightEverywhere) {
  for (const SlateWorld world : {SlateWorld::kPositions, SlateWorld::kCascade, SlateWorld::kLogit}) {
    for (const double distance : {kNear, kMid}) {
      const Outcome outcome = RunLogs(world, distance, 100, 10000);
      const Errors& errors = outcome.errors.at("snsips");
      EXPECT_LT(std::abs(errors.bias), 5 * errors.bias_error);
      EXPECT_LT(errors.root_mean_square, 0.035);
    }
  }
}

// Weights of items are right where positions do not matter to each other, and too high where users click once.
TEST(SlateWorldsTest, ItemsAloneAreTooHighWhereUsersClickOnce) {
  for (const double distance : {kNear, kMid}) {
    const Errors right = RunLogs(SlateWorld::kPositions, distance, 100, 10000).errors.at("iips");
    EXPECT_LT(std::abs(right.bias), 5 * right.bias_error);
    for (const SlateWorld world : {SlateWorld::kCascade, SlateWorld::kLogit}) {
      const Errors wrong = RunLogs(world, distance, 100, 10000).errors.at("iips");
      EXPECT_GT(wrong.bias, 0.02);
      EXPECT_GT(wrong.bias, 10 * wrong.bias_error);
    }
  }
}

// Weights of prefixes are right in a cascade, and too high where all items of a slate compete.
TEST(SlateWorldsTest, PrefixesAreTooHighWhereItemsCompete) {
  for (const SlateWorld world : {SlateWorld::kPositions, SlateWorld::kCascade}) {
    const Errors right = RunLogs(world, kMid, 100, 10000).errors.at("snrips");
    EXPECT_LT(std::abs(right.bias), 5 * right.bias_error);
  }
  const Errors wrong = RunLogs(SlateWorld::kLogit, kMid, 100, 10000).errors.at("snrips");
  EXPECT_GT(wrong.bias, 0.01);
  EXPECT_GT(wrong.bias, 5 * wrong.bias_error);
}

// 95 % intervals of 400 logs of 2,000 slates hold the truth about 380 times: within 5 sqrt(400 * 0.95 * 0.05) = 22,
// that is 89.5 % to 100 %.
TEST(SlateWorldsTest, IntervalsHoldTheTruth) {
  const Outcome outcome = RunLogs(SlateWorld::kLogit, kNear, 400, 2000);
  EXPECT_NEAR(outcome.covered, 0.95, 22.0 / 400);
}

}  // namespace
}  // namespace recbots

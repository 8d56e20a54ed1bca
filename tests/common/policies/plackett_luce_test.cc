#include "common/policies/plackett_luce.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

namespace recbots {
namespace {

// Calls `visit` with every ordered slate and its probability, multiplied out by hand.
void ForAllSlates(const std::vector<double>& scores, size_t slate_size,
                  const std::function<void(const std::vector<int32_t>&, double)>& visit) {
  std::vector<int32_t> slate;
  const std::function<void(double)> extend = [&](double probability) {
    if (slate.size() == slate_size) return visit(slate, probability);
    double rest = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      if (std::count(slate.begin(), slate.end(), static_cast<int32_t>(i)) == 0) rest += std::exp(scores[i]);
    }
    for (size_t i = 0; i < scores.size(); ++i) {
      if (std::count(slate.begin(), slate.end(), static_cast<int32_t>(i)) > 0) continue;
      slate.push_back(static_cast<int32_t>(i));
      extend(probability * std::exp(scores[i]) / rest);
      slate.pop_back();
    }
  };
  extend(1);
}

const std::vector<std::vector<double>> kScores = {
    {0, 0, 0, 0}, {1.5, -0.3, 0.2, 2.4, -1.1}, {0, 6, -6, 3, 1, 0.5}, {12, 0, 0.1, -0.2, 11}, {-30, 0, 1, 2, 30}};

TEST(PlackettLuceTest, PrefixesAndNextItemsAreThoseOfTheProduct) {
  for (const std::vector<double>& scores : kScores) {
    PlackettLuce model(static_cast<int>(scores.size()));
    model.SetScores(scores);
    double total = 0;
    ForAllSlates(scores, 3, [&](const std::vector<int32_t>& slate, double probability) {
      std::vector<double> prefix(3), next(scores.size());
      model.PrefixProbability(slate, absl::MakeSpan(prefix));
      EXPECT_NEAR(prefix[2], probability, 1e-9 * probability);
      double product = 1;
      for (size_t k = 0; k < 3; ++k) {
        model.NextProbability(absl::MakeConstSpan(slate).first(k), absl::MakeSpan(next));
        EXPECT_NEAR(std::accumulate(next.begin(), next.end(), 0.0), 1, 1e-12);
        product *= next[static_cast<size_t>(slate[k])];
        EXPECT_NEAR(prefix[k], product, 1e-9 * product);
      }
      total += prefix[2];
    });
    EXPECT_NEAR(total, 1, 1e-12);
  }
}

TEST(PlackettLuceTest, AnItemIsAtAPositionAsOftenAsAllSlatesSay) {
  for (const std::vector<double>& scores : kScores) {
    PlackettLuce model(static_cast<int>(scores.size()));
    model.SetScores(scores);
    std::vector<std::vector<double>> expected(4, std::vector<double>(scores.size()));
    ForAllSlates(scores, 4, [&](const std::vector<int32_t>& slate, double probability) {
      for (size_t k = 0; k < 4; ++k) expected[k][static_cast<size_t>(slate[k])] += probability;
    });
    for (size_t i = 0; i < scores.size(); ++i) {
      std::vector<double> position(4);
      model.PositionProbability(std::vector<int32_t>(4, static_cast<int32_t>(i)), absl::MakeSpan(position));
      for (size_t k = 0; k < 4; ++k) {
        EXPECT_NEAR(position[k], expected[k][i], 1e-9 * expected[k][i] + 1e-14) << "item " << i << " position " << k;
      }
    }
  }
}

TEST(PlackettLuceTest, WhatCannotBeShownHasProbabilityZero) {
  PlackettLuce model(3);
  model.SetScores({1, 2, 3});
  std::vector<double> prefix(3), position(3);
  const std::vector<int32_t> again = {2, 2, 0}, outside = {1, 7, -1};
  model.PrefixProbability(again, absl::MakeSpan(prefix));
  EXPECT_GT(prefix[0], 0);
  EXPECT_EQ(prefix[1], 0);
  EXPECT_EQ(prefix[2], 0);
  model.PrefixProbability(outside, absl::MakeSpan(prefix));
  EXPECT_EQ(prefix[1], 0);
  model.PositionProbability(outside, absl::MakeSpan(position));
  EXPECT_GT(position[0], 0);
  EXPECT_EQ(position[1], 0);
  EXPECT_EQ(position[2], 0);
}

}  // namespace
}  // namespace recbots

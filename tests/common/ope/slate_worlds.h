// Worlds of slates with known values, in which a click depends on the slate in three ways.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/base/random.h"
#include "common/policies/plackett_luce.h"

namespace recbots::testing {

// Which clicks a slate gets, and how often.
enum class SlateWorld {
  kPositions,  // Each position by itself: P(click) = attraction(item) / (1 + position).
  kCascade,    // One click: the user looks from the top, clicks the first that pleases, and stops.
  kLogit,      // One click: a choice among the items and none of them.
};

// 8 items, slates of 3, 4 contexts; policies draw slates by Plackett-Luce over scores [4, 8].
class Slates {
 public:
  static constexpr int kItems = 8;
  static constexpr int kSize = 3;
  static constexpr uint32_t kContexts = 4;

  explicit Slates(SlateWorld world) : world_(world) {
    for (uint32_t context = 0; context < kContexts; ++context) {
      Rng draws(2, Purpose::kTest, {context, 7, 0});
      for (int item = 0; item < kItems; ++item) {
        taste_.push_back(1.2 * draws.Normal());
        noise_.push_back(draws.Normal());
      }
    }
  }

  // The logging policy, and one that is `distance` nearer to the tastes.
  std::vector<double> Scores(double distance) const {
    std::vector<double> scores;
    for (size_t i = 0; i < taste_.size(); ++i) scores.push_back(0.5 * noise_[i] + distance * taste_[i]);
    return scores;
  }

  // P(click at each position).
  std::vector<double> Clicks(uint32_t context, const std::vector<int32_t>& slate) const {
    std::vector<double> clicks(kSize);
    double none = 1;
    double sum = 1;
    for (const int32_t item : slate) sum += std::exp(Taste(context, item));
    for (size_t k = 0; k < kSize; ++k) {
      const double taste = Taste(context, slate[k]);
      const double attraction = 1 / (1 + std::exp(1 - taste));
      if (world_ == SlateWorld::kPositions) clicks[k] = attraction / static_cast<double>(1 + k);
      if (world_ == SlateWorld::kCascade) clicks[k] = none * attraction;
      if (world_ == SlateWorld::kLogit) clicks[k] = std::exp(taste) / sum;
      none *= 1 - attraction;
    }
    return clicks;
  }

  // The mean number of clicks of a slate under the policy with these scores: the sum over all slates.
  double Value(const std::vector<double>& scores) const {
    double value = 0;
    std::vector<double> prefix(kSize);
    for (uint32_t context = 0; context < kContexts; ++context) {
      PlackettLuce policy(kItems);
      policy.SetScores(Of(scores, context));
      for (int32_t a = 0; a < kItems; ++a) {
        for (int32_t b = 0; b < kItems; ++b) {
          for (int32_t c = 0; c < kItems; ++c) {
            if (a == b || a == c || b == c) continue;
            const std::vector<int32_t> slate = {a, b, c};
            policy.PrefixProbability(slate, absl::MakeSpan(prefix));
            for (const double click : Clicks(context, slate)) value += prefix[2] * click / kContexts;
          }
        }
      }
    }
    return value;
  }

  static absl::Span<const double> Of(const std::vector<double>& scores, uint32_t context) {
    return absl::MakeConstSpan(scores).subspan(context * kItems, kItems);
  }

 private:
  double Taste(uint32_t context, int32_t item) const { return taste_[context * kItems + static_cast<uint32_t>(item)]; }

  const SlateWorld world_;
  std::vector<double> taste_, noise_;  // [contexts, items]
};

}  // namespace recbots::testing

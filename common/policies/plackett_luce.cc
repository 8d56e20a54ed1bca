#include "common/policies/plackett_luce.h"

#include <algorithm>
#include <cmath>

#include "common/base/log.h"
#include "common/policies/greedy_slate.h"

namespace recbots {
namespace {

constexpr double kStep = 0.25;      // Half of it changes no figure of the test by more than 1e-10.
constexpr double kLeftTail = 24;    // exp(-24) of the integral lies before, 4e-11.
constexpr double kRightTail = 4.2;  // exp(-exp(4.2)) of the integral lies behind, 1e-29.

// Multiplies the distribution of a count by one more event of this probability; counts above the last are dropped.
void AddEvent(double probability, absl::Span<double> count) {
  for (size_t n = count.size(); n-- > 1;) count[n] += probability * (count[n - 1] - count[n]);
  count[0] -= probability * count[0];
}

bool IsNew(absl::Span<const int32_t> slate, size_t k, size_t num_candidates) {
  return slate[k] >= 0 && static_cast<size_t>(slate[k]) < num_candidates &&
         std::find(slate.begin(), slate.begin() + k, slate[k]) == slate.begin() + k;
}

}  // namespace

void PlackettLuce::SetScores(absl::Span<const double> scores) {
  RECBOTS_CHECK(scores.size() == rates_.size()) << "scores " << scores.size() << ", candidates " << rates_.size();
  const double largest = *std::max_element(scores.begin(), scores.end());
  for (size_t i = 0; i < scores.size(); ++i) rates_[i] = std::exp(scores[i] - largest);
}

void PlackettLuce::Draw(Rng& draws, absl::Span<int32_t> slate) {
  // The largest of score + Gumbel noise is the smallest of exponential times with rate exp(score). A rate that is 0 as
  // a double comes last.
  for (size_t i = 0; i < rates_.size(); ++i) {
    const double time = -std::log((static_cast<double>(draws.Bits()) + 0.5) * 0x1p-32);
    noisy_[i] = -time / rates_[i];
  }
  GreedySlate(noisy_, slate);
}

void PlackettLuce::PrefixProbability(absl::Span<const int32_t> slate, absl::Span<double> prefix) const {
  double probability = 1;
  double all = 0;
  for (const double rate : rates_) all += rate;
  double shown = 0;
  for (size_t k = 0; k < slate.size(); ++k) {
    if (!IsNew(slate, k, rates_.size())) probability = 0;
    if (probability > 0) {
      const double rate = rates_[static_cast<size_t>(slate[k])];
      double rest = all - shown;
      if (rest < 1e-3 * all) {  // What was shown had nearly all of the weight: add up the rest itself.
        rest = 0;
        for (size_t i = 0; i < rates_.size(); ++i) {
          const auto end = slate.begin() + static_cast<ptrdiff_t>(k);
          if (std::find(slate.begin(), end, static_cast<int32_t>(i)) == end) rest += rates_[i];
        }
      }
      probability *= rest > 0 ? rate / rest : 0;
      shown += rate;
    }
    prefix[k] = probability;
  }
}

void PlackettLuce::NextProbability(absl::Span<const int32_t> before, absl::Span<double> next) const {
  std::copy(rates_.begin(), rates_.end(), next.begin());
  for (const int32_t item : before) {
    if (item >= 0 && static_cast<size_t>(item) < rates_.size()) next[static_cast<size_t>(item)] = 0;
  }
  double rest = 0;
  for (const double rate : next) rest += rate;
  for (double& probability : next) probability = rest > 0 ? probability / rest : 0;
}

void PlackettLuce::PositionProbability(absl::Span<const int32_t> slate, absl::Span<double> position) {
  count_.resize(slate.size());
  double all = 0;
  for (const double rate : rates_) all += rate;
  for (size_t k = 0; k < slate.size(); ++k) {
    const bool possible = slate[k] >= 0 && static_cast<size_t>(slate[k]) < rates_.size();
    const size_t item = possible ? static_cast<size_t>(slate[k]) : 0;
    const double rate = rates_[item];
    position[k] = 0;
    if (!possible || rate == 0) continue;
    if (k == 0) {
      position[k] = rate / all;
      continue;
    }
    // The item arrives at times of about 1 / rate; before 1 / all nothing has arrived.
    double sum = 0;
    const double end = kRightTail - std::log(rate);
    for (double x = -kLeftTail - std::log(all); x < end; x += kStep) {
      const double time = std::exp(x);
      const absl::Span<double> count = absl::MakeSpan(count_).first(k + 1);
      std::fill(count.begin(), count.end(), 0.0);
      count[0] = 1;
      for (size_t other = 0; other < rates_.size(); ++other) {
        if (other != item) AddEvent(-std::expm1(-rates_[other] * time), count);
      }
      sum += rate * time * std::exp(-rate * time) * count[k];
    }
    position[k] = sum * kStep;
  }
}

}  // namespace recbots

// What becomes of large weights.
#pragma once

#include <string>

namespace recbots {

// A weight w is the probability of what was shown under the evaluated policy divided by that under the logging one.
enum class WeightRule {
  kPlain,        // w
  kClip,         // min(w, L)                                          (Bottou et al. 2013)
  kSwitch,       // w where w <= L, else 0: the model alone answers    (Wang et al. 2017, arXiv:1612.01205)
  kShrink,       // L w / (w^2 + L)                                    (Su et al. 2020, arXiv:1907.09623)
  kSubGaussian,  // w / (1 - L + L w)                                  (Metelli et al. 2021)
};

// `setting` is L: above 0; for kSubGaussian 0..1.
inline double ApplyRule(WeightRule rule, double setting, double weight) {
  switch (rule) {
    case WeightRule::kPlain:
      return weight;
    case WeightRule::kClip:
      return weight < setting ? weight : setting;
    case WeightRule::kSwitch:
      return weight <= setting ? weight : 0;
    case WeightRule::kShrink:
      return setting * weight / (weight * weight + setting);
    case WeightRule::kSubGaussian:
      return weight / (1 - setting + setting * weight);
  }
  return weight;
}

}  // namespace recbots

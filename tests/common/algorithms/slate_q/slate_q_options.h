// Small SlateQ's of every kind.
#pragma once

#include <ostream>

#include "common/algorithms/slate_q/slate_q.h"
#include "tests/common/algorithms/slate_q/plain_slate_q.h"

namespace recbots::testing {

enum class Clicks { kProportional, kCascade, kLearned };

struct SlateQKind {
  TargetRule target = TargetRule::kOptimal;
  Clicks clicks = Clicks::kProportional;
  bool none_is_zero = false;
  bool dueling = false;
  bool features = true;
  bool double_q = true;
  bool legacy = false;
  int k = 0;
  int random_candidates = 0;
};

inline void PrintTo(const SlateQKind& kind, std::ostream* out) {
  *out << "target " << static_cast<int>(kind.target) << " clicks " << static_cast<int>(kind.clicks) << " zero "
       << kind.none_is_zero << " dueling " << kind.dueling << " features " << kind.features << " double "
       << kind.double_q << " legacy " << kind.legacy << " k " << kind.k << " + " << kind.random_candidates;
}

inline SlateQOptions MakeSlateOptions(const SlateQKind& kind) {
  SlateQOptions options;
  options.target = kind.target;
  options.click_field = kClickField;
  SlateQShape& shape = options.shape;
  shape.num_candidates = kCandidates;
  shape.item_features = kind.features;
  shape.num_item_features = kind.features ? kItemFeatures : kCandidates;
  shape.slate_size = kSlatePositions;
  shape.no_click_is_zero = kind.none_is_zero;
  shape.serving = SlateRule::kGreedy;
  shape.q = {.action = {kUserFeatures, shape.num_item_features, !kind.none_is_zero, 12, 10},
             .dueling = kind.dueling,
             .value_scale = 4};
  shape.learned_clicks = kind.clicks == Clicks::kLearned;
  shape.click = {kUserFeatures, shape.num_item_features, /*with_none=*/false, 8, 8};
  if (kind.features) {
    ChoiceModelOptions choice;
    choice.kind =
        kind.clicks == Clicks::kCascade ? ChoiceKind::kExponentialCascade : ChoiceKind::kMultinomialProportional;
    choice.no_click_mass = 1;
    choice.min_normalizer = -9;
    choice.score_scaling = 0.01;
    shape.affinity = AffinityWeights::Create(ChoiceModel::Create(choice).value(), kItemFeatures).value();
  }
  shape.proposal_k = kind.k;
  shape.actor = MlpSizes{kUserFeatures, 8, 8, kItemFeatures};
  options.q = {.shape = shape.q,
               .learning_rate = 0.01,
               .tau = 0.3,
               .double_q = kind.double_q,
               .legacy_target_state = kind.legacy,
               .seed = 4};
  options.click = {.sizes = shape.click, .learning_rate = 0.02, .held_out = 0.2, .seed = 4};
  options.proposer = {
      .actor = shape.actor, .k = kind.k, .random_candidates = kind.random_candidates, .learning_rate = 0.02, .seed = 4};
  return options;
}

}  // namespace recbots::testing

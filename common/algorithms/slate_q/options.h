// The options of SlateQ's learning side (slate_q.h).
#pragma once

#include <cstdint>

#include "common/algorithms/q_learner.h"
#include "common/algorithms/slate_q/click_learner.h"
#include "common/algorithms/slate_q/shape.h"
#include "common/algorithms/slate_q/slate_proposer.h"
#include "common/slate/slate_optimizer.h"

namespace recbots {

// Numbers as in config.proto (SlateQConfig.TargetRule).
enum class TargetRule { kSarsa = 1, kTopK = 2, kGreedy = 3, kOptimal = 4 };

// Draws of one update: of candidates beside a proposal, now and next.
inline constexpr uint32_t kNow = 1, kNext = 2;

struct SlateQOptions {
  SlateQShape shape;
  TargetRule target = TargetRule::kOptimal;
  QLearnerOptions q;
  ClickLearnerOptions click;      // Where shape.learned_clicks.
  SlateProposerOptions proposer;  // Where shape.proposal_k > 0.
  int click_field = 0;            // Index of "click" among the R response fields.
};

// How the slates of targets are composed, where they are not those that were shown.
inline SlateRule SlateRuleOf(const SlateQOptions& options) {
  switch (options.target) {
    case TargetRule::kTopK:
      return SlateRule::kTopK;
    case TargetRule::kGreedy:
      return SlateRule::kGreedy;
    case TargetRule::kOptimal:
      return SlateRule::kOptimal;
    case TargetRule::kSarsa:
      break;
  }
  return options.shape.serving;
}

}  // namespace recbots

// Greedy predicted click rate: shows the items that one assumed user would click most (RecSim's greedy pCTR agent).
//
// The assumed user is linear: a candidate's score is weights . features, and the click rate of each of the N candidates
// is its probability under a choice model when all N form one slate. The K candidates with the highest rates are shown,
// best first, the lower position first among equals. The agent learns nothing.
//
// Letters: B users, N candidates, D features of a candidate, K slate positions.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/policies/policy.h"
#include "common/slate/choice_model.h"

namespace recbots {

// Computes the click rates [N] of candidates with these scores [N], and the slate [K] with the highest rates. An
// assumed user may give scores that no real user would: if the model refuses them (ChoiceModel::Weigh), the scores
// themselves are the rates.
void GreedyPctr(const ChoiceModel& choice_model, absl::Span<const double> scores, absl::Span<double> rates,
                absl::Span<int32_t> slate);

// Deterministic: all probabilities are 1.
class GreedyPctrPolicy final : public Policy {
 public:
  // weights [D], D >= 1; 1 <= slate_size <= num_candidates.
  GreedyPctrPolicy(std::vector<double> weights, ChoiceModel choice_model, int num_candidates, int slate_size);

  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;

 private:
  const std::vector<double> weights_;
  const ChoiceModel choice_model_;
  const size_t slate_size_;
  std::vector<double> scores_, rates_;  // Scratch [N].
};

}  // namespace recbots

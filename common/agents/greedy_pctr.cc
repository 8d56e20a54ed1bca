#include "common/agents/greedy_pctr.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/policies/greedy_slate.h"
#include "common/slate/item_weights.h"

namespace recbots {

void GreedyPctr(const ChoiceModel& choice_model, absl::Span<const double> scores, absl::Span<double> rates,
                absl::Span<int32_t> slate) {
  if (!choice_model.Probabilities(scores, rates).ok()) std::copy(scores.begin(), scores.end(), rates.begin());
  GreedySlate(rates, slate);
}

GreedyPctrPolicy::GreedyPctrPolicy(std::vector<double> weights, ChoiceModel choice_model, int num_candidates,
                                   int slate_size)
    : weights_(std::move(weights)),
      choice_model_(std::move(choice_model)),
      slate_size_(static_cast<size_t>(slate_size)),
      scores_(static_cast<size_t>(num_candidates)),
      rates_(scores_.size()) {
  RECBOTS_CHECK(!weights_.empty()) << "no weights, want one per candidate feature";
  RECBOTS_CHECK(slate_size >= 1 && slate_size <= num_candidates)
      << "slate_size " << slate_size << ", want 1.." << num_candidates;
}

void GreedyPctrPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size();
  const size_t row = scores_.size() * weights_.size();
  RECBOTS_CHECK(input.candidates.size() == num_users * row && output.slates.size() == num_users * slate_size_)
      << "candidates " << input.candidates.size() << ", slates " << output.slates.size() << ", users " << num_users;
  for (size_t user = 0; user < num_users; ++user) {
    LinearScores(absl::MakeConstSpan(weights_), input.candidates.subspan(user * row, row), absl::MakeSpan(scores_));
    GreedyPctr(choice_model_, scores_, absl::MakeSpan(rates_), output.slates.subspan(user * slate_size_, slate_size_));
  }
  std::fill(output.behaviour_probability.begin(), output.behaviour_probability.end(), 1.0f);
  std::fill(output.position_probability.begin(), output.position_probability.end(), 1.0f);
}

}  // namespace recbots

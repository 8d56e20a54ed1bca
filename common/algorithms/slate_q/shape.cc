#include "common/algorithms/slate_q/shape.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace recbots {

void ScoresToWeights(absl::Span<float> scores) {
  for (float& score : scores) score = std::exp(std::clamp(score, -kMaxClickScore, kMaxClickScore));
}

std::vector<TensorSpec> PolicyTensors(const SlateQShape& shape) {
  std::vector<TensorSpec> tensors = QTensors(shape.q);
  if (shape.learned_clicks) {
    for (TensorSpec& tensor : MlpTensors(kClickNetwork, shape.click.mlp())) tensors.push_back(std::move(tensor));
  }
  if (shape.proposal_k > 0) {
    for (TensorSpec& tensor : MlpTensors(kProposalNetwork, shape.actor)) tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace recbots

#include "common/inference/q_shape.h"

#include <utility>

namespace recbots {

std::vector<TensorSpec> QTensors(const QShape& shape) {
  std::vector<TensorSpec> tensors = MlpTensors(ActionNetwork(shape), shape.action.mlp());
  if (shape.dueling) {
    const MlpShape value = {shape.action.num_user_features, shape.action.hidden(), shape.action.head.outputs()};
    for (TensorSpec& tensor : MlpTensors(ValueNetwork(shape), value)) tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace recbots

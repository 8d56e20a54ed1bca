#include "common/algorithms/wolpertinger/shape.h"

#include "common/base/check_range.h"
#include "common/base/status_macros.h"

namespace recbots {

absl::Status CheckShape(const WolpertingerShape& shape) {
  RECBOTS_RETURN_IF_ERROR(CheckRange("wolpertinger: num_user_features", shape.num_user_features, 1, 1 << 16));
  RECBOTS_RETURN_IF_ERROR(CheckRange("wolpertinger: num_items", shape.num_items, 1, 1 << 20));
  RECBOTS_RETURN_IF_ERROR(CheckRange("wolpertinger: embedding_size", shape.embedding_size, 1, 256));
  for (const int units : shape.hidden().units) {
    RECBOTS_RETURN_IF_ERROR(CheckRange("wolpertinger: hidden_units", units, 1, 4096));
  }
  return CheckRange("wolpertinger: k", shape.k, 1, shape.num_items, ", the number of items");
}

std::vector<TensorSpec> CriticTensors(const WolpertingerShape& shape, const std::string& name) {
  return MlpTensors(name, MlpShape(shape.num_user_features + shape.embedding_size, shape.hidden(), 1));
}

std::vector<TensorSpec> PolicyTensors(const WolpertingerShape& shape) {
  std::vector<TensorSpec> tensors =
      MlpTensors(kActor, MlpShape(shape.num_user_features, shape.hidden(), shape.embedding_size));
  for (TensorSpec& tensor : CriticTensors(shape, kCritic)) tensors.push_back(std::move(tensor));
  tensors.push_back({kEmbeddings, {shape.num_items, shape.embedding_size}});
  return tensors;
}

}  // namespace recbots

#include "common/algorithms/wolpertinger/shape.h"

#include "absl/strings/str_cat.h"
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

absl::StatusOr<WolpertingerShape> MakeShape(const v1::WolpertingerConfig& config, const EnvironmentSpec& spec,
                                            const v1::NetworkConfig& network) {
  if (spec.slate_size != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("wolpertinger: environment '", spec.name, "' has slate_size ", spec.slate_size, ", want 1"));
  }
  if (!spec.fixed_catalogue) {
    return absl::InvalidArgumentError(absl::StrCat("wolpertinger: environment '", spec.name,
                                                   "' has fixed_catalogue false, want true: items need embeddings"));
  }
  if (config.search_space() == v1::WolpertingerConfig::SEARCH_SPACE_UNSPECIFIED) {
    return absl::InvalidArgumentError("wolpertinger: search_space SEARCH_SPACE_UNSPECIFIED, want UNIT or RAW");
  }
  WolpertingerShape shape = {
      .num_user_features = spec.num_user_features,
      .num_items = spec.num_candidates,
      .k = config.k(),
      .search_space = config.search_space() == v1::WolpertingerConfig::RAW ? SearchSpace::kRaw : SearchSpace::kUnit,
      .embedding_size = config.embedding_size(),
      .hidden_units = config.hidden_units(),
  };
  const HiddenLayers hidden = MakeHiddenLayers(network, {config.hidden_units(), config.hidden_units()});
  if (hidden.plain() && hidden.units[0] == hidden.units[1]) {
    shape.hidden_units = hidden.units[0];
  } else {
    shape.layers = hidden;
  }
  RECBOTS_RETURN_IF_ERROR(CheckShape(shape));
  return shape;
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

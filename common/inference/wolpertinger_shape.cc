#include "common/inference/wolpertinger_shape.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

absl::Status CheckRange(absl::string_view field, int value, int min, int max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("wolpertinger: ", field, " ", value, ", want ", min, "..", max));
}

}  // namespace

absl::Status CheckShape(const WolpertingerShape& shape) {
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_user_features", shape.num_user_features, 1, 1 << 16));
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_items", shape.num_items, 1, 1 << 20));
  RECBOTS_RETURN_IF_ERROR(CheckRange("embedding_size", shape.embedding_size, 1, 256));
  RECBOTS_RETURN_IF_ERROR(CheckRange("hidden_units", shape.hidden_units, 1, 4096));
  if (shape.k < 1 || shape.k > shape.num_items) {
    return absl::InvalidArgumentError(
        absl::StrCat("wolpertinger: k ", shape.k, ", want 1..", shape.num_items, ", the number of items"));
  }
  return absl::OkStatus();
}

absl::StatusOr<WolpertingerShape> MakeShape(const v1::WolpertingerConfig& config, const EnvironmentSpec& spec) {
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
  const WolpertingerShape shape = {
      .num_user_features = spec.num_user_features,
      .num_items = spec.num_candidates,
      .k = config.k(),
      .search_space = config.search_space() == v1::WolpertingerConfig::RAW ? SearchSpace::kRaw : SearchSpace::kUnit,
      .embedding_size = config.embedding_size(),
      .hidden_units = config.hidden_units(),
  };
  RECBOTS_RETURN_IF_ERROR(CheckShape(shape));
  return shape;
}

std::vector<TensorSpec> PolicyTensors(const WolpertingerShape& shape) {
  const int num_critic_inputs = shape.num_user_features + shape.embedding_size;
  std::vector<TensorSpec> tensors =
      MlpTensors("actor", {shape.num_user_features, shape.hidden_units, shape.hidden_units, shape.embedding_size});
  const std::vector<TensorSpec> critic =
      MlpTensors("critic", {num_critic_inputs, shape.hidden_units, shape.hidden_units, 1});
  tensors.insert(tensors.end(), critic.begin(), critic.end());
  tensors.push_back({"embeddings", {shape.num_items, shape.embedding_size}});
  return tensors;
}

}  // namespace recbots

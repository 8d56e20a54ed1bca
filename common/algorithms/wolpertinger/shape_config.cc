#include "common/algorithms/wolpertinger/shape_config.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/inference/network_config.h"

namespace recbots {

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

}  // namespace recbots

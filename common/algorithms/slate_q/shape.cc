#include "common/algorithms/slate_q/shape.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// RecSim's assumption of interest evolution, where the configuration leaves fields out.
ChoiceModelOptions MakeChoiceOptions(const v1::ChoiceModelConfig& config) {
  ChoiceModelOptions options;
  options.kind = config.has_kind() ? static_cast<ChoiceKind>(config.kind()) : ChoiceKind::kMultinomialProportional;
  options.no_click_mass = config.has_no_click_mass() ? config.no_click_mass() : 1;
  options.min_normalizer = config.has_min_normalizer() ? config.min_normalizer() : -1;
  options.attention_prob = config.has_attention_prob() ? config.attention_prob() : 0.65;
  options.score_scaling = config.has_score_scaling() ? config.score_scaling() : 0.05;
  options.examination.assign(config.examination().begin(), config.examination().end());
  options.continuation.assign(config.continuation().begin(), config.continuation().end());
  return options;
}

absl::Status FillClickModel(const v1::ClickModelConfig& config, const v1::NetworkConfig& network,
                            const EnvironmentSpec& spec, SlateQShape& shape) {
  shape.learned_clicks = config.learned();
  shape.click = {.num_user_features = spec.num_user_features, .num_item_features = shape.num_item_features};
  shape.click.SetHidden(MakeHiddenLayers(network, {config.hidden_units(), config.hidden_units()}));
  if (config.learned() && !config.has_choice()) return absl::OkStatus();
  const absl::StatusOr<ChoiceModel> choice = ChoiceModel::Create(MakeChoiceOptions(config.choice()));
  if (!choice.ok()) return WithPath("algorithm.slate_q.click_model.choice", choice.status());
  absl::StatusOr<AffinityWeights> affinity = AffinityWeights::Create(*choice, spec.num_candidate_features);
  if (!affinity.ok()) return WithPath("algorithm.slate_q.click_model.choice", affinity.status());
  // What happened in an episode has no affinity to an item.
  const int of_user = spec.num_user_features - spec.num_history_features;
  if (!shape.item_features || of_user < spec.num_candidate_features) {
    return absl::InvalidArgumentError(
        absl::StrCat("algorithm.slate_q.click_model.choice: environment '", spec.name, "' has ", of_user,
                     " user features and ", spec.num_candidate_features,
                     " candidate features: there are no affinities, want click_model { learned: true }"));
  }
  shape.affinity = *std::move(affinity);
  return absl::OkStatus();
}

absl::Status FillProposal(const v1::SlateProposalConfig& config, const v1::NetworkConfig& network,
                          const EnvironmentSpec& spec, SlateQShape& shape) {
  if (!shape.item_features) {
    return absl::InvalidArgumentError(absl::StrCat("algorithm.slate_q.proposal: candidates of environment '", spec.name,
                                                   "' have no features to point at"));
  }
  if (config.k() < spec.slate_size || config.k() > spec.num_candidates) {
    return absl::InvalidArgumentError(absl::StrCat("algorithm.slate_q.proposal.k ", config.k(), ", want ",
                                                   spec.slate_size, "..", spec.num_candidates,
                                                   " (slate size and candidates of ", spec.name, ")"));
  }
  shape.proposal_k = config.k();
  const HiddenLayers hidden = MakeHiddenLayers(network, {config.hidden_units(), config.hidden_units()});
  shape.actor = {spec.num_user_features, hidden, spec.num_candidate_features};
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SlateQShape> MakeSlateQShape(const v1::SlateQConfig& config, const EnvironmentSpec& spec,
                                            const v1::NetworkConfig& network) {
  if (spec.FindResponseField("click") < 0) {
    return absl::InvalidArgumentError(absl::StrCat("algorithm.slate_q: responses of environment '", spec.name,
                                                   "' have no field 'click': nothing can be attributed to one item"));
  }
  if (spec.slate_size > static_cast<int>(ChoiceModel::kMaxSlate)) {
    return absl::InvalidArgumentError(absl::StrCat("algorithm.slate_q: environment '", spec.name, "' has slate_size ",
                                                   spec.slate_size, ", want 1..", ChoiceModel::kMaxSlate));
  }
  if (config.serving() == v1::SLATE_RULE_UNSPECIFIED) {
    return absl::InvalidArgumentError(
        "algorithm.slate_q.serving SLATE_RULE_UNSPECIFIED, want TOP_K, GREEDY or OPTIMAL");
  }
  if (config.target() == v1::SlateQConfig::TARGET_RULE_UNSPECIFIED) {
    return absl::InvalidArgumentError(
        "algorithm.slate_q.target TARGET_RULE_UNSPECIFIED, want SARSA, TARGET_TOP_K, TARGET_GREEDY or TARGET_OPTIMAL");
  }
  if (config.q().dueling() && config.legacy_no_click_zero()) {
    return absl::InvalidArgumentError(
        "algorithm.slate_q.q.dueling true, want false with legacy_no_click_zero: what a user is worth would be added "
        "to items and not to no click");
  }
  SlateQShape shape;
  shape.num_candidates = spec.num_candidates;
  shape.num_item_features = NumItemFeatures(spec);
  shape.item_features = spec.num_candidate_features > 0;
  shape.slate_size = spec.slate_size;
  shape.serving = static_cast<SlateRule>(config.serving());
  shape.no_click_is_zero = config.legacy_no_click_zero();
  shape.q =
      MakeQShape(config.q(), spec.num_user_features, shape.num_item_features, !config.legacy_no_click_zero(), network);
  RECBOTS_RETURN_IF_ERROR(FillClickModel(config.click_model(), network, spec, shape));
  if (config.has_proposal()) RECBOTS_RETURN_IF_ERROR(FillProposal(config.proposal(), network, spec, shape));
  return shape;
}

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

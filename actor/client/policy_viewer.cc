#include "actor/client/policy_viewer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "actor/client/topic_counts.h"
#include "common/algorithms/make_policy.h"
#include "common/algorithms/wolpertinger/shape_config.h"
#include "common/base/status_macros.h"
#include "common/inference/dense_mlp.h"

namespace recbots {
namespace {

constexpr size_t kMostNumbers = 4'000'000;
constexpr int kMostUsers = 1024;  // Of one call of Act.
constexpr size_t kMostPoints = 2000;
constexpr size_t kMostActorPoints = 500;

size_t CellOf(size_t index, size_t count, size_t cells) { return index * cells / count; }

// The items of one state's slate, in ascending order, without kNoItem.
std::vector<int32_t> ItemsOf(const std::vector<int32_t>& slates, size_t state, size_t slate_size) {
  std::vector<int32_t> items(slates.begin() + static_cast<std::ptrdiff_t>(state * slate_size),
                             slates.begin() + static_cast<std::ptrdiff_t>((state + 1) * slate_size));
  std::erase(items, kNoItem);
  std::sort(items.begin(), items.end());
  return items;
}

RecommendedCells CellsOf(const std::vector<int32_t>& slates, size_t slate_size, const PolicyMap& map) {
  std::vector<size_t> states_of_row(map.rows);
  std::map<uint32_t, size_t> counts;
  for (size_t s = 0; s < map.states; ++s) {
    const size_t row = CellOf(s, map.states, map.rows);
    ++states_of_row[row];
    for (const int32_t item : ItemsOf(slates, s, slate_size)) {
      const size_t column = CellOf(static_cast<size_t>(item), map.candidates, map.columns);
      ++counts[static_cast<uint32_t>(row * map.columns + column)];
    }
  }
  RecommendedCells cells;
  for (const auto& [cell, count] : counts) {
    cells.emplace_back(cell, static_cast<float>(count) / static_cast<float>(states_of_row[cell / map.columns]));
  }
  return cells;
}

// The means of the numbers [S, N] in the cells of the map.
std::vector<float> MeansOf(absl::Span<const float> numbers, const PolicyMap& map) {
  std::vector<double> sums(map.rows * map.columns);
  std::vector<size_t> counts(sums.size());
  for (size_t s = 0; s < map.states; ++s) {
    const size_t row = CellOf(s, map.states, map.rows) * map.columns;
    for (size_t n = 0; n < map.candidates; ++n) {
      const size_t cell = row + CellOf(n, map.candidates, map.columns);
      sums[cell] += static_cast<double>(numbers[s * map.candidates + n]);
      ++counts[cell];
    }
  }
  std::vector<float> means;
  for (size_t i = 0; i < sums.size(); ++i)
    means.push_back(static_cast<float>(sums[i] / static_cast<double>(counts[i])));
  return means;
}

double ShareOf(size_t count, size_t all) { return static_cast<double>(count) / static_cast<double>(all); }

void ScaleToUnit(float* point, size_t size) {
  double sum = 0;
  for (size_t i = 0; i < size; ++i) sum += static_cast<double>(point[i]) * static_cast<double>(point[i]);
  const auto scale = static_cast<float>(1 / std::max(std::sqrt(sum), 1e-12));
  for (size_t i = 0; i < size; ++i) point[i] *= scale;
}

}  // namespace

bool IsSmallEnoughToView(const EnvironmentSpec& spec) {
  const auto n = static_cast<size_t>(spec.num_candidates);
  const auto features = static_cast<size_t>(std::max(spec.num_user_features, 32 * spec.num_candidate_features));
  return n * std::max<size_t>(features, 1) <= kMostNumbers;
}

absl::StatusOr<std::unique_ptr<PolicyViewer>> PolicyViewer::Create(const v1::ExperimentConfig& config,
                                                                   const EnvironmentSpec& spec,
                                                                   std::shared_ptr<const Scenario> scenario,
                                                                   StopQuestion stop) {
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<NetworkPolicy> policy,
                           MakePolicy(config.algorithm(), spec, kMostUsers, config.seed()));
  policy->SetPolicyShare(1);
  std::unique_ptr<PolicyViewer> viewer(new PolicyViewer(spec, std::move(scenario), std::move(policy), std::move(stop)));
  if (config.algorithm().has_wolpertinger()) {
    RECBOTS_ASSIGN_OR_RETURN(viewer->shape_,
                             MakeShape(config.algorithm().wolpertinger(), spec, config.algorithm().network()));
  }
  return viewer;
}

PolicyViewer::PolicyViewer(EnvironmentSpec spec, std::shared_ptr<const Scenario> scenario,
                           std::unique_ptr<NetworkPolicy> policy, StopQuestion stop)
    : spec_(std::move(spec)), scenario_(std::move(scenario)), policy_(std::move(policy)), stop_(std::move(stop)) {
  if (scenario_ == nullptr || !IsSmallEnoughToView(spec_)) return;
  // An observation tells all only where candidates are told apart by their position.
  if (spec_.num_candidate_features == 0 && spec_.num_user_features > 0) {
    states_ = scenario_->AllObservations().size() / static_cast<size_t>(spec_.num_user_features);
    if (states_ * static_cast<size_t>(spec_.num_candidates) > kMostNumbers) states_ = 0;
  }
  has_topics_ = spec_.num_candidate_features > 0;
}

std::vector<int32_t> PolicyViewer::SlatesOf(Policy& policy) const {
  const absl::Span<const float> observations = scenario_->AllObservations();
  const auto k = static_cast<size_t>(spec_.slate_size), u = static_cast<size_t>(spec_.num_user_features);
  std::vector<int32_t> slates(states_ * k);
  std::vector<float> probability(states_);
  const std::vector<StreamPosition> positions(states_);
  for (size_t first = 0; first < states_; first += kMostUsers) {
    const size_t n = std::min<size_t>(kMostUsers, states_ - first);
    policy.Act({observations.subspan(first * u, n * u), absl::MakeSpan(positions).subspan(first, n)},
               {absl::MakeSpan(slates).subspan(first * k, n * k), absl::MakeSpan(probability).subspan(first, n)});
  }
  return slates;
}

PolicyMap PolicyViewer::MapOf(const std::vector<int32_t>& slates) const {
  const auto k = static_cast<size_t>(spec_.slate_size);
  PolicyMap map;
  map.states = states_;
  map.candidates = static_cast<size_t>(spec_.num_candidates);
  map.rows = std::min(map.states, kMapCells);
  map.columns = std::min(map.candidates, kMapCells);
  map.recommended = CellsOf(slates, k, map);
  for (const ReferenceSlates& reference : references_) {
    size_t same = 0;
    for (size_t s = 0; s < states_; ++s) same += ItemsOf(slates, s, k) == ItemsOf(reference.slates, s, k);
    map.references.push_back({reference.name, CellsOf(reference.slates, k, map), ShareOf(same, states_)});
  }
  const absl::Span<const float> rewards = scenario_->ExpectedRewards();
  if (rewards.size() != map.states * map.candidates) return map;
  map.rewards = MeansOf(rewards, map);
  size_t best = 0;
  for (size_t s = 0; s < states_; ++s) {
    const absl::Span<const float> row = rewards.subspan(s * map.candidates, map.candidates);
    const int32_t shown = slates[s * k];
    best += shown != kNoItem && row[static_cast<size_t>(shown)] == *std::max_element(row.begin(), row.end());
  }
  map.best_reward_share = ShareOf(best, states_);
  return map;
}

absl::Status PolicyViewer::AddTopics(PolicyView& view) {
  if (scenario_ == nullptr || states_ > 0 || (!has_topics_ && !shape_.has_value())) return absl::OkStatus();
  RECBOTS_ASSIGN_OR_RETURN(PlayedTopics played, PlayForTopics(*scenario_, *policy_, stop_));
  observations_ = std::move(played.observations);
  if (!has_topics_) return absl::OkStatus();
  view.topics = PolicyTopics{TopicNames(spec_), std::move(played.shares), best_known_, best_, played.steps};
  return absl::OkStatus();
}

absl::Span<const float> PolicyViewer::PointObservations() const {
  return states_ > 0 ? scenario_->AllObservations() : absl::MakeConstSpan(observations_);
}

void PolicyViewer::AddPoints(absl::string_view weights, PolicyView& view) {
  if (!shape_.has_value()) return;
  const absl::StatusOr<TensorMap> tensors = TensorMap::Decode(weights, PolicyTensors(*shape_));
  if (!tensors.ok()) return;  // The policy has taken them, so this does not happen.
  const auto e = static_cast<size_t>(shape_->embedding_size), items = static_cast<size_t>(shape_->num_items);
  std::vector<float> embeddings = tensors->at(kEmbeddings).values;
  if (shape_->search_space == SearchSpace::kUnit) {
    for (size_t i = 0; i < items; ++i) ScaleToUnit(embeddings.data() + i * e, e);
  }
  axes_ = FindPrincipalAxes(embeddings, e, axes_.has_value() ? &*axes_ : nullptr);
  PolicyPoints& points = view.points.emplace();
  points.num_items = items;
  points.explained = axes_->explained;
  const size_t shown = std::min(items, kMostPoints);
  points.item_xy.resize(2 * shown);
  for (size_t i = 0; i < shown; ++i) {
    const size_t item = i * items / shown;
    points.items.push_back(static_cast<int32_t>(item));
    axes_->Project(embeddings.data() + item * e, points.item_xy.data() + 2 * i);
  }
  const absl::Span<const float> observations = PointObservations();
  const auto u = static_cast<size_t>(spec_.num_user_features);
  const size_t known = u == 0 ? 0 : observations.size() / u, wanted = std::min(known, kMostActorPoints);
  DenseMlp actor(*tensors, kActor, /*max_rows=*/1, shape_->hidden());
  points.actor_xy.resize(2 * wanted);
  for (size_t i = 0; i < wanted; ++i) {
    float* point = actor.Run(observations.data() + (i * known / wanted) * u, 1);
    ScaleToUnit(point, e);
    axes_->Project(point, points.actor_xy.data() + 2 * i);
  }
}

absl::StatusOr<PolicyView> PolicyViewer::Look(absl::string_view weights) {
  RECBOTS_RETURN_IF_ERROR(policy_->SetWeights(weights));
  PolicyView view;
  if (states_ > 0) view.map = MapOf(SlatesOf(*policy_));
  RECBOTS_RETURN_IF_ERROR(AddTopics(view));
  AddPoints(weights, view);
  return view;
}

absl::Status PolicyViewer::LookAtReferences() {
  if (scenario_ == nullptr || (states_ == 0 && !has_topics_)) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(scenario_->Prepare(Scenario::Known::kReferences, stop_));
  std::vector<ReferencePolicy> references = scenario_->MakeReferencePolicies();
  std::vector<ReferenceSlates> slates;
  for (const ReferencePolicy& reference : references) {
    if (states_ > 0 && reference.policy->stationary()) slates.push_back({reference.name, SlatesOf(*reference.policy)});
  }
  references_ = std::move(slates);
  if (!has_topics_ || references.size() < 2) return absl::OkStatus();
  RECBOTS_ASSIGN_OR_RETURN(PlayedTopics played, PlayForTopics(*scenario_, *references.back().policy, stop_));
  best_known_ = references.back().name;
  best_ = std::move(played.shares);
  return absl::OkStatus();
}

}  // namespace recbots

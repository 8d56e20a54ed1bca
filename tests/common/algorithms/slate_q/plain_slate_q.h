// SlateQ's targets by the formulas, one row after the other in double precision, and batches to try them on.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "common/algorithms/slate_q/slate_q.h"
#include "common/rl/spec.h"
#include "tests/support/naive_mlp.h"

namespace recbots::testing {

inline constexpr int64_t kUserFeatures = 5, kItemFeatures = 3, kCandidates = 6, kSlatePositions = 2;
inline constexpr int64_t kResponseFields = 3;
inline constexpr int kClickField = 1;

inline at::Tensor FloatTensor(at::IntArrayRef sizes, Rng& rng, double deviation = 1) {
  const at::Tensor tensor = at::empty(sizes, at::TensorOptions(at::kFloat));
  const std::vector<float> values = Normals(static_cast<size_t>(tensor.numel()), rng, deviation);
  std::copy(values.begin(), values.end(), tensor.data_ptr<float>());
  return tensor;
}

// Slates of `size` of the candidates, or fewer: about one in five is short, and where `unknown`, one in five is none.
inline at::Tensor RandomSlates(int64_t rows, bool unknown, Rng& rng) {
  const at::Tensor slates = at::full({rows, kSlatePositions}, kNoItem, at::TensorOptions(at::kInt));
  for (int64_t row = 0; row < rows; ++row) {
    const uint32_t kind = rng.Index(5);
    int32_t* slate = slates.data_ptr<int32_t>() + row * kSlatePositions;
    if (unknown && kind == 1) continue;
    slate[0] = static_cast<int32_t>(rng.Index(kCandidates));
    if (kind == 0) continue;
    const auto other = static_cast<int32_t>(rng.Index(kCandidates - 1));
    slate[1] = other + (other >= slate[0] ? 1 : 0);
  }
  return slates;
}

// No click, one or two; terminated rows, and rows of one to three steps.
inline TransitionBatch MakeSlateBatch(int64_t rows, uint32_t stream, bool item_features = true) {
  Rng rng(9, Purpose::kTest, {.stream = stream});
  TransitionBatch batch;
  batch.observation = FloatTensor({rows, kUserFeatures}, rng);
  batch.next_observation = FloatTensor({rows, kUserFeatures}, rng);
  if (item_features) {
    batch.candidates = FloatTensor({rows, kCandidates, kItemFeatures}, rng, 0.7);
    batch.next_candidates = FloatTensor({rows, kCandidates, kItemFeatures}, rng, 0.7);
  }
  batch.slate = RandomSlates(rows, /*unknown=*/false, rng);
  batch.next_slate = RandomSlates(rows, /*unknown=*/true, rng);
  batch.response = FloatTensor({rows, kSlatePositions, kResponseFields}, rng);
  batch.reward = FloatTensor({rows}, rng, 3);
  batch.discount = at::empty({rows});
  constexpr float kDiscounts[] = {0, 0.9f, 0.81f, 0.729f};
  for (int64_t row = 0; row < rows; ++row) {
    batch.discount[row] = kDiscounts[rng.Index(4)];
    for (int64_t k = 0; k < kSlatePositions; ++k) batch.response[row][k][kClickField] = rng.Index(2) == 0 ? 0.0f : 1.0f;
  }
  return batch;
}

// A row of a tensor of rank 2 or 3.
inline absl::Span<const float> RowOf(const at::Tensor& tensor, int64_t row) {
  if (!tensor.defined()) return {};
  const int64_t width = tensor.numel() / tensor.size(0);
  return {tensor.data_ptr<float>() + row * width, static_cast<size_t>(width)};
}

class PlainSlateQ {
 public:
  // Of the algorithm as it is before the update to come.
  PlainSlateQ(SlateQ& algorithm, const SlateQOptions& options)
      : options_(options), online_(DecodeTensors(algorithm.EncodeWeights()).value()) {
    const QNetwork& target = algorithm.q().target();
    for (size_t i = 0; i < target.arena.layout().tensors().size(); ++i) target_.push_back(target.arena.Export(i));
  }

  double Target(const TransitionBatch& batch, int64_t row) const {
    const auto discount = batch.discount[row].item<double>();
    const auto reward = batch.reward[row].item<double>();
    if (discount == 0) return reward;
    const bool legacy = options_.q.legacy_target_state;
    const absl::Span<const float> user = RowOf(legacy ? batch.observation : batch.next_observation, row);
    const absl::Span<const float> items = RowOf(legacy ? batch.candidates : batch.next_candidates, row);
    const std::vector<int32_t> considered = Considered(user, items);
    std::vector<double> weights;
    for (const int32_t i : considered) weights.push_back(Weight(user, Item(items, i)));
    const std::vector<double> values = Values(target_, user, items, considered);
    const bool sarsa = options_.target == TargetRule::kSarsa;
    std::vector<int32_t> slate;
    if (sarsa) slate = Places(batch.next_slate[row], considered);
    if (slate.empty()) {
      const bool by_online = options_.q.double_q && !sarsa;
      const std::vector<double> choosing = by_online ? Values(online_, user, items, considered) : values;
      slate.resize(kSlatePositions);
      SlateOptimizer optimizer(options_.shape.click_rule(), static_cast<int>(considered.size()), kSlatePositions);
      const auto rule = sarsa ? options_.shape.serving : static_cast<SlateRule>(static_cast<int>(options_.target) - 1);
      optimizer.Select(rule,
                       SlateProblemF64{.weights = weights,
                                       .values = absl::MakeConstSpan(choosing).subspan(0, considered.size()),
                                       .no_click_weight = NoClickWeight(),
                                       .no_click_value = choosing.back()},
                       absl::MakeSpan(slate));
    }
    return reward + discount * SlateWorth(slate, weights, values);
  }

  // Q of what was clicked first, or of none.
  double Learnt(const TransitionBatch& batch, int64_t row) const {
    std::vector<float> item;
    const int clicked = Clicked(batch, row);
    if (clicked >= 0) item = Item(RowOf(batch.candidates, row), batch.slate[row][clicked].item<int32_t>());
    return Value(online_, RowOf(batch.observation, row), item);
  }
  // Squared distance from the actor's point to the mean features of the best slate of what is considered now.
  double ProposalError(const TransitionBatch& batch, int64_t row) const {
    const absl::Span<const float> user = RowOf(batch.observation, row), items = RowOf(batch.candidates, row);
    const std::vector<int32_t> considered = Considered(user, items);
    std::vector<double> weights, values = Values(online_, user, items, considered);
    for (const int32_t i : considered) weights.push_back(Weight(user, Item(items, i)));
    std::vector<int32_t> slate(kSlatePositions);
    SlateOptimizer optimizer(options_.shape.click_rule(), static_cast<int>(considered.size()), kSlatePositions);
    optimizer.Select(options_.shape.serving,
                     SlateProblemF64{.weights = weights,
                                     .values = absl::MakeConstSpan(values).subspan(0, considered.size()),
                                     .no_click_weight = NoClickWeight(),
                                     .no_click_value = values.back()},
                     absl::MakeSpan(slate));
    const std::vector<double> point = NaiveMlp(online_, online_.size() - kMlpTensors, {user.begin(), user.end()});
    double error = 0;
    for (size_t f = 0; f < kItemFeatures; ++f) {
      double mean = 0;
      for (const int32_t place : slate) {
        mean += double{Item(items, considered[static_cast<size_t>(place)])[f]} / kSlatePositions;
      }
      error += std::pow(point[f] - mean, 2.0);
    }
    return error;
  }
  static int Clicked(const TransitionBatch& batch, int64_t row) {
    for (int64_t k = 0; k < kSlatePositions; ++k) {
      const bool shown = batch.slate[row][k].item<int32_t>() != kNoItem;
      if (shown && batch.response[row][k][kClickField].item<float>() != 0) return static_cast<int>(k);
    }
    return -1;
  }

 private:
  std::vector<float> Item(absl::Span<const float> items, int32_t i) const {
    const auto at = static_cast<size_t>(i);
    if (options_.shape.item_features)
      return {items.begin() + at * kItemFeatures, items.begin() + (at + 1) * kItemFeatures};
    std::vector<float> item(kCandidates);
    item[at] = 1;
    return item;
  }
  // Of an item, or of none where it is empty.
  double Value(const std::vector<NamedTensor>& tensors, absl::Span<const float> user, std::vector<float> item) const {
    const QShape& shape = options_.shape.q;
    const bool none = item.empty();
    if (none && !shape.action.with_none) return 0;
    item.resize(static_cast<size_t>(shape.action.num_item_features));
    if (shape.action.with_none) item.push_back(none ? 1 : 0);
    double value = NaiveValue(tensors, 0, user, item);
    if (shape.dueling) value += NaiveValue(tensors, kMlpTensors, user, {});
    return value * shape.value_scale;
  }
  // Of what is considered, and last of none.
  std::vector<double> Values(const std::vector<NamedTensor>& tensors, absl::Span<const float> user,
                             absl::Span<const float> items, const std::vector<int32_t>& considered) const {
    std::vector<double> values;
    for (const int32_t i : considered) values.push_back(Value(tensors, user, Item(items, i)));
    values.push_back(Value(tensors, user, {}));
    return values;
  }
  double NoClickWeight() const {
    return options_.shape.learned_clicks ? 1 : options_.shape.click_rule() == ClickRule::kShared ? 10 : 1;
  }
  // The models of MakeSlateOptions: s + 9 against 10; 0.01 exp(s) looked at for certain; exp(network) against 1.
  double Weight(absl::Span<const float> user, const std::vector<float>& item) const {
    if (options_.shape.learned_clicks) {
      return std::exp(NaiveValue(online_, options_.shape.q.dueling ? 2 * kMlpTensors : kMlpTensors, user, item));
    }
    double score = 0;
    for (size_t f = 0; f < item.size(); ++f) score += double{user[f]} * double{item[f]};
    return options_.shape.click_rule() == ClickRule::kShared ? score + 9 : std::min(1.0, 0.01 * std::exp(score));
  }
  double SlateWorth(const std::vector<int32_t>& slate, const std::vector<double>& weights,
                    const std::vector<double>& values) const {
    double sum = 0, total = NoClickWeight(), looked = 1;
    for (const int32_t place : slate) {
      const auto i = static_cast<size_t>(place);
      const bool shared = options_.shape.click_rule() == ClickRule::kShared;
      sum += (shared ? 1 : looked) * weights[i] * values[i];
      total += weights[i];
      looked *= 1 - weights[i];
    }
    if (options_.shape.click_rule() == ClickRule::kCascade) return sum + looked * values.back();
    return (sum + NoClickWeight() * values.back()) / total;
  }
  // Empty: not known, or an item of it is not considered.
  std::vector<int32_t> Places(const at::Tensor& slate, const std::vector<int32_t>& considered) const {
    std::vector<int32_t> places;
    for (int64_t k = 0; k < slate.size(0); ++k) {
      const auto item = slate[k].item<int32_t>();
      if (item == kNoItem) break;
      const auto place = std::find(considered.begin(), considered.end(), item);
      if (place == considered.end()) return {};
      places.push_back(static_cast<int32_t>(place - considered.begin()));
    }
    return places;
  }
  std::vector<int32_t> Considered(absl::Span<const float> user, absl::Span<const float> items) const {
    std::vector<std::pair<double, int32_t>> distances;
    const int k = options_.shape.proposal_k;
    const bool all = k == 0 || k + options_.proposer.random_candidates >= kCandidates;
    std::vector<double> point(kItemFeatures);
    if (!all) point = NaiveMlp(online_, online_.size() - kMlpTensors, {user.begin(), user.end()});
    for (int32_t i = 0; i < kCandidates; ++i) {
      double distance = 0;
      for (size_t f = 0; f < kItemFeatures && !all; ++f) {
        distance += std::pow(point[f] - double{Item(items, i)[f]}, 2.0);
      }
      distances.emplace_back(distance, i);
    }
    if (!all) {
      std::sort(distances.begin(), distances.end());
      distances.resize(static_cast<size_t>(k));  // Without random ones.
    }
    std::vector<int32_t> considered;
    for (const auto& [distance, i] : distances) considered.push_back(i);
    std::sort(considered.begin(), considered.end());
    return considered;
  }

  const SlateQOptions options_;
  std::vector<NamedTensor> online_, target_;
};

}  // namespace recbots::testing

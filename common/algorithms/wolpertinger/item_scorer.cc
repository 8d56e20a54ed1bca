#include "common/algorithms/wolpertinger/item_scorer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "common/inference/nearest.h"

namespace recbots {
namespace {

constexpr size_t kChunk = DenseLayer::kHeadRows;
// Up to this number of items the nearest are found by counting, without a branch that depends on the numbers.
constexpr size_t kFewItems = 16;

// rank[i]: the number of items nearer than item i. Returns false if they are no order: distances are equal, or NaN.
bool RankFew(const float* distances, size_t num_items, int32_t (&rank)[kFewItems]) {
  using Distances = float __attribute__((vector_size(kFewItems * sizeof(float))));
  using Ranks = int32_t __attribute__((vector_size(kFewItems * sizeof(int32_t))));
  float all[kFewItems];
  std::fill_n(all, kFewItems, std::numeric_limits<float>::infinity());
  std::copy_n(distances, num_items, all);
  Distances distance;
  std::memcpy(&distance, all, sizeof(distance));
  Ranks ranks = {};
  for (size_t i = 0; i < num_items; ++i) ranks -= all[i] < distance;  // True is -1.
  std::memcpy(rank, &ranks, sizeof(ranks));
  size_t sum = 0;
  for (size_t i = 0; i < num_items; ++i) sum += static_cast<size_t>(rank[i]);
  return 2 * sum == num_items * (num_items - 1);
}

}  // namespace

ItemScorer::ItemScorer(const WolpertingerOptions& options)
    : options_(options),
      num_items_(static_cast<size_t>(options.shape.num_items)),
      embedding_size_(static_cast<size_t>(options.shape.embedding_size)),
      units_(static_cast<size_t>(PaddedSize(options.shape.hidden_units))),
      block_(kChunk * units_) {
  if (options.shape.k == options.shape.num_items) return;
  search_ = DenseLayer(options.shape.num_items, options.shape.embedding_size);
  squared_lengths_.resize(num_items_);
  points_.resize(kChunk * embedding_size_);
  distances_ = AlignedFloats(kChunk * static_cast<size_t>(search_.padded_outputs()));
  keys_.resize(num_items_);
}

// Between points of unit length the nearest have the largest inner product; elsewhere |e|^2 - 2 p . e is the squared
// distance, less what all items share.
void ItemScorer::PackSearch(const Input& in) {
  if (options_.shape.search_space == SearchSpace::kUnit) {
    search_.Pack(in.unit, embedding_size_, {});
    return;
  }
  const float* item = in.embeddings;
  for (float& squared_length : squared_lengths_) {
    squared_length = 0;
    for (size_t e = 0; e < embedding_size_; ++e) squared_length += item[e] * item[e];
    item += embedding_size_;
  }
  search_.Pack(in.embeddings, embedding_size_, squared_lengths_);
}

void ItemScorer::AddNearest(const float* distances) {
  const auto k = static_cast<size_t>(options_.shape.k);
  const size_t begin = items_.size();
  items_.resize(begin + k);
  if (int32_t rank[kFewItems]; num_items_ <= kFewItems && RankFew(distances, num_items_, rank)) {
    int32_t found[kFewItems + 1];  // One place more: each item is written, whether it stays or not.
    size_t size = 0;
    for (size_t i = 0; i < num_items_; ++i) {
      found[size] = static_cast<int32_t>(i);
      size += rank[i] < options_.shape.k ? 1 : 0;
    }
    for (size_t i = 0; i < k; ++i) items_[begin + i] = found[i];
    return;
  }
  SortNearest(distances, options_.shape.k, absl::MakeSpan(keys_));
  for (size_t i = 0; i < k; ++i) items_[begin + i] = PositionOf(keys_[i]);
  std::sort(items_.begin() + static_cast<ptrdiff_t>(begin), items_.end());
}

void ItemScorer::AddDrawn(const Input& in, int64_t row) {
  if (options_.random_candidates == 0 || options_.shape.k == options_.shape.num_items) return;
  const auto begin = static_cast<ptrdiff_t>(row == 0 ? 0 : ends_[static_cast<size_t>(row) - 1]);
  Rng rng = RowDraws(options_.seed, in.updates, in.draw, in.first_row + row);
  for (int i = 0; i < options_.random_candidates; ++i) {
    const auto item = static_cast<int32_t>(rng.Index(static_cast<uint32_t>(num_items_)));
    if (std::find(items_.begin() + begin, items_.end(), item) == items_.end()) items_.push_back(item);
  }
}

void ItemScorer::FindCandidates(const Input& in, size_t rows) {
  const bool all = options_.shape.k == options_.shape.num_items;
  const float scale = options_.shape.search_space == SearchSpace::kUnit ? -1.0f : -2.0f;
  if (!all) PackSearch(in);
  items_.clear();
  ends_.resize(rows);
  for (size_t row = 0; row < rows; ++row) {
    if (!all && row % kChunk == 0) {
      const size_t count = std::min(kChunk, rows - row);
      const float* proto = in.proto + row * embedding_size_;
      for (size_t i = 0; i < count * embedding_size_; ++i) points_[i] = scale * proto[i];
      search_.Apply(points_.data(), embedding_size_, static_cast<int>(count), /*relu=*/false, distances_.data());
    }
    if (in.factors == nullptr || in.factors[row] != 0) {
      if (all) {
        for (size_t i = 0; i < num_items_; ++i) items_.push_back(static_cast<int32_t>(i));
      } else {
        AddNearest(distances_.data() + row % kChunk * static_cast<size_t>(search_.padded_outputs()));
      }
      AddDrawn(in, static_cast<int64_t>(row));
    }
    ends_[row] = items_.size();
  }
}

void ItemScorer::ValueCandidates(const Input& in, size_t rows) {
  // Where there are fewer items than candidates, each item's part of the first layer is computed once.
  const bool by_item = num_items_ <= items_.size();
  const size_t num_parts = by_item ? num_items_ : 1;
  if (parts_.size() < num_parts * units_) parts_ = AlignedFloats(num_parts * units_);
  const DenseLayer& action = in.critic.action;
  if (by_item) action.Apply(in.unit, embedding_size_, options_.shape.num_items, /*relu=*/false, parts_.data());
  values_.resize(items_.size());
  size_t i = 0, in_block = 0;
  for (size_t row = 0; row < rows; ++row) {
    for (; i < ends_[row]; ++i) {
      const auto item = static_cast<size_t>(items_[i]);
      if (!by_item) action.Apply(in.unit + item * embedding_size_, embedding_size_, 1, /*relu=*/false, parts_.data());
      AddRelu(in.state + row * units_, parts_.data() + (by_item ? item * units_ : 0), static_cast<int>(units_),
              block_.data() + in_block * units_);
      if (++in_block < kChunk && i + 1 < items_.size()) continue;
      in.critic.second.ApplyWithHead(block_.data(), units_, static_cast<int>(in_block), in.critic.head.data(),
                                     values_.data() + i + 1 - in_block);
      in_block = 0;
    }
  }
}

void ItemScorer::Score(const Input& in, absl::Span<int32_t> best, absl::Span<float> values) {
  FindCandidates(in, best.size());
  ValueCandidates(in, best.size());
  size_t i = 0;
  for (size_t row = 0; row < best.size(); ++row) {
    best[row] = -1;
    values[row] = 0;
    for (; i < ends_[row]; ++i) {
      if (best[row] >= 0 && !(values_[i] > values[row]) && !std::isnan(values_[i])) continue;
      if (best[row] >= 0 && std::isnan(values[row])) continue;
      best[row] = items_[i];
      values[row] = values_[i];
    }
    if (best[row] >= 0) values[row] += in.critic.head_bias;
  }
}

}  // namespace recbots

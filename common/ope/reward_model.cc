#include "common/ope/reward_model.h"

#include <algorithm>

#include "common/base/random.h"

namespace recbots {

uint8_t HalfOfSession(uint64_t seed, int64_t session) {
  const auto index = static_cast<uint64_t>(session);
  return static_cast<uint8_t>(
      Philox4x32({static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), 0, 0x68616C66}, seed)[0] & 1U);
}

RewardModel::Half RewardModel::FitHalf(const ModelRows& rows, int32_t num_items, uint8_t learn_from) {
  Half half;
  std::vector<double> counts;
  double total = 0;
  double total_rows = 0;
  for (size_t row = 0; row < rows.item.size(); ++row) {
    if (rows.half[row] != learn_from || rows.item[row] < 0) continue;
    const auto position = static_cast<size_t>(rows.position[row]);
    if (position >= half.position.size()) {
      half.position.resize(position + 1, 0.0);
      counts.resize(position + 1, 0.0);
    }
    half.position[position] += rows.target[row];
    counts[position] += 1;
    total += rows.target[row];
    total_rows += 1;
  }
  half.all = total_rows > 0 ? total / total_rows : 0;
  for (size_t i = 0; i < counts.size(); ++i) half.position[i] = counts[i] > 0 ? half.position[i] / counts[i] : half.all;
  if (num_items > 0) FitItems(rows, num_items, learn_from, half);
  return half;
}

void RewardModel::FitItems(const ModelRows& rows, int32_t num_items, uint8_t learn_from, Half& half) {
  half.item.assign(static_cast<size_t>(num_items), 0.0);
  std::vector<double> shown(half.item.size(), 0.0);
  double squares = 0;
  double total_rows = 0;
  for (size_t row = 0; row < rows.item.size(); ++row) {
    if (rows.half[row] != learn_from || rows.item[row] < 0) continue;
    const double deviation = rows.target[row] - half.position[static_cast<size_t>(rows.position[row])];
    half.item[static_cast<size_t>(rows.item[row])] += deviation;
    shown[static_cast<size_t>(rows.item[row])] += 1;
    squares += deviation * deviation;
    total_rows += 1;
  }
  // Method of moments, one-way analysis of variance with groups of unequal size.
  double between = 0;
  double sum_of_squared_counts = 0;
  double groups = 0;
  for (size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] == 0) continue;
    between += half.item[i] * half.item[i] / shown[i];
    sum_of_squared_counts += shown[i] * shown[i];
    groups += 1;
  }
  const double within = total_rows > groups ? std::max(0.0, squares - between) / (total_rows - groups) : 0;
  const double spread = groups > 1 ? total_rows - sum_of_squared_counts / total_rows : 0;
  const double variance = spread > 0 ? std::max(0.0, (between - (groups - 1) * within) / spread) : 0;
  for (size_t i = 0; i < shown.size(); ++i) {
    const double trust = shown[i] * variance + within;
    half.item[i] = trust > 0 ? half.item[i] * variance / trust : 0;
    half.item_sum += half.item[i];
  }
}

RewardModel RewardModel::Fit(const ModelRows& rows, int32_t num_items) {
  RewardModel model;
  for (const uint8_t half : {uint8_t{0}, uint8_t{1}}) {
    model.halves_[half] = FitHalf(rows, num_items, static_cast<uint8_t>(1 - half));
  }
  return model;
}

double RewardModel::PositionMean(uint8_t half, int32_t position) const {
  const Half& fitted = halves_[half];
  const auto at = static_cast<size_t>(position);
  return at < fitted.position.size() ? fitted.position[at] : fitted.all;
}

double RewardModel::Predict(uint8_t half, int32_t item, int32_t position) const {
  const Half& fitted = halves_[half];
  const auto at = static_cast<size_t>(item);
  return PositionMean(half, position) + (item >= 0 && at < fitted.item.size() ? fitted.item[at] : 0);
}

double RewardModel::MeanOverItems(uint8_t half, int32_t position) const {
  const Half& fitted = halves_[half];
  const auto items = static_cast<double>(std::max<size_t>(1, fitted.item.size()));
  return PositionMean(half, position) + fitted.item_sum / items;
}

}  // namespace recbots

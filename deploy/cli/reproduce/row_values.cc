#include "deploy/cli/reproduce/row_values.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace recbots {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

double SeedValue(const ExperimentResult& result, const SeedResult& seed) {
  switch (result.experiment.section) {
    case Section::kLongTerm:
      return ShareFromReference(result, seed.played.reward, "best_constant").value_or(kUnknown);
    case Section::kExploration:
      return seed.played.click_percent.value_or(kUnknown);
    case Section::kCluster:
      return seed.train_seconds;
    default:
      return seed.played.reward;
  }
}

}  // namespace

std::vector<double> SeedValues(const ExperimentResult& result) {
  std::vector<double> values;
  for (const SeedResult& seed : result.seeds) values.push_back(SeedValue(result, seed));
  return values;
}

Interval RowInterval(const ExperimentResult& result) {
  const bool clicks = result.experiment.section == Section::kExploration;
  std::vector<double> values, errors;
  for (const SeedResult& seed : result.seeds) {
    values.push_back(clicks ? seed.played.click_percent.value_or(kUnknown) : seed.played.reward);
    errors.push_back(clicks ? kUnknown : seed.played.reward_standard_error);
  }
  return MeanInterval(values, errors);
}

std::optional<double> MeanQuality(const ExperimentResult& result) {
  double sum = 0;
  for (const SeedResult& seed : result.seeds) sum += seed.played.quality.value_or(kUnknown);
  const double mean = sum / static_cast<double>(result.seeds.size());
  return std::isnan(mean) ? std::nullopt : std::optional(mean);
}

std::optional<double> ShareFromReference(const ExperimentResult& result, double reward, const std::string& from) {
  const ReferenceResult* const start = result.Find(from);
  if (start == nullptr) return std::nullopt;
  const double gap = result.references.back().played.reward - start->played.reward;
  if (!(gap > 0)) return std::nullopt;
  return (reward - start->played.reward) / gap;
}

std::optional<double> DifferenceToPublished(const ExperimentResult& result) {
  const std::vector<double>& published = result.experiment.published;
  if (published.empty() || result.seeds.empty()) return std::nullopt;
  const double mean = RowInterval(result).mean;
  const double nearest = *std::min_element(published.begin(), published.end(), [mean](double a, double b) {
    return std::abs(mean - a) < std::abs(mean - b);
  });
  return (mean - nearest) / nearest;
}

std::optional<bool> WithinTolerance(const ExperimentResult& result) {
  const std::optional<double> difference = DifferenceToPublished(result);
  if (result.experiment.tolerance == 0 || !difference.has_value()) return std::nullopt;
  return std::abs(*difference) <= result.experiment.tolerance;
}

std::optional<bool> HoldsBar(const ExperimentResult& result) {
  if (!result.experiment.bar.has_value() || result.seeds.empty()) return std::nullopt;
  const double bar = *result.experiment.bar;
  for (const double value : SeedValues(result)) {
    if (result.experiment.section == Section::kCluster ? !(value <= bar) : !(value >= bar)) return false;
  }
  return true;
}

}  // namespace recbots

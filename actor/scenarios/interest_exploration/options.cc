#include "actor/scenarios/interest_exploration/options.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

using Options = InterestExplorationOptions;

// FastNormal stays below 9.8: its tail adds at most 32 ln 2 / 3.65 to 3.65.
constexpr double kLargestNormal = 10;

absl::Status CheckLength(absl::string_view field, size_t length, size_t want, absl::string_view why) {
  if (length == want) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, " has ", length, " numbers, want ", want, " (", why, ")"));
}

absl::Status CheckAll(absl::string_view field, const std::vector<double>& values, double min, double max) {
  for (size_t i = 0; i < values.size(); ++i) {
    RECBOTS_RETURN_IF_ERROR(CheckRange(absl::StrCat(field, "[", i, "]"), values[i], min, max));
  }
  return absl::OkStatus();
}

absl::Status CheckDistribution(absl::string_view field, const std::vector<double>& values, size_t max_length) {
  if (values.empty() || values.size() > max_length) {
    return absl::InvalidArgumentError(absl::StrCat(field, " has ", values.size(), " numbers, want 1..", max_length));
  }
  RECBOTS_RETURN_IF_ERROR(CheckAll(field, values, 0, 1));
  double sum = 0;
  for (const double value : values) sum += value;
  if (std::abs(sum - 1) <= 1e-6) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, " sums to ", sum, ", want 1"));
}

absl::Status CheckLogNormals(absl::string_view prefix, const std::vector<double>& mean,
                             const std::vector<double>& stddev, size_t want, absl::string_view why) {
  RECBOTS_RETURN_IF_ERROR(CheckLength(absl::StrCat(prefix, "_log_mean"), mean.size(), want, why));
  RECBOTS_RETURN_IF_ERROR(CheckLength(absl::StrCat(prefix, "_log_stddev"), stddev.size(), want, why));
  RECBOTS_RETURN_IF_ERROR(
      CheckAll(absl::StrCat(prefix, "_log_mean"), mean, -Options::kMaxLogMean, Options::kMaxLogMean));
  return CheckAll(absl::StrCat(prefix, "_log_stddev"), stddev, 0, Options::kMaxLogStddev);
}

// A choice model that every score that can be drawn can be chosen from.
absl::Status CheckChoice(const Options& options) {
  RECBOTS_ASSIGN_OR_RETURN(const ChoiceModel choice, ChoiceModel::Create(options.choice));
  double lowest = std::numeric_limits<double>::infinity();
  double highest = 0;
  const size_t topics = options.topic_distribution.size();
  for (size_t i = 0; i < options.affinity_log_mean.size(); ++i) {
    const size_t topic = i % topics;
    const auto score = [&](double normal) {
      return std::exp(options.affinity_log_mean[i] + normal * options.affinity_log_stddev[i]) +
             std::exp(options.topic_quality_log_mean[topic] + normal * options.topic_quality_log_stddev[topic]);
    };
    lowest = std::min(lowest, score(-kLargestNormal));
    highest = std::max(highest, score(kLargestNormal));
  }
  return choice.CheckScores(lowest, highest);
}

}  // namespace

absl::Status Validate(const InterestExplorationOptions& options) {
  const int max_slate = std::min(options.num_candidates, static_cast<int>(ChoiceModel::kMaxSlate));
  const size_t topics = options.topic_distribution.size();
  const size_t types = options.user_type_distribution.size();
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_candidates", options.num_candidates, 1, Options::kMaxCandidates));
  RECBOTS_RETURN_IF_ERROR(CheckRange("slate_size", options.slate_size, 1, max_slate));
  RECBOTS_RETURN_IF_ERROR(CheckRange("candidate_refresh", static_cast<int>(options.candidate_refresh), 1, 3));
  RECBOTS_RETURN_IF_ERROR(CheckRange("max_episode_steps", options.max_episode_steps, 1, Options::kMaxSteps));
  RECBOTS_RETURN_IF_ERROR(CheckDistribution("topic_distribution", options.topic_distribution, Options::kMaxTopics));
  RECBOTS_RETURN_IF_ERROR(
      CheckDistribution("user_type_distribution", options.user_type_distribution, Options::kMaxTypes));
  RECBOTS_RETURN_IF_ERROR(CheckLogNormals("topic_quality", options.topic_quality_log_mean,
                                          options.topic_quality_log_stddev, topics,
                                          "as many as topic_distribution has"));
  RECBOTS_RETURN_IF_ERROR(CheckLogNormals("affinity", options.affinity_log_mean, options.affinity_log_stddev,
                                          types * topics, absl::StrCat(types, " user types x ", topics, " topics")));
  const absl::Status choice = CheckChoice(options);
  return choice.ok() ? choice : absl::Status(choice.code(), absl::StrCat("choice.", choice.message()));
}

}  // namespace recbots

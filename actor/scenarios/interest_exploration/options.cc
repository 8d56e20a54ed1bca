#include "actor/scenarios/interest_exploration/options.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
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

absl::Status CheckDistribution(absl::string_view field, const std::vector<double>& values, size_t max_length) {
  if (values.empty() || values.size() > max_length) {
    return absl::InvalidArgumentError(absl::StrCat(field, " has ", values.size(), " numbers, want 1..", max_length));
  }
  double sum = 0;
  for (const double value : values) sum += value;
  if (std::abs(sum - 1) <= 1e-6) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, " sums to ", sum, ", want 1"));
}

absl::Status CheckLengths(const Options& options) {
  const size_t topics = options.topic_distribution.size(), types = options.user_type_distribution.size();
  const std::string of_topics = "as many as topic_distribution has";
  const std::string of_types = absl::StrCat(types, " user types x ", topics, " topics");
  RECBOTS_RETURN_IF_ERROR(
      CheckLength("topic_quality_log_mean", options.topic_quality_log_mean.size(), topics, of_topics));
  RECBOTS_RETURN_IF_ERROR(
      CheckLength("topic_quality_log_stddev", options.topic_quality_log_stddev.size(), topics, of_topics));
  RECBOTS_RETURN_IF_ERROR(CheckLength("affinity_log_mean", options.affinity_log_mean.size(), types * topics, of_types));
  return CheckLength("affinity_log_stddev", options.affinity_log_stddev.size(), types * topics, of_types);
}

// Checks that the choice model can weigh every score that can be drawn.
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
  RECBOTS_RETURN_IF_ERROR(CheckSettings(options));
  RECBOTS_RETURN_IF_ERROR(CheckDistribution("topic_distribution", options.topic_distribution, Options::kMaxTopics));
  RECBOTS_RETURN_IF_ERROR(
      CheckDistribution("user_type_distribution", options.user_type_distribution, Options::kMaxTypes));
  RECBOTS_RETURN_IF_ERROR(CheckLengths(options));
  return WithPath("choice", CheckChoice(options));
}

}  // namespace recbots

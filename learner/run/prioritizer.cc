#include "learner/run/prioritizer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots {

PrioritizerOptions MakePrioritizerOptions(const v1::ExperimentConfig& config) {
  return {.enabled = config.replay().table().sampler() == v1::TableConfig::PRIORITIZED,
          .priority_offset = config.learner().priority_offset(),
          .importance_exponent = config.learner().importance_exponent(),
          .annealing_updates = config.learner().importance_annealing_updates()};
}

double ImportanceExponent(const PrioritizerOptions& options, int64_t updates) {
  if (updates >= options.annealing_updates) return 1;
  const double done = static_cast<double>(updates) / static_cast<double>(options.annealing_updates);
  return options.importance_exponent + (1 - options.importance_exponent) * done;
}

float PriorityOf(float td_error, double offset) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  return static_cast<float>(std::min(std::abs(static_cast<double>(td_error)) + offset, kLargest));
}

void Prioritizer::Begin(size_t rows) {
  if (!enabled()) return;
  weights_.assign(rows, 1);
  td_errors_.assign(rows, 0);
}

absl::Status Prioritizer::Prioritize(absl::Span<const uint64_t> keys) {
  RECBOTS_CHECK(keys.size() == td_errors_.size());
  keys_.clear();
  priorities_.clear();
  for (size_t row = 0; row < keys.size(); ++row) {
    if (!std::isfinite(td_errors_[row])) continue;
    keys_.push_back(keys[row]);
    priorities_.push_back(PriorityOf(td_errors_[row], options_.priority_offset));
  }
  weight_sum_ = std::accumulate(weights_.begin(), weights_.end(), weight_sum_);
  priority_sum_ = std::accumulate(priorities_.begin(), priorities_.end(), priority_sum_);
  num_weights_ += static_cast<int64_t>(weights_.size());
  num_priorities_ += static_cast<int64_t>(priorities_.size());
  if (keys_.size() == keys.size()) return absl::OkStatus();

  not_finite_ += static_cast<int64_t>(keys.size() - keys_.size());
  if (keys_.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("all ", keys.size(),
                     " TD errors of a batch are NaN or infinite: training has diverged; try a lower "
                     "learning_rate, and see whether rewards are finite"));
  }
  ++bad_batches_;
  if (std::has_single_bit(bad_batches_)) {
    RECBOTS_LOG(WARNING) << "TD errors that are NaN or infinite: their rows keep the priorities they had"
                         << Field("in_this_batch", keys.size() - keys_.size()) << Field("so_far", not_finite_)
                         << Field("batches_so_far", bad_batches_);
  }
  return absl::OkStatus();
}

Prioritizer::Means Prioritizer::TakeMeans() {
  const auto mean = [](double sum, int64_t count) { return count == 0 ? 0 : sum / static_cast<double>(count); };
  const Means means = {mean(weight_sum_, num_weights_), mean(priority_sum_, num_priorities_)};
  weight_sum_ = priority_sum_ = 0;
  num_weights_ = num_priorities_ = 0;
  return means;
}

}  // namespace recbots

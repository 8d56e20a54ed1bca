#include "common/config/group_rules.h"

#include "absl/strings/str_cat.h"

namespace recbots {

absl::Status CheckGroup(const v1::ExperimentConfig& config, int learners) {
  const v1::TableConfig& table = config.replay().table();
  const bool leases = table.max_times_sampled() > 0 || table.rate_limiter().kind() == v1::RateLimiterConfig::QUEUE;
  const v1::LearnerConfig& learner = config.learner();
  const int64_t held = int64_t{learners} * learner.batch_size() * learner.batches_in_flight();
  if (learners == 1 || !leases || table.capacity_rows() >= held) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("replay.table.capacity_rows ", table.capacity_rows(), ", want at least ", held, " with ", learners,
                   " learners (each holds learner.batch_size ", learner.batch_size(), " x learner.batches_in_flight ",
                   learner.batches_in_flight(), " rows, which stay in the table until all learners have a batch)"));
}

}  // namespace recbots

#include "common/config/group_rules.h"

#include "absl/strings/str_cat.h"

namespace recbots {

namespace {

constexpr int64_t kBookkeepingBytes = 64;  // Of a row, more than any table needs (replay_rules.cc).

}  // namespace

absl::Status CheckGroup(const v1::ExperimentConfig& config, int learners, int64_t row_bytes) {
  const v1::TableConfig& table = config.replay().table();
  const bool leases = table.max_times_sampled() > 0 || table.rate_limiter().kind() == v1::RateLimiterConfig::QUEUE;
  if (learners == 1 || !leases) return absl::OkStatus();
  const v1::LearnerConfig& learner = config.learner();
  const int64_t held = int64_t{learners} * learner.batch_size() * learner.batches_in_flight();
  const auto refuse = [&](const char* setting, int64_t value, int64_t want) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay.table.", setting, " ", value, ", want at least ", want, " with ", learners,
                     " learners (each holds learner.batch_size ", learner.batch_size(), " x learner.batches_in_flight ",
                     learner.batches_in_flight(), " rows, which stay in the table until all learners have a batch)"));
  };
  if (table.capacity_rows() < held) return refuse("capacity_rows", table.capacity_rows(), held);
  const int64_t row = row_bytes + kBookkeepingBytes;
  if (row_bytes == 0 || table.capacity_bytes() / row >= held) return absl::OkStatus();
  return refuse("capacity_bytes", table.capacity_bytes(), held * row);
}

}  // namespace recbots

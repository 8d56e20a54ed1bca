#include "learner/loop/table_batch_source.h"

#include "common/base/status_macros.h"

namespace recbots {
namespace {

using replay::RateLimiterOptions;

bool HasRatio(const RateLimiterOptions& limiter) {
  return limiter.kind == RateLimiterOptions::Kind::kQueue || limiter.samples_per_insert > 0;
}

}  // namespace

TableBatchSource::TableBatchSource(replay::Table& table, const TableBatchSourceOptions& options, Step step)
    : table_(table), options_(options), step_(std::move(step)), has_ratio_(HasRatio(table.rate_limiter())) {}

void TableBatchSource::Append(absl::string_view rows) {
  if (waiting_.empty()) rows.remove_prefix(Store(rows));
  waiting_.append(rows.data(), rows.size());
}

size_t TableBatchSource::Store(absl::string_view rows) {
  if (rows.empty()) return 0;
  const size_t row_bytes = table_.schema().row_bytes();
  return static_cast<size_t>(table_.Append(rows.data(), static_cast<int64_t>(rows.size() / row_bytes))) * row_bytes;
}

absl::StatusOr<replay::SampledBatch> TableBatchSource::Next(Instant) {
  waiting_.erase(0, Store(waiting_));
  const bool all_in = waiting_.empty();
  if ((has_ratio_ || !all_in || !drawn_since_step_) && Draw()) {
    if (all_in) drawn_since_step_ = true;
    return std::exchange(batch_, {});
  }
  if (all_in && options_.max_env_steps > 0 && env_steps_ >= options_.max_env_steps) {
    drained_ = true;
  } else if (all_in) {
    RECBOTS_ASSIGN_OR_RETURN(env_steps_, step_());
    drawn_since_step_ = false;
  }
  return absl::DeadlineExceededError("the table admits no batch yet");
}

bool TableBatchSource::Draw() {
  const auto rows = static_cast<size_t>(options_.batch_size);
  if (batch_.keys.empty()) {
    batch_.batch = replay::ColumnBatch(std::make_shared<const RowSchema>(table_.schema()), options_.batch_size);
    batch_.keys.resize(rows);
    batch_.probabilities.resize(rows);
  }
  const replay::SampleResult drawn =
      table_.Sample(options_.batch_size, batch_.batch.data(), batch_.keys.data(), batch_.probabilities.data());
  if (drawn.blocked_on != replay::BlockedOn::kNone) return false;
  const replay::TableState& table = drawn.table;
  batch_.counts = {table.inserted, table.sampled, table.priorities_stale, table.priorities_refused};
  return true;
}

void TableBatchSource::TransferState(StateArchive& archive) {
  archive.Text("rows on their way", waiting_);
  archive.Value("env steps", env_steps_);
  archive.Value("drawn since the step", drawn_since_step_);
}

absl::Status TableBatchSource::UpdatePriorities(absl::Span<const replay::ItemKey> keys,
                                                absl::Span<const float> priorities) {
  table_.UpdatePriorities(keys, priorities);
  return absl::OkStatus();
}

void TableBatchSource::Recycle(replay::SampledBatch batch) {
  table_.Acknowledge(batch.keys);
  batch_ = std::move(batch);
}

}  // namespace recbots

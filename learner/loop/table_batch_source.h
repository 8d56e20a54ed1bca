// Batches from a table in this process, with the actor that fills it: for a run that is one thread.
//
// Learning goes first: where the table admits a batch, it is drawn; otherwise the actor makes a step. A table without a
// ratio of samples to inserts always admits one: there each step is followed by one batch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/instant.h"
#include "common/base/state_archive.h"
#include "learner/loop/batch_source.h"
#include "replay/table/table.h"

namespace recbots {

struct TableBatchSourceOptions {
  int64_t batch_size = 256;   // Rows.
  int64_t max_env_steps = 0;  // No step begins once this many environment steps were made; 0: no limit.
};

// Not thread-safe.
class TableBatchSource final : public BatchSource {
 public:
  // Makes one step of all users, gives their rows to Append, and returns the environment steps so far.
  using Step = std::function<absl::StatusOr<int64_t>()>;

  // `table`, and what `step` refers to, must outlive the source.
  TableBatchSource(replay::Table& table, const TableBatchSourceOptions& options, Step step);

  // Rows of the step being made. Rows that the table does not admit wait in the source. They go in as batches make
  // room for them, and no step begins before that.
  void Append(absl::string_view rows);

  // A batch, or DEADLINE_EXCEEDED after at most one step, so that the caller can look around between two steps. Never
  // waits for the deadline. Other errors are those of the step.
  absl::StatusOr<replay::SampledBatch> Next(Instant deadline) override;
  absl::Status UpdatePriorities(absl::Span<const replay::ItemKey> keys, absl::Span<const float> priorities) override;
  // Acknowledges the batch.
  void Recycle(replay::SampledBatch batch) override;
  absl::Status status() const override { return absl::OkStatus(); }
  int64_t dropped_priorities() const override { return 0; }
  int64_t env_steps() const override { return env_steps_; }
  // True once the environment steps are used up and the table admits no batch of their rows.
  bool drained() const override { return drained_; }

  // Transfers the rows that wait and the counters, while no batch is out; the rows of the table are not part of it.
  void TransferState(StateArchive& archive);

 private:
  // Puts rows into the table, as far as it admits them; returns their bytes.
  size_t Store(absl::string_view rows);
  // False: no batch is admitted. True: `batch_` is drawn.
  bool Draw();

  replay::Table& table_;
  const TableBatchSourceOptions options_;
  const Step step_;
  const bool has_ratio_;

  std::string waiting_;  // Rows.
  int64_t env_steps_ = 0;
  bool drawn_since_step_ = true;  // A batch was drawn when all rows of the newest step were in.
  bool drained_ = false;
  replay::SampledBatch batch_;  // The next one; without keys it has no memory.
};

}  // namespace recbots

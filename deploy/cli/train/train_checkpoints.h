// The checkpoints of `recbots train`: the rows of its table, and the state of the run that belongs to exactly these
// rows.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/algorithms/algorithm.h"
#include "common/base/stop.h"
#include "learner/loop/run_checkpointer.h"
#include "learner/run/run_checkpoints.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/identity.pb.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/table/store.h"

namespace recbots {

// Not thread-safe.
class TrainCheckpoints {
 public:
  // Makes the table of the run, empty.
  using MakeRows = std::function<absl::StatusOr<std::unique_ptr<replay::Store>>()>;

  // With an empty `run_dir` there are no checkpoints, and every function but store() does nothing.
  TrainCheckpoints(const v1::ExperimentConfig& config, const v1::ExperimentIdentity& identity, std::string run_dir,
                   MakeRows make_rows, StopQuestion stop);

  // Finds the newest checkpoint whose state and rows are whole, checks that it is one of this run, and restores its
  // rows. nullopt: there is none, and Begin has to make the rows.
  //   FAILED_PRECONDITION  the run there is another one; the message names what differs
  //   DATA_LOSS            there are checkpoints, but none is whole
  absl::StatusOr<std::optional<RunCheckpoint>> Restore();
  // Begins without rows.
  absl::Status Begin();
  replay::Store& store() { return *store_; }

  // Writes the rows, then the state; with `last` it returns when both are on the disk, otherwise when the rows are.
  // The rows must not change meanwhile.
  absl::Status Write(v1::LearnerState state, const Algorithm& algorithm, bool last);

 private:
  // DATA_LOSS: that checkpoint of the rows is missing or not whole.
  absl::Status OpenRows(int64_t sequence);
  void StartWriting();

  const v1::ExperimentConfig config_;
  const v1::ExperimentIdentity identity_;
  const std::string run_dir_;
  const MakeRows make_rows_;
  const StopQuestion stop_;
  RunCheckpoints checkpoints_;

  std::unique_ptr<replay::Store> store_;
  std::unique_ptr<replay::Checkpointer> rows_;  // Null: without a run directory.
  std::unique_ptr<RunCheckpointer> states_;
};

}  // namespace recbots

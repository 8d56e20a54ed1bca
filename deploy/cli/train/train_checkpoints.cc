#include "deploy/cli/train/train_checkpoints.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "actor/client/run_identity.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/role/run_directory.h"

namespace recbots {
namespace {

// A disk that takes longer is lost time: the checkpoint before stays.
constexpr absl::Duration kWriteTime = absl::Seconds(60);

}  // namespace

TrainCheckpoints::TrainCheckpoints(const v1::ExperimentConfig& config, const v1::ExperimentIdentity& identity,
                                   std::string run_dir, MakeRows make_rows, StopQuestion stop)
    : config_(config),
      identity_(identity),
      run_dir_(std::move(run_dir)),
      make_rows_(std::move(make_rows)),
      stop_(std::move(stop)),
      checkpoints_(run_dir_, config.learner().checkpoint().keep()) {}

absl::StatusOr<std::optional<RunCheckpoint>> TrainCheckpoints::Restore() {
  if (run_dir_.empty()) return std::optional<RunCheckpoint>();
  const auto take = [this](const RunCheckpoint& checkpoint) -> absl::Status {
    RECBOTS_RETURN_IF_ERROR(CheckSameRun(run_dir_, checkpoint.manifest, kTrainProgram, config_, identity_));
    return OpenRows(checkpoint.manifest.replay_sequence());
  };
  RECBOTS_ASSIGN_OR_RETURN(std::optional<RunCheckpoint> restored, checkpoints_.Newest(take));
  if (restored.has_value()) StartWriting();
  return restored;
}

absl::Status TrainCheckpoints::Begin() {
  RECBOTS_RETURN_IF_ERROR(OpenRows(/*sequence=*/0));
  StartWriting();
  return absl::OkStatus();
}

absl::Status TrainCheckpoints::OpenRows(int64_t sequence) {
  rows_ = nullptr;
  RECBOTS_ASSIGN_OR_RETURN(store_, make_rows_());
  if (run_dir_.empty()) return absl::OkStatus();
  const v1::CheckpointConfig& config = config_.replay().checkpoint();
  replay::CheckpointerOptions options;
  options.directory = absl::StrCat(run_dir_, "/", kRunRowsFolder);
  options.interval = absl::ZeroDuration();  // Only with a state.
  // Of the states that are kept, each has its rows; one more checkpoint may be there whose state was never written.
  options.keep = config_.learner().checkpoint().keep() + 1;
  options.write_bytes_per_second = 0;
  options.copy_bytes = config.copy_bytes();
  options.stop = stop_;
  options.restore = sequence;
  RECBOTS_ASSIGN_OR_RETURN(rows_, replay::Checkpointer::Open(options, store_.get()));
  return absl::OkStatus();
}

void TrainCheckpoints::StartWriting() {
  if (run_dir_.empty()) return;
  states_ = std::make_unique<RunCheckpointer>(checkpoints_, MakeRunManifest(kTrainProgram, config_, identity_));
}

absl::Status TrainCheckpoints::Write(v1::LearnerState state, const Algorithm& algorithm, bool last) {
  if (states_ == nullptr) return absl::OkStatus();
  const Instant deadline = Instant::Now() + kWriteTime;
  if (!states_->AwaitIdle(deadline)) return states_->Finish(deadline);
  RECBOTS_ASSIGN_OR_RETURN(const replay::CheckpointReport rows, rows_->Checkpoint(deadline));
  states_->Begin(std::move(state), algorithm, rows.sequence);
  return last ? states_->Finish(Instant::Now() + kWriteTime) : absl::OkStatus();
}

}  // namespace recbots

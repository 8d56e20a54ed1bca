// The checkpoints of a run on disk: RUN_DIR/checkpoints/NUMBER.state and NUMBER.manifest (docs/formats.md).
//
// Each checkpoint is complete by itself. The state is written first, then the manifest that names it, each as a whole
// (common/base/file.h): a crash at any byte leaves the checkpoint before. Files with other names are never touched.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/run/report.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/run_checkpoint.pb.h"

namespace recbots {

// One checkpoint, read and checked.
struct RunCheckpoint {
  v1::RunManifest manifest;
  v1::LearnerState state;
};

// The report of a run that has ended and has nothing left to do for this goal; nullopt: the run goes on.
std::optional<SavedReport> EndOfRun(const std::string& run_dir, const v1::GoalConfig& goal,
                                    const RunCheckpoint& checkpoint);

// Not thread-safe. The run directory must be claimed (RunDirectory::Claim).
class RunCheckpoints {
 public:
  // Keeps the newest `keep`, at least 1.
  RunCheckpoints(const std::string& run_dir, int keep);

  // The numbers of the manifests, the newest first. UNAVAILABLE: the folder cannot be read.
  absl::StatusOr<std::vector<int64_t>> Sequences() const;
  // Reads one.
  //   NOT_FOUND   there is no such checkpoint
  //   DATA_LOSS   a file is missing, cut or damaged; the message names the file and what is wrong
  //   others      the errors of ReadFile
  absl::StatusOr<RunCheckpoint> Read(int64_t sequence) const;
  // The newest that is valid; nullopt if there is none at all. Those that are not valid are skipped with a line in the
  // log. `take`, where it is given, may say DATA_LOSS of a checkpoint that is whole, because something else that
  // belongs to it is not; every other error of `take` is final.
  //   DATA_LOSS   there are checkpoints, but none of them is valid; the message names the newest, its fault, and the
  //               way out
  //   others      the errors of `take`
  using Take = std::function<absl::Status(const RunCheckpoint&)>;
  absl::StatusOr<std::optional<RunCheckpoint>> Newest(const Take& take = nullptr) const;

  // Writes `state` with `manifest`, whose sequence and state it fills in, and deletes the oldest checkpoints. After an
  // error the checkpoints before are unchanged. Errors are those of WriteFile.
  absl::Status Write(v1::RunManifest manifest, const v1::LearnerState& state);

  const std::string& folder() const { return folder_; }

 private:
  std::string PathOf(int64_t sequence, const char* ending) const;
  void DeleteOld() const;

  const std::string folder_;
  const int keep_;
};

}  // namespace recbots

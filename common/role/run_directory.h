// The folder that a run writes to. It belongs to one run at a time, and holds the results of one run.
//
// The run is the process that trains (`recbots train`, the learner) or the launcher that started it (`recbots
// cluster`). It owns report.json, weights.bin, evaluations.jsonl, config.textproto and, under the launcher, the logs.
// Roles that are started one by one with the same --run_dir, as in docker-compose.yml, only write ROLE.addresses there,
// which belongs to the newest process of that role; they need no lock.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/base/file_lock.h"

namespace recbots {

inline constexpr char kConfigFile[] = "config.textproto";
inline constexpr char kReportFile[] = "report.json";
inline constexpr char kWeightsFile[] = "weights.bin";
inline constexpr char kCurveFile[] = "evaluations.jsonl";
inline constexpr char kMetricsFile[] = "metrics.csv";
inline constexpr char kDivergedFile[] = "diverged.jsonl";  // The batch after which training had diverged.
inline constexpr char kRunLockFile[] = "run.lock";
inline constexpr char kStreamsFile[] = "next_stream";  // Survives runs (learner/run/stream_ledger.h).
// The files that a run leaves. The report is moved first: without it, the other files do not pass for a result.
inline constexpr std::array<const char*, 6> kRunFiles = {kReportFile, kWeightsFile, kCurveFile,
                                                         kConfigFile, kMetricsFile, kDivergedFile};
// The folders that a run leaves: its checkpoints (learner/run/run_checkpoints.h), the rows that belong to them, and
// event files.
inline constexpr char kRunCheckpointsFolder[] = "checkpoints";
inline constexpr char kRunRowsFolder[] = "replay";
inline constexpr char kEventsFolder[] = "tensorboard";  // learner/run/run_events.h

// Makes the folder if it is missing, and tests whether files can be made in it.
//   INVALID_ARGUMENT  the folder cannot be used; the message names --run_dir, the path and the reason
absl::Status PrepareRunDirectory(const std::string& path);

// A claimed run directory. Movable; the lock moves along.
class RunDirectory {
 public:
  // Prepares the folder and locks it, so that no other run begins there. Touches nothing else. If the process that
  // holds the lock has started this one with it (ChildOptions::lock_descriptor), both share the lock. On a file system
  // without locks Claim logs a warning and succeeds.
  //   FAILED_PRECONDITION  another run has the folder; the message says which
  //   INVALID_ARGUMENT     the folder cannot be made, or cannot be written to
  static absl::StatusOr<RunDirectory> Claim(const std::string& path, absl::string_view program);

  // Makes `parent`/TIME-NAME and claims it; if other runs have begun in the same second, TIME-NAME-2 and so on. NAME is
  // the first 100 bytes of `name`, in which every character that is no letter, digit, '.', '_' or '-' becomes '_': the
  // folder lies directly in `parent`, whatever the name.
  //   else  no such folder can be made (FileError), or it cannot be claimed (Claim)
  static absl::StatusOr<RunDirectory> MakeNew(const std::string& parent, absl::string_view name,
                                              absl::string_view program);

  // Begins a run: moves what an earlier run has left, kRunFiles, kEventsFolder and `folders`, to the folder `previous`,
  // or `previous-2` and so on where that exists, so that it is not taken for this run, and writes `config` to
  // config.textproto. Does nothing if this process shares the lock of a process that has begun the run already.
  //   INVALID_ARGUMENT  a file or folder stands in the way; the message names it
  absl::Status Begin(absl::string_view config, absl::Span<const absl::string_view> folders = {}) const;
  // Goes on with the run that lies there, with `config` as its configuration from now on; a process that shares the
  // lock of another one leaves the configuration to that one. Removes the report, which is that of a run that has
  // ended, or of a process of the run that was told to end. Errors are those of Begin.
  absl::Status Resume(absl::string_view config) const;

  const std::string& path() const { return path_; }
  std::string Path(absl::string_view name) const;
  // The lock's descriptor, to be handed to programs that this process starts (ChildOptions::lock_descriptor); -1 if
  // this process has none.
  int lock_descriptor() const { return lock_.has_value() ? lock_->descriptor() : -1; }

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}
  absl::Status MoveToPrevious(absl::Span<const absl::string_view> folders) const;
  absl::Status WriteConfig(absl::string_view config) const;

  std::string path_;
  std::optional<FileLock> lock_;
  bool inherited_ = false;
};

}  // namespace recbots

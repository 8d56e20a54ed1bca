// The folder that a run writes to: it belongs to one run at a time, and holds the results of one.
//
// The run is the process that trains (`recbots train`, the learner) or the launcher that started it (`recbots
// cluster`). It owns report.json, weights.bin, evaluations.jsonl, config.textproto and, under the launcher, the logs.
// Roles that are started by hand with the same --run_dir (docker-compose.yml does that) only write ROLE.addresses
// there, which belongs to the newest process of that role; they need no lock.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/file_lock.h"

namespace recbots {

inline constexpr char kConfigFile[] = "config.textproto";
inline constexpr char kReportFile[] = "report.json";
inline constexpr char kWeightsFile[] = "weights.bin";
inline constexpr char kCurveFile[] = "evaluations.jsonl";
inline constexpr char kRunLockFile[] = "run.lock";
inline constexpr char kStreamsFile[] = "next_stream";  // Outlives runs: learner/run/stream_ledger.h.
// What a run leaves. The report goes first: without it nothing passes for a result.
inline constexpr std::array<absl::string_view, 4> kRunFiles = {kReportFile, kWeightsFile, kCurveFile, kConfigFile};

// Makes the folder where it is missing, and tries whether files can be made in it.
//   INVALID_ARGUMENT  names --run_dir, the path and the reason
absl::Status PrepareRunDirectory(const std::string& path);

// Movable; the lock goes with it.
class RunDirectory {
 public:
  // Prepares the folder and locks it, so that no other run begins there. Touches nothing else. Where this process was
  // started by the one that holds the lock (ChildOptions::lock_descriptor) the lock is shared.
  //   FAILED_PRECONDITION  another run has it; says which
  //   INVALID_ARGUMENT     it cannot be made, or not be written to
  static absl::StatusOr<RunDirectory> Claim(const std::string& path, absl::string_view program);

  // Makes `parent`/TIME-NAME and claims it; where other runs have begun in the same second, TIME-NAME-2 and so on. Of
  // `name` only letters, digits, '.', '_' and '-' are taken, others become '_': the folder lies in `parent`, whatever
  // the name.
  //   UNAVAILABLE  none can be made
  static absl::StatusOr<RunDirectory> MakeNew(const std::string& parent, absl::string_view name,
                                              absl::string_view program);

  // Begins a run: results of an earlier one go to the folder `previous` (those that lay there before are removed), so
  // that they do not pass for this run's, and `config` is written to config.textproto. Does nothing where the process
  // that shares the lock has done so.
  //   INVALID_ARGUMENT  something stands in the way; names it
  absl::Status Begin(absl::string_view config) const;

  const std::string& path() const { return path_; }
  std::string Path(absl::string_view name) const;
  // For the programs that this process starts (ChildOptions::lock_descriptor); -1 where there is none.
  int lock_descriptor() const { return lock_.has_value() ? lock_->descriptor() : -1; }

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}
  absl::Status MoveToPrevious() const;

  std::string path_;
  std::optional<FileLock> lock_;
  bool inherited_ = false;
};

}  // namespace recbots

#include "learner/run/run_checkpoints.h"

#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/base/crc32c.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/role/run_directory.h"

namespace recbots {
namespace {

namespace fs = std::filesystem;

constexpr char kManifestEnding[] = ".manifest";
constexpr char kStateEnding[] = ".state";
constexpr absl::string_view kChecksumLine = "# crc32c ";
constexpr size_t kNameDigits = 8;

// The number of "00000042.manifest"; nullopt for every other name.
std::optional<int64_t> SequenceOf(absl::string_view name) {
  int64_t sequence = 0;
  if (!absl::ConsumeSuffix(&name, kManifestEnding) || name.size() < kNameDigits) return std::nullopt;
  if (!absl::SimpleAtoi(name, &sequence) || sequence <= 0) return std::nullopt;
  return name == absl::StrFormat("%08d", sequence) ? std::optional(sequence) : std::nullopt;
}

absl::Status Damaged(const std::string& path, absl::string_view why) {
  return absl::DataLossError(absl::StrCat("'", path, "': ", why));
}

std::string FormatManifest(const v1::RunManifest& manifest) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(manifest, &text);
  return absl::StrCat(text, kChecksumLine, absl::StrFormat("%08x", Crc32c(text)), "\n");
}

absl::StatusOr<v1::RunManifest> ParseManifest(const std::string& path, absl::string_view content) {
  const size_t line = content.rfind(kChecksumLine);
  if (line == absl::string_view::npos) return Damaged(path, "the last line is not its checksum: it is cut");
  const absl::string_view text = content.substr(0, line);
  if (content.substr(line) != absl::StrCat(kChecksumLine, absl::StrFormat("%08x", Crc32c(text)), "\n")) {
    return Damaged(path, "its checksum is not that of its last line");
  }
  v1::RunManifest manifest;
  if (!google::protobuf::TextFormat::ParseFromString(std::string(text), &manifest)) {
    return Damaged(path, "it is no manifest of this version of recbots");
  }
  return manifest;
}

}  // namespace

std::optional<SavedReport> EndOfRun(const std::string& run_dir, const v1::GoalConfig& goal,
                                    const RunCheckpoint& checkpoint) {
  const v1::LearnerState& state = checkpoint.state;
  GoalTracker tracker(goal);
  tracker.Restore(state.goal());
  const Ending ending = tracker.Check({state.env_steps(), checkpoint.manifest.updates(), state.wall_seconds()});
  if (!state.over() || ending == Ending::kNotYet) return std::nullopt;
  absl::StatusOr<SavedReport> report = ReadReport(run_dir);
  return report.ok() ? std::optional<SavedReport>(*std::move(report)) : std::nullopt;
}

RunCheckpoints::RunCheckpoints(const std::string& run_dir, int keep)
    : folder_(absl::StrCat(run_dir, "/", kRunCheckpointsFolder)), keep_(std::max(1, keep)) {}

std::string RunCheckpoints::PathOf(int64_t sequence, const char* ending) const {
  return absl::StrCat(folder_, "/", absl::StrFormat("%08d", sequence), ending);
}

absl::StatusOr<std::vector<int64_t>> RunCheckpoints::Sequences() const {
  std::vector<int64_t> sequences;
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    const std::optional<int64_t> sequence = SequenceOf(it->path().filename().string());
    if (sequence.has_value()) sequences.push_back(*sequence);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return absl::UnavailableError(absl::StrCat("cannot read '", folder_, "': ", error.message()));
  }
  std::sort(sequences.begin(), sequences.end(), std::greater<>());
  return sequences;
}

absl::StatusOr<RunCheckpoint> RunCheckpoints::Read(int64_t sequence) const {
  RunCheckpoint checkpoint;
  const std::string manifest_path = PathOf(sequence, kManifestEnding);
  RECBOTS_ASSIGN_OR_RETURN(const std::string text, ReadFile(manifest_path));
  RECBOTS_ASSIGN_OR_RETURN(checkpoint.manifest, ParseManifest(manifest_path, text));
  if (checkpoint.manifest.sequence() != sequence) {
    return Damaged(manifest_path, absl::StrCat("it is the manifest of checkpoint ", checkpoint.manifest.sequence()));
  }
  const v1::RunFile& file = checkpoint.manifest.state();
  const std::string state_path = PathOf(sequence, kStateEnding);
  const absl::StatusOr<std::string> state = ReadFile(state_path);
  if (absl::IsNotFound(state.status())) return Damaged(state_path, "it is missing");
  RECBOTS_RETURN_IF_ERROR(state.status());
  if (static_cast<int64_t>(state->size()) != file.bytes()) {
    return Damaged(state_path, absl::StrCat("it has ", state->size(), " bytes, want ", file.bytes()));
  }
  if (Crc32c(*state) != file.crc32c()) return Damaged(state_path, "its checksum is not that of the manifest");
  if (!checkpoint.state.ParseFromString(*state)) {
    return Damaged(state_path, "it is no state of this version of recbots");
  }
  return checkpoint;
}

absl::StatusOr<std::optional<RunCheckpoint>> RunCheckpoints::Newest(const Take& take) const {
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<int64_t> sequences, Sequences());
  absl::Status newest_error;
  for (const int64_t sequence : sequences) {
    absl::StatusOr<RunCheckpoint> read = Read(sequence);
    const absl::Status taken = read.ok() && take ? take(*read) : absl::OkStatus();
    if (read.ok() && taken.ok()) return std::optional<RunCheckpoint>(*std::move(read));
    if (read.ok() && !absl::IsDataLoss(taken)) return taken;
    const absl::Status& why = read.ok() ? taken : read.status();
    RECBOTS_LOG(ERROR) << "a checkpoint of the run is not valid, an older one is tried" << Field("why", why.message());
    newest_error.Update(why);
  }
  if (sequences.empty()) return std::optional<RunCheckpoint>();
  return absl::DataLossError(absl::StrCat("none of the ", sequences.size(), " checkpoints in '", folder_,
                                          "' is valid; the newest: ", newest_error.message(),
                                          ". --fresh moves the run aside and begins a new one"));
}

absl::Status RunCheckpoints::Write(v1::RunManifest manifest, const v1::LearnerState& state) {
  RECBOTS_RETURN_IF_ERROR(MakeFolder(folder_));
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<int64_t> sequences, Sequences());
  const int64_t sequence = sequences.empty() ? 1 : sequences.front() + 1;
  const std::string bytes = state.SerializeAsString();
  const std::string path = PathOf(sequence, kStateEnding);
  manifest.set_sequence(sequence);
  manifest.mutable_state()->set_name(fs::path(path).filename().string());
  manifest.mutable_state()->set_bytes(static_cast<int64_t>(bytes.size()));
  manifest.mutable_state()->set_crc32c(Crc32c(bytes));
  RECBOTS_RETURN_IF_ERROR(WriteFile(path, bytes));
  const absl::Status named = WriteFile(PathOf(sequence, kManifestEnding), FormatManifest(manifest));
  if (!named.ok()) unlink(path.c_str());
  if (named.ok()) DeleteOld();
  return named;
}

void RunCheckpoints::DeleteOld() const {
  const absl::StatusOr<std::vector<int64_t>> sequences = Sequences();
  if (!sequences.ok()) return;
  for (size_t i = static_cast<size_t>(keep_); i < sequences->size(); ++i) {
    // The manifest goes first: a state without one is no checkpoint.
    for (const char* ending : {kManifestEnding, kStateEnding}) unlink(PathOf((*sequences)[i], ending).c_str());
  }
}

}  // namespace recbots

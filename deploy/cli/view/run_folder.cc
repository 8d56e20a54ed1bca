#include "deploy/cli/view/run_folder.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/file_lock.h"
#include "common/config/config_file.h"
#include "common/role/run_directory.h"
#include "learner/run/evaluation_lines.h"

namespace recbots {
namespace {

namespace fs = std::filesystem;

std::string Join(const std::string& folder, absl::string_view name) { return absl::StrCat(folder, "/", name); }

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// The text of a file of the run; empty where it is missing. What cannot be read is noted.
std::string TextOf(RunFolder& run, absl::string_view name) {
  const std::string path = Join(run.path, name);
  if (!Exists(path)) return "";
  absl::StatusOr<std::string> text = ReadFile(path);
  if (text.ok()) return *std::move(text);
  run.troubles.push_back(std::string(text.status().message()));
  return "";
}

void ReadReport(RunFolder& run) {
  const std::string text = TextOf(run, kReportFile);
  if (text.empty()) return;
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) {
    run.report = std::move(json);
  } else {
    run.troubles.push_back(absl::StrCat(kReportFile, " is no JSON object"));
  }
}

// The last line of a run that was killed may be cut off.
void ReadCurveOf(RunFolder& run) {
  const std::string text = TextOf(run, kCurveFile);
  size_t left_out = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::optional<EvaluationLine> said = ParseEvaluationLine(line);
    if (!said.has_value() || !said->value.has_value()) {
      ++left_out;
      continue;
    }
    run.curve.push_back({said->env_steps.value_or(0), said->updates.value_or(0), said->wall_seconds.value_or(0),
                         *said->value, said->value_ci95, said->share_of_gap, said->share_of_optimum});
  }
  if (left_out > 0) run.troubles.push_back(absl::StrCat(left_out, " line(s) of ", kCurveFile, " are no evaluation"));
}

void ReadMetrics(RunFolder& run) {
  const std::string text = TextOf(run, kMetricsFile);
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  if (lines.size() < 2) return;
  const std::vector<absl::string_view> names = absl::StrSplit(lines[0], ',');
  // The newest whole line.
  for (size_t i = lines.size() - 1; i > 0; --i) {
    const std::vector<absl::string_view> cells = absl::StrSplit(lines[i], ',');
    if (cells.size() != names.size()) continue;
    for (size_t j = 0; j < names.size(); ++j) {
      double number = 0;
      if (absl::SimpleAtod(cells[j], &number)) run.metrics[std::string(names[j])] = number;
    }
    return;
  }
}

void ReadConfigOf(RunFolder& run) {
  const std::string path = Join(run.path, kConfigFile);
  if (!Exists(path)) return;
  absl::StatusOr<v1::ExperimentConfig> config = ReadConfigFile(path);
  if (config.ok()) {
    run.config = *std::move(config);
  } else {
    run.troubles.push_back(std::string(config.status().message()));
  }
}

int64_t BytesIn(const std::string& path) {
  int64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(path, fs::directory_options::skip_permission_denied, error), end;
       !error && entry != end; entry.increment(error)) {
    std::error_code no_size;
    if (!entry->is_regular_file(no_size)) continue;
    const auto size = entry->file_size(no_size);
    if (!no_size) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

bool HasCheckpoint(const std::string& path) {
  std::error_code error;
  for (fs::directory_iterator entry(Join(path, kRunCheckpointsFolder), error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".manifest") return true;
  }
  return false;
}

bool IsOfTheRun(const std::string& name) {
  return name == kRunCheckpointsFolder || name == kRunRowsFolder || name == kEventsFolder || name == "previous" ||
         absl::StartsWith(name, "previous-") || absl::StartsWith(name, ".");
}

void FindRunsIn(const fs::path& folder, int depth, std::vector<std::string>& runs) {
  if (IsRunFolder(folder.string())) runs.push_back(folder.string());
  if (depth == 0) return;
  std::error_code error;
  for (fs::directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && entry != end; entry.increment(error)) {
    std::error_code gone;  // Links are not followed: they may lead in a circle.
    if (!entry->is_directory(gone) || entry->is_symlink(gone)) continue;
    if (!IsOfTheRun(entry->path().filename().string())) FindRunsIn(entry->path(), depth - 1, runs);
  }
}

}  // namespace

std::string ChosenIn(const google::protobuf::Message& config) {
  const google::protobuf::Descriptor& type = *config.GetDescriptor();
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
    const auto* chosen = config.GetReflection()->GetOneofFieldDescriptor(config, type.oneof_decl(i));
    if (chosen != nullptr) return chosen->name();
  }
  return "";
}

std::string RunFolder::experiment() const { return config.has_value() ? config->name() : TextIn(report, "experiment"); }
std::string RunFolder::algorithm() const { return config.has_value() ? ChosenIn(config->algorithm()) : ""; }
std::string RunFolder::environment() const { return config.has_value() ? ChosenIn(config->environment()) : ""; }
uint64_t RunFolder::seed() const {
  if (config.has_value()) return config->seed();
  const Json& seed = MemberOf(report, "seed");
  return seed.is_number_unsigned() ? seed.get<uint64_t>() : 0;
}

std::string RunFolder::Ending() const {
  if (stage == RunStage::kRuns) return absl::StrCat("runs: ", holder);
  if (stage == RunStage::kBroken) {
    return has_checkpoint ? "killed: no report, but it can go on from its checkpoint" : "killed: it has left no report";
  }
  const std::string ended_by = TextIn(report, "ended_by");
  return ended_by.empty() ? "ended, the report does not say how" : ended_by;
}

std::optional<double> RunFolder::last_value() const {
  if (const std::optional<double> value = NumberIn(report, "value"); value.has_value()) return value;
  return curve.empty() ? std::nullopt : std::optional<double>(curve.back().value);
}

std::optional<double> RunFolder::best_value() const {
  std::optional<double> best = last_value();
  for (const CurveValue& point : curve) {
    if (std::isfinite(point.value) && (!best.has_value() || point.value > *best)) best = point.value;
  }
  return best;
}

std::optional<double> RunFolder::share_of_gap() const {
  if (!report.is_null()) return NumberIn(report, "share_of_gap");
  return curve.empty() ? std::nullopt : curve.back().share_of_gap;
}

namespace {

// A clock: of the report, or the farthest that another file knows.
double ClockOf(const RunFolder& run, absl::string_view name, double of_curve) {
  if (const std::optional<double> end = NumberIn(run.report, name); end.has_value()) return *end;
  const auto found = run.metrics.find(std::string(name));
  return std::max(of_curve, found == run.metrics.end() ? 0 : found->second);
}

}  // namespace

double RunFolder::updates() const { return ClockOf(*this, "updates", curve.empty() ? 0 : curve.back().updates); }
double RunFolder::env_steps() const { return ClockOf(*this, "env_steps", curve.empty() ? 0 : curve.back().env_steps); }
double RunFolder::wall_seconds() const {
  return ClockOf(*this, "wall_seconds", curve.empty() ? 0 : curve.back().wall_seconds);
}

bool IsRunFolder(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return false;
  return Exists(Join(path, kReportFile)) || Exists(Join(path, kCurveFile)) || Exists(Join(path, kRunLockFile)) ||
         Exists(Join(path, kConfigFile));
}

absl::StatusOr<RunFolder> ReadRunFolder(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return absl::NotFoundError(absl::StrCat("'", path, "' is no folder"));
  if (!IsRunFolder(path)) {
    return absl::NotFoundError(absl::StrCat("'", path, "' is no run directory: it has none of ", kReportFile, ", ",
                                            kCurveFile, ", ", kConfigFile, " and ", kRunLockFile));
  }
  RunFolder run;
  run.path = path;
  ReadConfigOf(run);
  ReadReport(run);
  ReadCurveOf(run);
  ReadMetrics(run);
  run.bytes = BytesIn(path);
  run.has_checkpoint = HasCheckpoint(path);
  const std::string lock = Join(path, kRunLockFile);
  if (Exists(lock) && IsLocked(lock)) run.holder = HolderOfLock(lock);
  // With --keep a run has its report, and goes on serving.
  if (!run.report.is_null()) {
    run.stage = RunStage::kEnded;
  } else if (!run.holder.empty()) {
    run.stage = RunStage::kRuns;
  }
  return run;
}

absl::StatusOr<std::vector<std::string>> FindRuns(const std::string& root, int depth) {
  std::error_code error;
  if (!fs::is_directory(root, error)) return absl::NotFoundError(absl::StrCat("'", root, "' is no folder"));
  std::vector<std::string> runs;
  FindRunsIn(fs::path(root).lexically_normal(), depth, runs);
  std::sort(runs.begin(), runs.end());
  return runs;
}

}  // namespace recbots

#include "learner/run/evaluation_log.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/role/run_directory.h"
#include "learner/run/goal_tracker.h"

namespace recbots {

EvaluationLog::EvaluationLog(const std::string& run_dir) {
  if (!run_dir.empty()) Take(LineFile::Create(absl::StrCat(run_dir, "/", kCurveFile)));
}

EvaluationLog::EvaluationLog(const std::string& run_dir, int64_t bytes) {
  if (!run_dir.empty()) Take(LineFile::Continue(absl::StrCat(run_dir, "/", kCurveFile), bytes));
}

void EvaluationLog::Take(absl::StatusOr<std::unique_ptr<LineFile>> file) {
  if (file.ok()) {
    file_ = *std::move(file);
    bytes_ = file_->bytes();
  }
  Note(file.status());
}

void EvaluationLog::Append(const v1::Evaluation& evaluation, double wall_seconds) {
  if (file_ == nullptr) return;
  const absl::Status written = file_->Append(FormatEvaluationLine(evaluation, wall_seconds));
  bytes_ = file_->bytes();
  Note(written);
}

void EvaluationLog::Note(const absl::Status& status) {
  if (status.ok()) return;
  status_ = status;
  file_ = nullptr;
  RECBOTS_LOG(WARNING) << "the run goes on without its learning curve: " << status.message();
}

std::string FormatEvaluationLine(const v1::Evaluation& evaluation, double wall_seconds) {
  using Json = nlohmann::ordered_json;
  const std::optional<double> gap = ShareOfGap(evaluation);
  const std::optional<double> share = ShareOfOptimum(evaluation);
  Json json;
  json["env_steps"] = evaluation.env_steps();
  json["updates"] = evaluation.updates();
  json["wall_seconds"] = wall_seconds;
  json["value"] = evaluation.value();
  json["value_ci95"] = evaluation.value_ci95();
  json["share_of_gap"] = gap.has_value() ? Json(*gap) : Json();
  json["share_of_optimum"] = share.has_value() ? Json(*share) : Json();
  return json.dump() + "\n";
}

}  // namespace recbots

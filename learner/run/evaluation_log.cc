#include "learner/run/evaluation_log.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "common/base/log.h"
#include "learner/run/goal_tracker.h"

namespace recbots {

EvaluationLog::EvaluationLog(const std::string& run_dir)
    : path_(run_dir.empty() ? "" : run_dir + "/evaluations.jsonl"), working_(!run_dir.empty()) {
  if (!working_) return;
  file_.open(path_, std::ios::trunc);
  Check();
}

void EvaluationLog::Append(const v1::Evaluation& evaluation, double wall_seconds) {
  if (!working_) return;
  file_ << FormatEvaluationLine(evaluation, wall_seconds) << std::flush;
  Check();
}

void EvaluationLog::Check() {
  if (file_) return;
  working_ = false;
  RECBOTS_LOG(WARNING) << "cannot write '" << path_ << "': the run goes on without its learning curve";
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

// Runs the whole local cluster. wall_seconds is the time from the start of the command to its end at the goal;
// wall_seconds_from_start_to_999 from the start of the command to the evaluation that reaches 99.9 % of the optimum;
// wall_seconds_to_999 from the start of the learner's clock to that evaluation.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/role/run_directory.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/cluster/child_process.h"
#include "learner/run/report.h"

namespace recbots {
namespace {

struct LoopRun {
  double wall_seconds = 0;
  double wall_seconds_from_start_to_999 = 0;
  double wall_seconds_to_999 = 0;
  double env_steps_to_999 = 0;
};

constexpr absl::Duration kLook = absl::Milliseconds(2);  // How often to check the state of a run.

// Finds the first evaluation at or above 99.9 % of the optimum in a growing evaluations.jsonl.
class CurveWatch {
 public:
  explicit CurveWatch(std::string path) : path_(std::move(path)) {}

  bool Reached() {
    std::ifstream file(path_);
    file.seekg(read_);
    for (std::string line; std::getline(file, line) && !file.eof();) {
      read_ += static_cast<std::streamoff>(line.size()) + 1;
      const nlohmann::json evaluation = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (!evaluation.is_object()) continue;
      const auto share = evaluation.find("share_of_optimum");
      reached_ |= share != evaluation.end() && share->is_number() && share->get<double>() >= 0.999;
    }
    return reached_;
  }

 private:
  const std::string path_;
  std::streamoff read_ = 0;
  bool reached_ = false;
};

absl::StatusOr<LoopRun> RunOnce(const BenchOptions& options, const std::string& run_dir) {
  LoopRun run;
  CurveWatch curve(absl::StrCat(run_dir, "/", kCurveFile));
  const Instant start = Instant::Now();
  const auto look = [&] {
    if (run.wall_seconds_from_start_to_999 > 0 || !curve.Reached()) return;
    run.wall_seconds_from_start_to_999 = absl::ToDoubleSeconds(Instant::Now() - start);
  };
  ChildOptions child;
  child.name = "cluster";
  child.arguments = {options.program_dir + "/recbots", "cluster", options.config_path, "--quiet",
                     "--run_dir=" + run_dir};
  child.log_path = run_dir + ".log";
  RECBOTS_ASSIGN_OR_RETURN(ChildProcess cluster, ChildProcess::Start(child));
  for (; cluster.Running(); absl::SleepFor(kLook)) look();
  look();
  run.wall_seconds = absl::ToDoubleSeconds(Instant::Now() - start);
  if (const int code = cluster.exit_code(); code != 0) {
    return absl::InternalError(
        absl::StrCat("the cluster ended with code ", code, "; logs in ", run_dir, " and ", child.log_path));
  }
  RECBOTS_ASSIGN_OR_RETURN(const SavedReport report, ReadReport(run_dir));
  if (!report.at_999.has_value() || run.wall_seconds_from_start_to_999 == 0) {
    return absl::InternalError(absl::StrCat("no 99.9 % in ", run_dir, "/", kReportFile));
  }
  run.wall_seconds_to_999 = report.at_999->wall_seconds;
  run.env_steps_to_999 = static_cast<double>(report.at_999->env_steps);
  return run;
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  // One run takes longer than a window of other benches; five runs are enough.
  const int num_runs = std::min(5, options.windows);
  std::string dir = (std::filesystem::temp_directory_path() / "recbots-loop-XXXXXX").string();
  if (mkdtemp(dir.data()) == nullptr) return absl::InternalError("cannot make a folder for the runs");
  std::vector<double> wall, from_start, to_999, steps;
  absl::Status status;
  for (int i = 0; i < num_runs && status.ok(); ++i) {
    const absl::StatusOr<LoopRun> run = RunOnce(options, absl::StrCat(dir, "/", i));
    status = run.status();
    if (!run.ok()) break;
    wall.push_back(run->wall_seconds);
    from_start.push_back(run->wall_seconds_from_start_to_999);
    to_999.push_back(run->wall_seconds_to_999);
    steps.push_back(run->env_steps_to_999);
  }
  RECBOTS_RETURN_IF_ERROR(status);  // The folder stays, because its logs show the reason.
  std::error_code error;
  std::filesystem::remove_all(dir, error);
  return std::vector<BenchResult>{{"loop", "wall_seconds", Median(wall), "s", false},
                                  {"loop", "wall_seconds_from_start_to_999", Median(from_start), "s", false},
                                  {"loop", "wall_seconds_to_999", Median(to_999), "s", false},
                                  {"loop", "env_steps_to_999", Median(steps), "steps", false}};
}

}  // namespace

Bench LoopBench() {
  return {
      "loop", Run,
      "in wall_seconds_to_999 the start of the programs, because the learner's clock begins behind it; in the others "
      "nothing"};
}

}  // namespace recbots

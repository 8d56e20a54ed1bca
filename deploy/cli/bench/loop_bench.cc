// The whole local cluster: from the start of the process to its end at the goal.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "deploy/cli/bench/bench.h"

namespace recbots {
namespace {

struct LoopRun {
  double wall_seconds = 0;
  double wall_seconds_to_999 = 0;
  double env_steps_to_999 = 0;
};

// Starts a program and waits for its end; its exit code.
int RunProgram(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    // The figures are all that goes to stdout here.
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

absl::StatusOr<LoopRun> RunOnce(const BenchOptions& options, const std::string& run_dir) {
  const Instant start = Instant::Now();
  const int code =
      RunProgram({options.program_dir + "/recbots", "cluster", options.config_path, "--quiet", "--run_dir=" + run_dir});
  LoopRun run;
  run.wall_seconds = absl::ToDoubleSeconds(Instant::Now() - start);
  if (code != 0) return absl::InternalError(absl::StrCat("the cluster ended with code ", code, "; logs in ", run_dir));
  const std::string text = ReadFile(run_dir + "/report.json").value_or("");
  const nlohmann::json report = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!report.is_object() || !report["wall_seconds_to_999"].is_number()) {
    return absl::InternalError(absl::StrCat("no 99.9 % in ", run_dir, "/report.json"));
  }
  run.wall_seconds_to_999 = report["wall_seconds_to_999"].get<double>();
  run.env_steps_to_999 = report["env_steps_to_999"].get<double>();
  return run;
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  // One run takes longer than a window of the others; five say enough.
  constexpr int kRuns = 5;
  std::string dir = (std::filesystem::temp_directory_path() / "recbots-loop-XXXXXX").string();
  if (mkdtemp(dir.data()) == nullptr) return absl::InternalError("cannot make a folder for the runs");
  std::vector<double> wall, to_999, steps;
  absl::Status status;
  for (int i = 0; i < kRuns && status.ok(); ++i) {
    const absl::StatusOr<LoopRun> run = RunOnce(options, absl::StrCat(dir, "/", i));
    status = run.status();
    if (!run.ok()) break;
    wall.push_back(run->wall_seconds);
    to_999.push_back(run->wall_seconds_to_999);
    steps.push_back(run->env_steps_to_999);
  }
  RECBOTS_RETURN_IF_ERROR(status);  // The folder stays: its logs say why.
  std::error_code error;
  std::filesystem::remove_all(dir, error);
  return std::vector<BenchResult>{{"loop", "wall_seconds", Median(wall), "s", false},
                                  {"loop", "wall_seconds_to_999", Median(to_999), "s", false},
                                  {"loop", "env_steps_to_999", Median(steps), "steps", false}};
}

}  // namespace

Bench LoopBench() { return {"loop", Run}; }

}  // namespace recbots

// external/USERS: steps of an environment in a Python program, of that many users.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "actor/external/make_launcher.h"
#include "actor/scenarios/external/scenario.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/rl/step_buffer.h"
#include "deploy/cli/bench/bench.h"

namespace recbots {
namespace {

// From the folder of the sources.
constexpr char kWorld[] = "deploy/python/examples/echo_world.py";

ExternalOptions EchoOptions(bool shared_memory) {
  ExternalOptions options;
  options.command = absl::StrCat("env PYTHONPATH=deploy/python python3 ", kWorld);
  options.spec = {.name = "echo_world", .user_features = 100, .num_candidates = 10, .response = {"click"}};
  options.shared_memory = shared_memory;
  options.max_restarts = 0;
  return options;
}

// Calls `step` for all windows; the median of calls per second.
absl::StatusOr<Rate> RateOf(const BenchOptions& options, const std::function<absl::Status()>& step, int64_t& calls) {
  absl::Status status;
  const Rate rate = MedianRate(options, [&] {
    for (int i = 0; i < 16 && status.ok(); ++i) status = step();
    calls += 16;
    return 16.0;
  });
  RECBOTS_RETURN_IF_ERROR(status);
  return rate;
}

// The program without checks and copies: heads of 16 bytes there and back.
absl::StatusOr<Rate> MeasureMessages(const BenchOptions& options, const ExternalOptions& echo, int num_users,
                                     int64_t& calls) {
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<ProgramLauncher> launcher, MakeLauncher(echo, {}));
  const auto wait = [] { return ProgramWait{Instant::Now() + absl::Minutes(1), nullptr, nullptr}; };
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<UserProgram> program, launcher->Launch(wait()));
  RECBOTS_RETURN_IF_ERROR(program->Begin({echo.spec, num_users, 0, 1}, wait()));
  const std::vector<int32_t> slates(static_cast<size_t>(num_users), 0);
  uint64_t sequence = 0;
  RECBOTS_RETURN_IF_ERROR(program->Step(sequence, {}, wait()).status());
  return RateOf(
      options, [&] { return program->Step(++sequence, slates, wait()).status(); }, calls);
}

absl::StatusOr<Rate> MeasureSteps(const BenchOptions& options, const ExternalOptions& echo, int num_users,
                                  int64_t& calls) {
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<ProgramLauncher> launcher, MakeLauncher(echo, {}));
  const ExternalScenario scenario(echo, /*seed=*/1, std::move(launcher), {});
  const std::unique_ptr<Environment> environment = scenario.MakeEnvironment(num_users, 0);
  StepBuffer step(scenario.spec(), num_users);
  step.Reset(*environment);
  return RateOf(
      options,
      [&] {
        const absl::Status stepped = step.Step(*environment);
        step.Advance();
        return stepped;
      },
      calls);
}

using Measure = absl::StatusOr<Rate> (*)(const BenchOptions&, const ExternalOptions&, int, int64_t&);

// The rate, and the time of the processor that both sides take for one; starting the program is measured before and
// left out.
absl::Status Add(const BenchOptions& options, Measure measure, bool shared_memory, int num_users, const char* what,
                 std::vector<BenchResult>& results) {
  BenchOptions none = options;
  none.window = absl::ZeroDuration();
  none.windows = 1;
  const ExternalOptions echo = EchoOptions(shared_memory);
  int64_t few = 0;
  double before = ProcessorSeconds(/*children=*/true);
  RECBOTS_RETURN_IF_ERROR(measure(none, echo, num_users, few).status());
  const double start = ProcessorSeconds(true) - before;
  before = ProcessorSeconds(true);
  int64_t calls = 0;
  RECBOTS_ASSIGN_OR_RETURN(const Rate rate, measure(options, echo, num_users, calls));
  const double spent = ProcessorSeconds(true) - before - start;
  const std::string bench = absl::StrCat("external/", num_users);
  results.push_back({bench, absl::StrCat(what, "_per_second"), rate.per_second, "1/s"});
  BenchResult& cost = results.emplace_back();
  cost.bench = bench;
  cost.metric = absl::StrCat(what, "_processor_microseconds");
  cost.value = 1e6 * spent / static_cast<double>(std::max<int64_t>(1, calls - few));
  cost.unit = "us";
  cost.higher_is_better = false;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<BenchResult>> RunExternal(const BenchOptions& options, int num_users) {
  std::error_code error;
  if (!std::filesystem::exists(kWorld, error)) {
    return absl::NotFoundError(absl::StrCat(kWorld, " is not here: want the folder of the sources"));
  }
  std::vector<BenchResult> results;
  RECBOTS_RETURN_IF_ERROR(Add(options, MeasureMessages, true, num_users, "messages", results));
  RECBOTS_RETURN_IF_ERROR(Add(options, MeasureSteps, true, num_users, "steps", results));
  RECBOTS_RETURN_IF_ERROR(Add(options, MeasureSteps, false, num_users, "steps_in_messages", results));
  return results;
}

}  // namespace

std::vector<Bench> ExternalBenches() {
  std::vector<Bench> benches;
  for (const int num_users : {64, 1024}) {
    benches.push_back({absl::StrCat("external/", num_users),
                       [num_users](const BenchOptions& options) { return RunExternal(options, num_users); },
                       "what the program does in a step; the policy; rows for replay"});
  }
  return benches;
}

}  // namespace recbots

#include "actor/scenarios/external/program_pool.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// How long one wait lasts before the role is asked whether to go on.
constexpr absl::Duration kTurn = absl::Milliseconds(50);

// The label of a failure in metrics.
const char* ReasonOf(const absl::Status& failure, bool starting) {
  if (starting) return "start";
  switch (failure.code()) {
    case absl::StatusCode::kDeadlineExceeded:
      return "hang";
    case absl::StatusCode::kInternal:
      return "error";
    case absl::StatusCode::kDataLoss:
      return "columns";
    default:
      return "crash";
  }
}

constexpr char kLastLines[] = "recbots/last_lines";

// Adds the lines that Explain has kept to the message.
absl::Status WithLastLines(const absl::Status& failure) {
  const auto lines = failure.GetPayload(kLastLines);
  if (!lines.has_value()) return failure;
  return absl::Status(failure.code(), absl::StrCat(failure.message(), "; its last lines:\n", std::string(*lines)));
}

bool IsFinal(const absl::Status& failure) {
  return absl::IsCancelled(failure) || absl::IsFailedPrecondition(failure) || absl::IsNotFound(failure);
}

}  // namespace

absl::Status ProgramPool::Explain(const absl::Status& failure, UserProgram* program) const {
  if (absl::IsCancelled(failure)) return failure;
  absl::Status explained(failure.code(), absl::StrCat(launcher_->name(), ": ", failure.message()));
  const std::string last = program == nullptr ? "" : program->LastLines();
  if (!last.empty()) explained.SetPayload(kLastLines, absl::Cord(last));
  return explained;
}

absl::StatusOr<ExternalSpecOptions> ProgramPool::Describe() {
  const ProgramWait wait = WaitFor(options_.start_timeout_seconds);
  absl::StatusOr<std::unique_ptr<UserProgram>> launched = launcher_->Launch(wait);
  if (!launched.ok()) return Explain(launched.status(), nullptr);
  absl::StatusOr<ExternalSpecOptions> spec = (*launched)->Describe(wait);
  return spec.ok() ? spec : WithLastLines(Explain(spec.status(), launched->get()));
}

absl::StatusOr<std::unique_ptr<UserProgram>> ProgramPool::Take(const UsersToPlay& users) {
  std::unique_ptr<UserProgram> program;
  {
    MutexLock lock(&mu_);
    if (!idle_.empty()) {
      program = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  const ProgramWait wait = WaitFor(options_.start_timeout_seconds);
  if (program != nullptr && program->Begin(users, wait).ok()) return program;
  program.reset();  // It has ended meanwhile: a new one.
  absl::StatusOr<std::unique_ptr<UserProgram>> launched = launcher_->Launch(wait);
  if (!launched.ok()) return Explain(launched.status(), nullptr);
  if (const absl::Status begun = (*launched)->Begin(users, wait); !begun.ok()) return Explain(begun, launched->get());
  MutexLock lock(&mu_);
  was_ready_ = true;
  return launched;
}

void ProgramPool::GiveBack(std::unique_ptr<UserProgram> program) {
  MutexLock lock(&mu_);
  idle_.push_back(std::move(program));
}

absl::Status ProgramPool::AwaitRestart(const absl::Status& failure, bool starting) {
  if (IsFinal(failure)) return WithLastLines(failure);
  const char* const reason = ReasonOf(failure, starting);
  if (hooks_.record != nullptr) hooks_.record->Failed(std::string(failure.message()));
  std::optional<absl::Duration> delay;
  {
    MutexLock lock(&mu_);
    // What has never worked will hardly work the next time.
    if (!was_ready_ || options_.max_restarts == 0) return WithLastLines(failure);
    delay = budget_.OnFailure(Instant::Now());
  }
  if (!delay.has_value()) {
    const absl::Status last = WithLastLines(failure);
    return absl::Status(last.code(),
                        absl::StrCat("failed more than ", options_.max_restarts, " times within ",
                                     options_.restart_window_seconds, " s (max_restarts): ", last.message()));
  }
  RECBOTS_LOG(WARNING) << "the environment is started again" << Field("reason", reason)
                       << Field("after_seconds", absl::ToDoubleSeconds(*delay)) << Field("error", failure.message());
  if (hooks_.record != nullptr) hooks_.record->Restarted(reason);
  const Instant begin = Instant::Now();
  const ScopedWait wait(
      hooks_.waits,
      {.thing = "the environment to be started again", .peer = launcher_->name(), .deadline = begin + *delay});
  while (Instant::Now() < begin + *delay) {
    RECBOTS_RETURN_IF_ERROR(CheckStop(hooks_.stop));
    absl::SleepFor(std::min(kTurn, begin + *delay - Instant::Now()));
  }
  return CheckStop(hooks_.stop);
}

}  // namespace recbots

// What a learner's loop does because somebody asks (learner/run/run_controls.h).
#include "learner/loop/learner_loop.h"

namespace recbots {
namespace {

// How long one wait of a pause lasts before the loop looks whether it should stop.
constexpr absl::Duration kPausePatience = absl::Milliseconds(100);

}  // namespace

absl::Status LearnerLoop::Round() {
  if (!paused()) return group_ == nullptr ? LearnFromNext() : UpdateInGroup();
  // The other learners of a group wait for this one.
  hooks_.activity("paused by hand");
  waits_for_batch_.reset();
  const ScopedWait wait(options_.waits, {.thing = "somebody to end the pause", .kind = WaitKind::kIdle});
  options_.controls->AwaitUnpaused(kPausePatience);
  NoteEnvSteps();
  const absl::Status idle = IdleRound();
  return absl::IsCancelled(idle) ? HowGroupEnded() : idle;
}

absl::Status LearnerLoop::PublishIfAsked() {
  if (follows() || options_.controls == nullptr) return absl::OkStatus();
  if (options_.controls->evaluations_asked() <= newest_.evaluations_asked()) return absl::OkStatus();
  return algorithm_.finite() ? PublishWeights() : absl::OkStatus();  // The next update says so.
}

}  // namespace recbots

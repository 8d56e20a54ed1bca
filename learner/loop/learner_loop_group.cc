// What a learner's loop does because it is one of several (learner/group/learner_group.h).
#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "learner/loop/learner_loop.h"

namespace recbots {

void LearnerLoop::JoinGroup(LearnerGroup& group) {
  group_ = &group;
  algorithm_.SetExchange(group_);
  state_.SetUpdates(algorithm_.updates());  // Those of rank 0.
  // While another learner waits for a batch, this one must still hear a signal and see that its time is over.
  group_->SetInterrupted(
      [this] { return hooks_.stop() || (!follows() && !over_ && IsLimit(state_.Check()) && batches_.drained()); });
}

absl::Status LearnerLoop::UpdateInGroup() {
  const absl::Status updated = LearnFromNext();
  return absl::IsCancelled(updated) ? HowGroupEnded() : updated;
}

absl::Status LearnerLoop::IdleRound() { return group_ == nullptr ? absl::OkStatus() : group_->Idle(); }

// OK where nothing went wrong: the loop sees that the group has ended, or why it was interrupted.
absl::Status LearnerLoop::HowGroupEnded() {
  if (!group_has_ended()) return absl::OkStatus();
  const GroupEnd& end = *group_->end();
  if (end.why != Leaving::kFailed) {
    RECBOTS_LOG(INFO) << "the group of learners has ended"
                      << Field("because", end.why == Leaving::kOver ? "the run is over" : "a learner was told to end")
                      << Field("rank", end.rank);
    return absl::OkStatus();
  }
  const std::string what = absl::StrCat("the learner of rank ", end.rank, " has failed: ", end.message);
  if (follows()) {
    RECBOTS_LOG(WARNING) << what;
    return absl::OkStatus();
  }
  if (diverged_batch_.empty()) diverged_batch_ = end.rows;
  return absl::FailedPreconditionError(what);
}

void LearnerLoop::LeaveGroup(const absl::Status& error) {
  if (group_ == nullptr) return;
  algorithm_.SetExchange(nullptr);
  const Leaving why = !error.ok() ? Leaving::kFailed : over_ ? Leaving::kOver : Leaving::kToldToEnd;
  group_->Leave(why, error, diverged_batch_);
}

}  // namespace recbots

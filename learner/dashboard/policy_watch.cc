#include "learner/dashboard/policy_watch.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr int kNice = 15;

// Updates and acting matter more. Linux keeps the value for each thread; if it refuses, the thread is as others are.
void StepBack() { static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice)); }

// What this thread has used of the processor: on a busy machine it mostly waits for it.
absl::Duration Used() {
  timespec used{};
  return ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0 ? absl::DurationFromTimespec(used) : absl::ZeroDuration();
}

}  // namespace

PolicyWatch::PolicyWatch(PolicyWatchHooks hooks, const PolicyWatchOptions& options)
    : hooks_(std::move(hooks)), options_(options), thread_("policy-view", [this] { Run(); }) {}

PolicyWatch::~PolicyWatch() {
  MutexLock lock(&mu_);
  stopping_ = true;
}  // The thread, the last member, is joined first.

void PolicyWatch::Wake() {
  MutexLock lock(&mu_);
  news_ = true;
}

bool PolicyWatch::stopping() const {
  MutexLock lock(&mu_);
  return stopping_;
}

bool PolicyWatch::AwaitNews() {
  MutexLock lock(&mu_);
  const auto can_go_on = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_ || news_; };
  mu_.AwaitFor(can_go_on, absl::InfiniteDuration());
  news_ = false;
  return !stopping_;
}

void PolicyWatch::Rest(absl::Duration time) {
  MutexLock lock(&mu_);
  mu_.AwaitFor([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; }, time);
}

void PolicyWatch::Run() {
  StepBack();
  while (AwaitNews()) {
    const absl::Duration start = Used();
    Note(LookOnce());
    absl::Duration took = Used() - start;
    if (!knows_references_ && !stopping()) {
      knows_references_ = true;
      Note(hooks_.look_at_references());
      // Shown at once: nobody waits for another evaluation to see them. Their time does not come again.
      const absl::Duration again = Used();
      if (!stopping()) Note(LookOnce());
      took = Used() - again;
    }
    Rest(std::max(options_.pause, options_.rest * took));
  }
}

absl::Status PolicyWatch::LookOnce() {
  RECBOTS_ASSIGN_OR_RETURN(const PublishedWeights weights, hooks_.newest());
  RECBOTS_ASSIGN_OR_RETURN(const PolicyView view, hooks_.look(weights.payload));
  hooks_.on_view(weights, view);
  return absl::OkStatus();
}

void PolicyWatch::Note(const absl::Status& status) {
  if (status.ok() || warned_ || stopping()) return;
  warned_ = true;
  RECBOTS_LOG(WARNING) << "the dashboard does not show what the policy recommends: " << status.message();
}

}  // namespace recbots

#include "deploy/cli/cluster/group_watch.h"

#include <algorithm>

#include "common/base/program.h"

namespace recbots {
namespace {

// The weight of an end as the cause of all others.
int WeightOf(const LearnerProcess& learner, bool hung) {
  if (learner.exit_code == kExitBadUsage) return 5;
  if (hung) return 2;
  if (learner.exit_code == kExitFailed) return 4;
  if (learner.exit_code > 128) return 3;
  return learner.exit_code == kExitStartAgain ? 0 : 1;
}

}  // namespace

GroupWatch::Advice GroupWatch::Look(absl::Span<const LearnerProcess> learners, Instant now) {
  hung_.resize(learners.size());
  bool all_ended = true, any_ended = false;
  for (const LearnerProcess& learner : learners) {
    all_ended = all_ended && !learner.running;
    any_ended = any_ended || !learner.running;
  }
  if (!any_ended) return Advice::kNothing;
  if (all_ended) {
    FindCause(learners);
    return Advice::kEnded;
  }
  first_end_ = std::min(first_end_, now);
  if (!learners.front().running) end_of_leader_ = std::min(end_of_leader_, now);
  if (now - first_end_ < options_.saving && now - end_of_leader_ < options_.drain) return Advice::kNothing;
  for (size_t i = 0; i < learners.size(); ++i) hung_[i] = hung_[i] || learners[i].running;
  return Advice::kKill;
}

void GroupWatch::FindCause(absl::Span<const LearnerProcess> learners) {
  int weight = -1;
  for (size_t i = 0; i < learners.size(); ++i) {
    const int of_this = WeightOf(learners[i], hung_[i]);
    if (of_this <= weight) continue;
    weight = of_this;
    cause_ = i;
  }
  final_ = weight >= 4;
}

void GroupWatch::Restart() {
  first_end_ = end_of_leader_ = Instant::InfiniteFuture();
  hung_.clear();
  cause_ = 0;
  final_ = false;
}

}  // namespace recbots

#include "common/base/mutex.h"

namespace recbots {

void SkipLockOrderChecks() {
#ifndef RECBOTS_STD_MUTEX
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
}

}  // namespace recbots

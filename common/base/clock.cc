#include "common/base/clock.h"

#include "absl/time/clock.h"

namespace recbots {
namespace {

class RealClock : public Clock {
 public:
  Instant Now() override { return Instant::Now(); }
  absl::Time Date() override { return absl::Now(); }
};

}  // namespace

Clock& Clock::Real() {
  static RealClock* clock = new RealClock();
  return *clock;
}

}  // namespace recbots

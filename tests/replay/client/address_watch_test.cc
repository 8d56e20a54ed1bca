#include "replay/client/address_watch.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/base/mutex.h"
#include "tests/replay/client/fake_resolver.h"

namespace recbots::replay {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

// What a watch said last, and how often it said anything.
class Listener {
 public:
  AddressWatch::Handlers Handlers(bool away) {
    return {.on_addresses = [this](const Resolution& found) { Hear(found); }, .away = [away] { return away; }};
  }
  bool HearsOf(const std::string& target) {
    MutexLock lock(&mu_);
    return mu_.AwaitFor([this, &target]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return newest_ == target; }, kPatience);
  }
  bool HearsTimes(int times) {
    MutexLock lock(&mu_);
    return mu_.AwaitFor([this, times]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return times_ >= times; }, kPatience);
  }

 private:
  void Hear(const Resolution& found) {
    MutexLock lock(&mu_);
    ++times_;
    newest_ = found.shards.at(0).target;
  }

  Mutex mu_;
  int times_ ABSL_GUARDED_BY(mu_) = 0;
  std::string newest_ ABSL_GUARDED_BY(mu_);
};

TEST(AddressWatchTest, LooksAgainAndAgainWhileSomethingIsAway) {
  const auto resolver = std::make_shared<FakeResolver>(std::vector<std::string>{"10.0.0.1:7001"});
  Listener listener;
  const AddressWatch watch(resolver, listener.Handlers(/*away=*/true), absl::Milliseconds(1), absl::Hours(1));
  EXPECT_TRUE(listener.HearsOf("10.0.0.1:7001"));
  EXPECT_TRUE(listener.HearsTimes(5));
  resolver->Set({"10.0.0.2:7001"});
  EXPECT_TRUE(listener.HearsOf("10.0.0.2:7001"));
}

TEST(AddressWatchTest, EndsWithoutWaitingForTheNextLook) {
  const auto resolver = std::make_shared<FakeResolver>(std::vector<std::string>{"10.0.0.1:7001"});
  Listener listener;
  const AddressWatch watch(resolver, listener.Handlers(/*away=*/false), absl::Minutes(30), absl::Hours(1));
  EXPECT_TRUE(listener.HearsTimes(1));
}

}  // namespace
}  // namespace recbots::replay

#include "common/base/shutdown.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace recbots {
namespace {

TEST(ShutdownTest, ASignalRequestsTheEnd) {
  for (const int signal_number : {SIGTERM, SIGINT, SIGHUP}) {
    Shutdown shutdown;
    EXPECT_FALSE(shutdown.requested());
    EXPECT_FALSE(shutdown.AwaitFor(absl::ZeroDuration()));
    kill(getpid(), signal_number);
    EXPECT_TRUE(shutdown.AwaitFor(absl::Seconds(10)));
  }
}

// nohup.
TEST(ShutdownTest, AHangUpThatIsIgnoredStaysSo) {
  signal(SIGHUP, SIG_IGN);
  {
    Shutdown shutdown;
    raise(SIGHUP);
    EXPECT_FALSE(shutdown.AwaitFor(absl::Milliseconds(20)));
  }
  EXPECT_EQ(signal(SIGHUP, SIG_DFL), SIG_IGN);
}

TEST(ShutdownTest, CanBeRequestedFromWithin) {
  Shutdown shutdown;
  Thread requester("requester", [&] { shutdown.Request(); });
  EXPECT_TRUE(shutdown.AwaitFor(absl::Seconds(10)));
}

TEST(ShutdownTest, TheSecondSignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        Shutdown shutdown;
        kill(getpid(), SIGTERM);
        shutdown.AwaitFor(absl::Seconds(10));
        kill(getpid(), SIGTERM);
        while (true) pause();
      },
      ::testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace recbots

#include "common/base/shutdown.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
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

TEST(ShutdownTest, NeedsNoFileDescriptor) {
  EXPECT_EXIT(
      {
        const rlimit none{};
        setrlimit(RLIMIT_NOFILE, &none);
        Shutdown shutdown;
        kill(getpid(), SIGTERM);
        shutdown.AwaitFor(absl::Seconds(10));
        _exit(shutdown.requested() ? 7 : 1);
      },
      ::testing::ExitedWithCode(7), "");
}

TEST(ShutdownTest, CanBeRequestedFromWithin) {
  Shutdown shutdown;
  Thread requester("requester", [&] { shutdown.Request(); });
  EXPECT_TRUE(shutdown.AwaitFor(absl::Seconds(10)));
}

TEST(ShutdownTest, AFailureRequestsTheEndAndIsKept) {
  Shutdown shutdown;
  EXPECT_TRUE(shutdown.failure().ok());
  shutdown.Fail(absl::ResourceExhaustedError("first"));
  shutdown.Fail(absl::InternalError("second"));
  EXPECT_TRUE(shutdown.requested());
  EXPECT_EQ(shutdown.failure(), absl::ResourceExhaustedError("first"));
}

// A terminal sends one to all that run in it, and who started the program sends another: what the first one makes the
// program save must still be saved.
TEST(ShutdownTest, TheSecondSignalLosesNothingAndTheThirdEndsTheProcess) {
  EXPECT_EXIT(
      {
        Shutdown shutdown;
        kill(getpid(), SIGINT);
        kill(getpid(), SIGTERM);
        shutdown.AwaitFor(absl::Seconds(10));
        _exit(7);  // Having saved.
      },
      ::testing::ExitedWithCode(7), "");
  EXPECT_EXIT(
      {
        Shutdown shutdown;
        kill(getpid(), SIGTERM);
        shutdown.AwaitFor(absl::Seconds(10));
        kill(getpid(), SIGTERM);
        kill(getpid(), SIGINT);
        while (true) pause();
      },
      ::testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace recbots

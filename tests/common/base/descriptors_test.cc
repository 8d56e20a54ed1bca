#include "common/base/descriptors.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <vector>

namespace recbots {
namespace {

using ::testing::ElementsAre;

// The soft limit of this process, as long as one lives.
class Limit {
 public:
  explicit Limit(rlim_t descriptors) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit limit{descriptors, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~Limit() { setrlimit(RLIMIT_NOFILE, &before_); }

  static rlim_t Now() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }

 private:
  rlimit before_{};
};

TEST(DescriptorsTest, TheLimitIsRaisedToWhatTheSystemAllows) {
  const Limit limit(100);
  RaiseDescriptorLimit();
  EXPECT_GT(Limit::Now(), 100u);
  const rlim_t raised = Limit::Now();
  RaiseDescriptorLimit();
  EXPECT_EQ(Limit::Now(), raised);
}

TEST(DescriptorsTest, TooFewAreNamed) {
  const Limit limit(40);
  EXPECT_TRUE(CheckDescriptorLimit(40).ok());
  EXPECT_EQ(CheckDescriptorLimit(41),
            absl::InvalidArgumentError("too few file descriptors: 40 may be open (ulimit -n), want at least 41"));
}

TEST(DescriptorsTest, WhoeverWatchesIsToldOnce) {
  DescriptorWatch::Report("nobody watches");
  const Limit limit(50);
  for (int again = 0; again < 2; ++again) {
    std::vector<absl::Status> told;
    const DescriptorWatch watch([&told](const absl::Status& status) { told.push_back(status); });
    DescriptorWatch::Report("connections cannot be accepted");
    DescriptorWatch::Report("connections cannot be accepted");
    EXPECT_THAT(told, ElementsAre(absl::ResourceExhaustedError(
                          "too few file descriptors: 50 may be open (ulimit -n): connections cannot be accepted")));
  }
}

}  // namespace
}  // namespace recbots

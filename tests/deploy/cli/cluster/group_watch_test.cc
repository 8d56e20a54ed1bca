#include "deploy/cli/cluster/group_watch.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/base/program.h"

namespace recbots {
namespace {

using Advice = GroupWatch::Advice;

constexpr LearnerProcess kRuns = {};
LearnerProcess Ended(int code) { return {false, code}; }

class GroupWatchTest : public ::testing::Test {
 protected:
  GroupWatch watch_{{.saving = absl::Seconds(60), .drain = absl::Seconds(5)}};
  const Instant now_ = Instant::Now();
};

TEST_F(GroupWatchTest, ALearnerThatIsKilledIsTheCauseAndNotFinal) {
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{kRuns, kRuns, kRuns}, now_), Advice::kNothing);
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{kRuns, Ended(137), kRuns}, now_), Advice::kNothing)
      << "the others have to notice it";
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{Ended(kExitStartAgain), Ended(137), Ended(kExitStartAgain)}, now_),
            Advice::kEnded);
  EXPECT_EQ(watch_.cause(), 1u);
  EXPECT_FALSE(watch_.final());
  EXPECT_FALSE(watch_.hung());
}

// Its end as a consequence may be seen before that of the learner that was killed.
TEST_F(GroupWatchTest, TheOrderInWhichTheyEndDoesNotMatter) {
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{Ended(kExitStartAgain), kRuns}, now_), Advice::kNothing);
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{Ended(kExitStartAgain), Ended(139)}, now_), Advice::kEnded);
  EXPECT_EQ(watch_.cause(), 1u);
  EXPECT_FALSE(watch_.final());
}

TEST_F(GroupWatchTest, ALearnerThatHangsIsKilledOnceRankZeroHasEnded) {
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{Ended(kExitStartAgain), kRuns}, now_), Advice::kNothing);
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{Ended(kExitStartAgain), kRuns}, now_ + absl::Seconds(4)),
            Advice::kNothing);
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{Ended(kExitStartAgain), kRuns}, now_ + absl::Seconds(6)),
            Advice::kKill);
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{Ended(kExitStartAgain), Ended(137)}, now_ + absl::Seconds(6)),
            Advice::kEnded);
  EXPECT_EQ(watch_.cause(), 1u);
  EXPECT_TRUE(watch_.hung());
  EXPECT_FALSE(watch_.final());
}

TEST_F(GroupWatchTest, RankZeroHasTimeToSave) {
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{kRuns, Ended(137)}, now_), Advice::kNothing);
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{kRuns, Ended(137)}, now_ + absl::Seconds(59)), Advice::kNothing);
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{kRuns, Ended(137)}, now_ + absl::Seconds(61)), Advice::kKill);
}

TEST_F(GroupWatchTest, ErrorsOfTheirOwnAndRefusalsAreFinal) {
  struct End {
    LearnerProcess leader, other;
    size_t cause;
  };
  const End ends[] = {{Ended(kExitFailed), Ended(0), 0},
                      {Ended(kExitFailed), Ended(kExitFailed), 0},
                      {Ended(kExitStartAgain), Ended(kExitFailed), 1},
                      {Ended(kExitFailed), Ended(kExitBadUsage), 1},
                      {Ended(kExitBadUsage), Ended(kExitStartAgain), 0}};
  for (const End& end : ends) {
    GroupWatch watch({});
    EXPECT_EQ(watch.Look(std::vector<LearnerProcess>{end.leader, end.other}, now_), Advice::kEnded);
    EXPECT_EQ(watch.cause(), end.cause);
    EXPECT_TRUE(watch.final());
  }
}

TEST_F(GroupWatchTest, LearnersThatWereToldToEndAreStartedAgain) {
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{Ended(0), Ended(0)}, now_), Advice::kEnded);
  EXPECT_EQ(watch_.cause(), 0u);
  EXPECT_FALSE(watch_.final());
  watch_.Restart();
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{kRuns, kRuns}, now_ + absl::Hours(1)), Advice::kNothing);
  EXPECT_EQ(watch_.Look(std::vector<LearnerProcess>{kRuns, Ended(137)}, now_ + absl::Hours(1)), Advice::kNothing)
      << "time begins again";
}

}  // namespace
}  // namespace recbots

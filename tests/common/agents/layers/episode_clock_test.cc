#include "common/agents/layers/episode_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace recbots {
namespace {

using ::testing::ElementsAre;

std::vector<float> Written(const EpisodeClock& clock, size_t user) {
  std::vector<float> out(static_cast<size_t>(clock.width()), 7);
  clock.Write(user, absl::MakeSpan(out));
  return out;
}

TEST(EpisodeClockTest, CountsStepsOfEachUserAndStopsAtTheLastPlace) {
  EpisodeClock clock(3);
  clock.Reserve(2);
  clock.Begin(0, {});
  clock.Begin(1, {});
  EXPECT_THAT(Written(clock, 0), ElementsAre(1, 0, 0));
  clock.Add(0, {}, {});
  EXPECT_THAT(Written(clock, 0), ElementsAre(0, 1, 0));
  EXPECT_THAT(Written(clock, 1), ElementsAre(1, 0, 0)) << "another user";
  for (int step = 0; step < 5; ++step) clock.Add(0, {}, {});
  EXPECT_THAT(Written(clock, 0), ElementsAre(0, 0, 1));
  clock.Begin(0, {});
  EXPECT_THAT(Written(clock, 0), ElementsAre(1, 0, 0)) << "a new episode";
}

}  // namespace
}  // namespace recbots

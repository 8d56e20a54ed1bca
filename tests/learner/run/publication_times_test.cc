#include "learner/run/publication_times.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

TEST(PublicationTimesTest, KnowsTheAgeOfEachVersion) {
  PublicationTimes times;
  const Instant start = Instant::Now();
  for (int version = 1; version <= 3; ++version) times.Add(version, start + absl::Seconds(version));
  const Instant now = start + absl::Seconds(10);
  EXPECT_EQ(times.Age(1, now), absl::Seconds(9));
  EXPECT_EQ(times.Age(3, now), absl::Seconds(7));
}

TEST(PublicationTimesTest, KnowsNothingOfVersionsNeverPublished) {
  PublicationTimes times;
  EXPECT_EQ(times.Age(1, Instant::Now()), std::nullopt);
  times.Add(1, Instant::Now());
  EXPECT_EQ(times.Age(0, Instant::Now()), std::nullopt) << "rows from before the first version";
  EXPECT_EQ(times.Age(-3, Instant::Now()), std::nullopt);
  EXPECT_EQ(times.Age(2, Instant::Now()), std::nullopt) << "rows of a learner before this one";
}

TEST(PublicationTimesTest, CountsVersionsThatItForgotAsTheOldestKept) {
  PublicationTimes times;
  const Instant start = Instant::Now();
  for (int version = 1; version <= 5'000; ++version) times.Add(version, start + absl::Seconds(version));
  const Instant now = start + absl::Seconds(5'000);
  EXPECT_EQ(times.Age(5'000, now), absl::ZeroDuration());
  EXPECT_EQ(times.Age(905, now), absl::Seconds(4'095));
  EXPECT_EQ(times.Age(904, now), absl::Seconds(4'095));
  EXPECT_EQ(times.Age(1, now), absl::Seconds(4'095));
}

}  // namespace
}  // namespace recbots

#include "learner/dashboard/series_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

RunCounters At(int64_t row) { return {row * 100, row * 10, static_cast<double>(row)}; }

std::vector<double> MeansOf(const std::vector<SeriesPoint>& points) {
  std::vector<double> means;
  for (const SeriesPoint& point : points) means.push_back(point.mean);
  return means;
}

TEST(SeriesRecorderTest, GivesNewRowsAsTheyWere) {
  SeriesRecorder recorder;
  for (int row = 1; row <= 5; ++row) recorder.Add(At(row), {{"a", row * row}});
  const std::vector<SeriesPoint> points = recorder.Read("a", {.axis = SeriesAxis::kUpdates});
  EXPECT_THAT(MeansOf(points), ElementsAre(1, 4, 9, 16, 25));
  EXPECT_EQ(points[2].x, 30);
  EXPECT_EQ(points[2].min, 9);
  EXPECT_EQ(points[2].max, 9);
  EXPECT_EQ(recorder.Read("a", {.axis = SeriesAxis::kEnvSteps})[4].x, 500);
  EXPECT_EQ(recorder.Read("a", {.axis = SeriesAxis::kSeconds})[4].x, 5);
}

TEST(SeriesRecorderTest, ReadsOnlyTheRange) {
  SeriesRecorder recorder;
  for (int row = 1; row <= 9; ++row) recorder.Add(At(row), {{"a", row}});
  EXPECT_THAT(MeansOf(recorder.Read("a", {.since = 3, .until = 6})), ElementsAre(4, 5, 6));
  EXPECT_THAT(recorder.Read("a", {.since = 9}), IsEmpty());
  EXPECT_THAT(recorder.Read("b", {}), IsEmpty());
}

TEST(SeriesRecorderTest, FewerPointsHaveMeanAndExtremes) {
  SeriesRecorder recorder;
  for (int row = 1; row <= 100; ++row) recorder.Add(At(row), {{"a", row}});
  const std::vector<SeriesPoint> points = recorder.Read("a", {.max_points = 4});
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points[0].min, 1);
  EXPECT_EQ(points[3].max, 100);
  EXPECT_EQ(points[3].x, 100);
  for (const SeriesPoint& point : points) EXPECT_NEAR(point.mean, (point.min + point.max) / 2, 1e-4);
}

TEST(SeriesRecorderTest, ValuesThatAreMissingOrNotFiniteAreNoPoints) {
  SeriesRecorder recorder;
  recorder.Add(At(1), {{"a", 1}});
  recorder.Add(At(2), {{"b", 2}});
  recorder.Add(At(3), {{"a", std::numeric_limits<double>::quiet_NaN()}, {"b", 1e300}});
  recorder.Add(At(4), {{"a", 4}});
  EXPECT_THAT(MeansOf(recorder.Read("a", {})), ElementsAre(1, 4));
  EXPECT_THAT(MeansOf(recorder.Read("b", {})), ElementsAre(2)) << "1e300 is no float";
  EXPECT_THAT(recorder.names(), ElementsAre("a", "b"));
}

// Whatever has been summarised: every row that is not forgotten counts once, in order, and with its weight.
TEST(SeriesRecorderTest, EveryRowIsReadOnceWhateverTierHasIt) {
  for (const int num_rows : {1, 7, 8, 9, 31, 33, 64, 100, 500, 1000}) {
    SeriesRecorder recorder({.rows_per_tier = 8, .num_tiers = 4});
    for (int row = 1; row <= num_rows; ++row) recorder.Add(At(row), {{"row", row}});
    const std::vector<SeriesPoint> points = recorder.Read("row", {.max_points = 2000});
    double last = points.front().min - 1;
    for (const SeriesPoint& point : points) {
      EXPECT_EQ(point.min, last + 1) << num_rows;
      EXPECT_EQ(point.x, point.max) << num_rows;
      EXPECT_NEAR(point.mean, (point.min + point.max) / 2, 1e-3) << num_rows;
      last = point.max;
    }
    EXPECT_EQ(last, num_rows);
    // The last tier has 8 entries of 64 rows.
    if (num_rows <= 500) {
      EXPECT_EQ(points.front().min, 1) << num_rows;
    }
    const std::vector<SeriesPoint> one = recorder.Read("row", {.max_points = 1});
    ASSERT_EQ(one.size(), 1u);
    EXPECT_NEAR(one[0].mean, (points.front().min + num_rows) / 2, 1e-3 * num_rows);
  }
}

// 10 h at a row a second: what is read begins with the first second, and the newest hour half is as fine as it was.
TEST(SeriesRecorderTest, TenHoursAreKept) {
  SeriesRecorder recorder;
  SeriesRecorder::Values values;
  for (int i = 0; i < 40; ++i) values.emplace_back(absl::StrCat("name", i), i);
  for (int row = 1; row <= 36'000; ++row) recorder.Add(At(row), values);
  const std::vector<SeriesPoint> all = recorder.Read("name39", {.max_points = 1'000'000});
  EXPECT_LE(all.front().x, 64);
  EXPECT_EQ(all.back().x, 36'000);
  EXPECT_EQ(recorder.Read("name0", {.since = 34'200, .max_points = 1'000'000}).size(), 1'800u);
  EXPECT_LE(all.size(), 6u * 2048);
}

// Both recorders of a dashboard with all the names that they take, a row a second: less than 50 MB together.
TEST(SeriesRecorderTest, TenHoursFitTheSameMemoryAsTwenty) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's memory is not counted by malloc";
#else
  const auto used = [] { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; };
  SeriesRecorder::Values values;
  for (int i = 0; i < 64; ++i) values.emplace_back(absl::StrCat("a_name_of_some_length_", i), i);
  const size_t before = used();
  SeriesRecorder recorder;
  int row = 0;
  for (const auto& [rows, most] : {std::pair{36'000, 25e6}, {72'000, 25e6}}) {
    while (row < rows) recorder.Add(At(++row), values);
    const auto bytes = static_cast<double>(used() - before);
    EXPECT_GT(bytes, 1e6) << "the count works";
    EXPECT_LT(bytes, most) << rows;
    RecordProperty(absl::StrCat("megabytes_", rows), absl::StrCat(bytes / 1e6));
  }
#endif
}

TEST(SeriesRecorderTest, NamesAreBounded) {
  SeriesRecorder recorder({.max_names = 3});
  for (int i = 0; i < 10; ++i) recorder.Add(At(i), {{absl::StrCat("name", i), 1}});
  EXPECT_THAT(recorder.names(), ElementsAre("name0", "name1", "name2"));
}

}  // namespace
}  // namespace recbots

#include "learner/run/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixMillis(1'700'000'000'250);

class EventFileTest : public ::testing::Test {
 protected:
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.Path("events"))) files.push_back(entry.path());
    return files;
  }
  // The records of the only file, read by their lengths.
  std::vector<v1::EventRecord> Read() const {
    std::vector<v1::EventRecord> events;
    const std::string content = ReadFile(Files().at(0)).value();
    for (size_t at = 0; at < content.size();) {
      uint64_t length = 0;
      std::memcpy(&length, content.data() + at, sizeof(length));
      EXPECT_TRUE(events.emplace_back().ParseFromString(content.substr(at + 12, length)));
      EXPECT_EQ(FrameEvent(events.back()), content.substr(at, length + 16));
      at += length + 16;
    }
    return events;
  }

  const testing::TempFolder folder_;
};

// The bytes of the first record of a file that TensorBoard 2.21 has written at this date.
TEST_F(EventFileTest, FramesRecordsAsTensorBoardDoes) {
  v1::EventRecord event;
  event.set_wall_time(1'700'000'000.25);
  event.set_file_version("brain.Event:2");
  const std::string record = FrameEvent(event);
  std::string hex;
  for (const char c : record) hex += "0123456789abcdef"[(c >> 4) & 15], hex += "0123456789abcdef"[c & 15];
  EXPECT_EQ(hex, "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9");
}

TEST_F(EventFileTest, HoldsNumbersAndTexts) {
  const auto file = EventFile::Create(folder_.Path("events"), kNow);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->AddText(0, kNow, "config", "a **text**").ok());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ASSERT_TRUE((*file)->AddNumbers(20, kNow + absl::Seconds(1), {{"a/x", 0.5}, {"a/y", nan}, {"b", -3}}).ok());
  ASSERT_TRUE((*file)->AddNumbers(40, kNow, {{"a/y", nan}}).ok()) << "nothing is left of it";
  const std::vector<v1::EventRecord> events = Read();
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_EQ(events[1].summary().value(0).tensor().string_value(0), "a **text**");
  EXPECT_EQ(events[1].summary().value(0).plugin().plugin_data().plugin_name(), "text");
  EXPECT_EQ(events[2].step(), 20);
  EXPECT_DOUBLE_EQ(events[2].wall_time(), 1'700'000'001.25);
  ASSERT_THAT(events[2].summary().value(), SizeIs(2));
  EXPECT_EQ(events[2].summary().value(0).tag(), "a/x");
  EXPECT_EQ(events[2].summary().value(0).simple_value(), 0.5f);
  EXPECT_EQ(events[2].summary().value(1).tag(), "b");
}

TEST_F(EventFileTest, HoldsHistogramsOfFiniteNumbers) {
  const auto file = EventFile::Create(folder_.Path("events"), kNow);
  ASSERT_TRUE(file.ok()) << file.status();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> numbers = {-1, 0, 0.5f, nan, 3, 3}, same = {2, 2}, none = {nan};
  ASSERT_TRUE((*file)->AddHistograms(20, kNow, {{"w", numbers}, {"b", same}, {"n", none}, {"e", {}}}).ok());
  const std::vector<v1::EventRecord> events = Read();
  ASSERT_THAT(events, SizeIs(2));
  ASSERT_THAT(events[1].summary().value(), SizeIs(2)) << "names without numbers are left out";
  const v1::EventHistogram& w = events[1].summary().value(0).histogram();
  EXPECT_EQ(w.min(), -1);
  EXPECT_EQ(w.max(), 3);
  EXPECT_EQ(w.num(), 5);
  EXPECT_EQ(w.sum(), 5.5);
  EXPECT_EQ(w.sum_squares(), 1 + 0.25 + 9 + 9);
  ASSERT_EQ(w.bucket_limit_size(), w.bucket_size());
  double counted = 0, before = -1;
  for (int i = 0; i < w.bucket_size(); ++i) {
    EXPECT_GT(w.bucket_limit(i), before);
    double expected = 0;
    for (const float number : numbers) {
      const bool last = i + 1 == w.bucket_size();
      expected += number >= before && (number < w.bucket_limit(i) || (last && number <= w.bucket_limit(i)));
    }
    EXPECT_EQ(w.bucket(i), expected) << i;
    before = w.bucket_limit(i);
    counted += w.bucket(i);
  }
  EXPECT_EQ(counted, 5);
  EXPECT_EQ(events[1].summary().value(1).histogram().num(), 2) << "all the same";
}

TEST_F(EventFileTest, HoldsPictures) {
  const auto file = EventFile::Create(folder_.Path("events"), kNow);
  ASSERT_TRUE(file.ok()) << file.status();
  const Picture picture{2, 1, std::string("\xff\x00\x00\x00\x00\xff", 6)};
  ASSERT_TRUE((*file)->AddPicture(20, kNow, "policy", picture).ok());
  const v1::EventImage image = Read().at(1).summary().value(0).image();
  EXPECT_EQ(image.width(), 2);
  EXPECT_EQ(image.height(), 1);
  EXPECT_EQ(image.encoded_image_string(), EncodePng(picture));
}

TEST_F(EventFileTest, AFullDiskLeavesWholeRecords) {
  const auto file = EventFile::Create(folder_.Path("events"), kNow);
  ASSERT_TRUE(file.ok()) << file.status();
  {
    const testing::FileSizeLimit full(100);
    EXPECT_EQ((*file)->AddText(0, kNow, "config", std::string(200, 'x')).code(), absl::StatusCode::kResourceExhausted);
  }
  EXPECT_THAT(Read(), SizeIs(1));
  ASSERT_TRUE((*file)->AddNumbers(20, kNow, {{"a", 1}}).ok());
  EXPECT_THAT(Read(), SizeIs(2));
}

TEST_F(EventFileTest, NamesTheFolderThatCannotBe) {
  const auto file = EventFile::Create("/dev/null/events", kNow);
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(std::string(file.status().message()), ::testing::HasSubstr("/dev/null/events"));
}

}  // namespace
}  // namespace recbots

#include "actor/simulate/log_format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/base/random.h"

namespace recbots {
namespace {

using Kind = LogFormat::Kind;

EnvironmentSpec SmallSpec() {
  EnvironmentSpec spec;
  spec.num_user_features = 2;
  spec.num_candidates = 3;
  spec.num_candidate_features = 1;
  spec.slate_size = 2;
  spec.min_slate_size = 0;
  spec.response_fields = {"click", "watch_time"};
  return spec;
}

// Columns of a step, to be changed by tests.
struct Columns {
  std::vector<int32_t> slate = {2, 0};
  std::vector<float> item_propensity = {0.25f, 0.5f};
  std::vector<float> prefix_propensity = {0.75f, 0.125f};
  std::vector<float> response = {0, 0, 1, 4.5f};
  std::vector<float> observation = {0.1f, -1};
  std::vector<float> candidates = {7, 8, 9};
  LoggedStep step() const {
    return {.episode = 3,
            .stream = 6,
            .user = 1,
            .step = 4,
            .slate = slate.data(),
            .slate_propensity = 0.125f,
            .item_propensity = item_propensity.data(),
            .prefix_propensity = prefix_propensity.data(),
            .response = response.data(),
            .reward = 4.5f,
            .terminated = true,
            .truncated = false,
            .observation = observation.data(),
            .candidates = candidates.data()};
  }
};

std::string Rows(const LogFormat& format, const LoggedStep& step, int want_rows) {
  std::string out = "before\n";
  EXPECT_EQ(format.AppendStep(step, out), want_rows);
  EXPECT_EQ(out.substr(0, 7), "before\n");
  return out.substr(7);
}

TEST(LogFormatTest, WritesJsonLines) {
  const LogFormat format(SmallSpec(), Kind::kJsonLines, false);
  EXPECT_EQ(format.Header(), "");
  EXPECT_EQ(Rows(format, Columns().step(), 2),
            "{\"episode\":3,\"stream\":6,\"user\":1,\"step\":4,\"slate_propensity\":0.125,\"reward\":4.5,"
            "\"terminated\":true,\"truncated\":false,\"position\":0,\"item\":2,\"item_propensity\":0.25,"
            "\"prefix_propensity\":0.75,\"clicked\":false,\"response\":{\"click\":0,\"watch_time\":0},\"document\":[9],"
            "\"observation\":[0.1,-1]}\n"
            "{\"episode\":3,\"stream\":6,\"user\":1,\"step\":4,\"slate_propensity\":0.125,\"reward\":4.5,"
            "\"terminated\":true,\"truncated\":false,\"position\":1,\"item\":0,\"item_propensity\":0.5,"
            "\"prefix_propensity\":0.125,\"clicked\":true,\"response\":{\"click\":1,\"watch_time\":4.5},\"document\":["
            "7],\"observation\":[0.1,-1]}\n");
}

TEST(LogFormatTest, WritesCsv) {
  const LogFormat format(SmallSpec(), Kind::kCsv, true);
  EXPECT_EQ(format.Header(),
            "episode,stream,user,step,position,item,slate_propensity,item_propensity,prefix_propensity,reward,clicked,"
            "terminated,truncated,"
            "response.click,response.watch_time,document.0,observation.0,observation.1,candidates.0.0,candidates.1.0,"
            "candidates.2.0\n");
  EXPECT_EQ(Rows(format, Columns().step(), 2),
            "3,6,1,4,0,2,0.125,0.25,0.75,4.5,0,1,0,0,0,9,0.1,-1,7,8,9\n"
            "3,6,1,4,1,0,0.125,0.5,0.125,4.5,1,1,0,1,4.5,7,0.1,-1,7,8,9\n");
}

TEST(LogFormatTest, ShortSlatesHaveFewerRowsAndEmptyOnesOne) {
  Columns columns;
  columns.slate = {1, kNoItem};
  const LogFormat csv(SmallSpec(), Kind::kCsv, false);
  EXPECT_EQ(Rows(csv, columns.step(), 1), "3,6,1,4,0,1,0.125,0.25,0.75,4.5,0,1,0,0,0,8,0.1,-1\n");
  columns.slate = {kNoItem, kNoItem};
  EXPECT_EQ(Rows(csv, columns.step(), 1), "3,6,1,4,,,0.125,,,4.5,,1,0,,,,0.1,-1\n");
  const LogFormat json(SmallSpec(), Kind::kJsonLines, true);
  const auto row = nlohmann::json::parse(Rows(json, columns.step(), 1));
  EXPECT_TRUE(row.at("position").is_null());
  EXPECT_TRUE(row.at("item").is_null());
  EXPECT_EQ(row.at("reward"), 4.5);
  EXPECT_EQ(row.at("candidates"), nlohmann::json::parse("[[7],[8],[9]]"));
}

TEST(LogFormatTest, WhatIsNotANumberIsNullOrEmpty) {
  Columns columns;
  columns.slate = {1, kNoItem};
  columns.item_propensity[0] = columns.prefix_propensity[0] = std::numeric_limits<float>::quiet_NaN();
  columns.observation[0] = std::numeric_limits<float>::infinity();
  LoggedStep step = columns.step();
  step.slate_propensity = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(Rows(LogFormat(SmallSpec(), Kind::kCsv, false), step, 1), "3,6,1,4,0,1,,,,4.5,0,1,0,0,0,8,,-1\n");
  const auto row = nlohmann::json::parse(Rows(LogFormat(SmallSpec(), Kind::kJsonLines, false), step, 1));
  EXPECT_TRUE(row.at("slate_propensity").is_null());
  EXPECT_TRUE(row.at("item_propensity").is_null());
  EXPECT_TRUE(row.at("observation").at(0).is_null());
}

TEST(LogFormatTest, LeavesOutWhatTheScenarioDoesNotHave) {
  EnvironmentSpec spec;
  spec.num_candidates = 3;
  spec.response_fields = {"score"};
  const Columns columns;
  EXPECT_EQ(Rows(LogFormat(spec, Kind::kCsv, true), columns.step(), 1), "3,6,1,4,0,2,0.125,0.25,0.75,4.5,,1,0,0\n");
  const auto row = nlohmann::json::parse(Rows(LogFormat(spec, Kind::kJsonLines, true), columns.step(), 1));
  EXPECT_TRUE(row.at("clicked").is_null());
  for (const char* name : {"document", "observation", "candidates"}) EXPECT_FALSE(row.contains(name)) << name;
}

// Every float comes back bit for bit, in both formats, and a row has as many columns as the header.
TEST(LogFormatTest, NumbersReadBackAsTheSameFloats) {
  const EnvironmentSpec spec = SmallSpec();
  const LogFormat csv(spec, Kind::kCsv, true);
  const LogFormat json(spec, Kind::kJsonLines, true);
  const size_t num_columns = std::vector<std::string>(absl::StrSplit(csv.Header(), ',')).size();
  EXPECT_EQ(num_columns, static_cast<size_t>(csv.num_columns()));
  Rng rng(6, Purpose::kTest, {});
  for (int i = 0; i < 5000; ++i) {
    Columns columns;
    for (float& value : columns.observation) {
      do {
        const uint32_t bits = rng.Bits();
        std::memcpy(&value, &bits, sizeof(value));
      } while (!std::isfinite(value));
    }
    const std::vector<std::string> lines = absl::StrSplit(Rows(csv, columns.step(), 2), '\n');
    const std::vector<std::string> cells = absl::StrSplit(lines[1], ',');
    ASSERT_EQ(cells.size(), num_columns);
    const std::string text = Rows(json, columns.step(), 2);
    const auto row = nlohmann::json::parse(text.substr(text.find('\n') + 1));
    for (size_t feature = 0; feature < 2; ++feature) {
      EXPECT_EQ(static_cast<float>(std::stod(cells[16 + feature])), columns.observation[feature]) << lines[1];
      EXPECT_EQ(row.at("observation").at(feature).get<float>(), columns.observation[feature]) << text;
    }
  }
}

}  // namespace
}  // namespace recbots

#include "common/log/read_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/random.h"
#include "common/rl/spec.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::StatusOr<InteractionLog> Read(const std::string& content, const LogOptions& options = {}) {
  return ReadLog("x", ByteStream::Of(content), options);
}

std::string ErrorOf(const std::string& content, const LogOptions& options = {}) {
  const auto log = Read(content, options);
  return log.ok() ? "OK" : std::string(log.status().message());
}

constexpr char kSlates[] =
    "session,step,position,item,clicked,slate_propensity,item_propensity,terminated\n"
    "s1,0,0,a,0,0.25,0.5,0\n"
    "s1,0,1,b,1,0.25,0.5,0\n"
    "s1,1,0,c,0,0.5,0.5,1\n"
    "s2,0,0,b,0,0.125,,0\n";

TEST(ReadLogTest, FindsSlatesAndSessions) {
  const auto log = Read(kSlates);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_THAT(log->slate_begin, ElementsAre(0, 2, 3, 4));
  EXPECT_THAT(log->session_begin, ElementsAre(0, 2, 3));
  EXPECT_THAT(log->step, ElementsAre(0, 1, 0));
  EXPECT_THAT(log->item, ElementsAre(0, 1, 2, 1));
  EXPECT_EQ(log->items.Name(2), "c");
  EXPECT_THAT(log->reward, ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(log->session_end, ElementsAre(SessionEnd::kLeft, SessionEnd::kUnknown));
  EXPECT_TRUE(std::isnan(log->item_propensity[3]));
  EXPECT_THAT(log->evaluation_slate, IsEmpty());
  EXPECT_FALSE(log->single_decisions);
  EXPECT_THAT(log->notes, IsEmpty());
}

// Rows in any order are the same log, but for the order in which sessions begin; here the first row stays the first.
TEST(ReadLogTest, RowsMayBeInAnyOrder) {
  std::vector<std::string> rows = absl::StrSplit(kSlates, '\n', absl::SkipEmpty());
  const auto want = Read(kSlates);
  Rng draws(1, Purpose::kTest, {});
  for (int round = 0; round < 50; ++round) {
    for (size_t i = rows.size() - 1; i > 2; --i)
      std::swap(rows[i], rows[2 + draws.Index(static_cast<uint32_t>(i - 1))]);
    const auto log = Read(absl::StrJoin(rows, "\n"));
    ASSERT_TRUE(log.ok()) << log.status();
    EXPECT_EQ(log->slate_begin, want->slate_begin);
    EXPECT_EQ(log->session_begin, want->session_begin);
    EXPECT_EQ(log->clicked, want->clicked);
    EXPECT_EQ(log->slate_propensity, want->slate_propensity);
    EXPECT_EQ(log->session_end, want->session_end);
  }
}

TEST(ReadLogTest, ReadsOurOwnFormatsAlike) {
  const std::string csv =
      "episode,stream,user,step,position,item,slate_propensity,item_propensity,prefix_propensity,reward,clicked,"
      "terminated,truncated,response.click,document.0,observation.0,candidates.0.0,candidates.1.0\n"
      "0,0,0,0,0,1,0.5,0.5,0.5,2,1,0,0,1,8,0.1,7,8\n"
      "0,1,1,0,,,0.5,,,0,,1,0,,,0.2,7,8\n"
      "0,0,0,1,0,0,,,,1,0,0,1,0,7,0.1,7,8\n";
  const std::string json =
      R"({"episode":0,"stream":0,"user":0,"step":0,"slate_propensity":0.5,"reward":2,"terminated":false,"truncated":false,)"
      R"("position":0,"item":1,"item_propensity":0.5,"prefix_propensity":0.5,"clicked":true,"response":{"click":1},)"
      R"("document":[8],"observation":[0.1],"candidates":[[7],[8]]})"
      "\n"
      R"({"episode":0,"stream":1,"user":1,"step":0,"slate_propensity":0.5,"reward":0,"terminated":true,"truncated":false,)"
      R"("position":null,"item":null,"item_propensity":null,"prefix_propensity":null,"clicked":null,"response":null,)"
      R"("document":null,"observation":[0.2],"candidates":[[7],[8]]})"
      "\n"
      R"({"episode":0,"stream":0,"user":0,"step":1,"slate_propensity":null,"reward":1,"terminated":false,"truncated":true,)"
      R"("position":0,"item":0,"item_propensity":null,"prefix_propensity":null,"clicked":false,"response":{"click":0},)"
      R"("document":[7],"observation":[0.1],"candidates":[[7],[8]]})"
      "\n";
  for (const std::string& text : {csv, json}) {
    const auto log = Read(text, {.keep_features = true});
    ASSERT_TRUE(log.ok()) << log.status();
    EXPECT_THAT(log->session_begin, ElementsAre(0, 2, 3));
    EXPECT_THAT(log->item, ElementsAre(0, 1, kNoItem));
    EXPECT_THAT(log->reward, ElementsAre(2, 1, 0));
    EXPECT_TRUE(log->reward_of_slates);
    EXPECT_THAT(log->session_end, ElementsAre(SessionEnd::kCut, SessionEnd::kLeft));
    EXPECT_THAT(log->stream, ElementsAre(0, 0, 1));
    const LogFeatures& features = log->features;
    EXPECT_EQ(features.num_user_features, 1U);
    EXPECT_EQ(features.num_candidates, 2U);
    EXPECT_EQ(features.num_candidate_features, 1U);
    EXPECT_THAT(features.response, ElementsAre(1, 0, 0));
    const auto block = static_cast<size_t>(features.block[2]);
    EXPECT_EQ(std::vector(features.blocks.begin() + static_cast<ptrdiff_t>(3 * block),
                          features.blocks.begin() + static_cast<ptrdiff_t>(3 * block + 3)),
              (std::vector<float>{0.2f, 7, 8}));
  }
}

TEST(ReadLogTest, SessionsComeFromGaps) {
  LogOptions options;
  options.session_gap = absl::Minutes(30);
  const auto log = Read(
      "user,timestamp,position,item,clicked\n"
      "u,0,0,a,0\nu,0,1,b,1\nv,5,0,a,0\nu,60,0,b,0\nu,4000,0,a,0\nv,1,0,c,1\n",
      options);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_THAT(log->slate_begin, ElementsAre(0, 2, 3, 4, 5, 6));  // u: 0, 60 | 4000; v: 1, 5
  EXPECT_THAT(log->session_begin, ElementsAre(0, 2, 3, 5));
  EXPECT_THAT(log->session_end, ElementsAre(SessionEnd::kLeft, SessionEnd::kCut, SessionEnd::kLeft));
  EXPECT_THAT(log->notes, ElementsAre("3 sessions from gaps of 30m, 1 open at the end of the log.",
                                      "The rows were not in order; they were sorted."));
}

TEST(ReadLogTest, ColumnsAreMappedAndFormatsAreSuchMappings) {
  LogOptions options;
  ASSERT_TRUE(AddFormat("obd", options).ok());
  const auto log = Read(
      "timestamp,item_id,position,click,propensity_score\n2019-11-24 00:00:01+00:00,14,3,0,0.05\n"
      "2019-11-24 00:00:02+00:00,3,1,1,0.02\n",
      options);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_TRUE(log->single_decisions);
  EXPECT_THAT(log->position, ElementsAre(2, 0));
  EXPECT_THAT(log->item_propensity, ElementsAre(0.05, 0.02));
  EXPECT_THAT(log->session_begin, ElementsAre(0, 1, 2));
  EXPECT_THAT(log->notes, ElementsAre("No column session: each row is a decision of its own."));
}

TEST(ReadLogTest, CellsMayHoldListsOfASlate) {
  LogOptions options;
  options.list_separator = '|';
  const auto log = Read(
      "session,step,item,clicked,slate_propensity,item_propensity\n"
      "s,0,a|b|c,0|1|0,0.1,0.2|0.3|0.4\ns,1,b,0,0.2,0.5\n",
      options);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_THAT(log->slate_begin, ElementsAre(0, 3, 4));
  EXPECT_THAT(log->position, ElementsAre(0, 1, 2, 0));
  EXPECT_THAT(log->clicked, ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(log->slate_propensity, ElementsAre(0.1, 0.1, 0.1, 0.2));
  EXPECT_THAT(log->item_propensity, ElementsAre(0.2, 0.3, 0.4, 0.5));
  EXPECT_EQ(ErrorOf("session,step,item,clicked\ns,0,a|b|c,0|1\n", options),
            "x:2: column 'clicked' lists 2 values, want 3 as there are items");
}

TEST(ReadLogTest, RewardsAreSumsOfColumns) {
  LogOptions options;
  const auto terms = ParseReward("2*click + 0.5*watch");
  ASSERT_TRUE(terms.ok());
  options.reward = *terms;
  const auto log = Read("session,step,position,item,clicked,response.watch\ns,0,0,a,1,10\ns,0,1,b,0,\n", options);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_THAT(log->reward, ElementsAre(7, 0));
  EXPECT_FALSE(log->reward_of_slates);
  EXPECT_THAT(ParseReward("x*click").status().message(), HasSubstr("'x' is no number"));
  EXPECT_THAT(ParseReward("1*").status().message(), HasSubstr("a column is missing"));
  options.reward[1].column = "absent";
  EXPECT_THAT(ErrorOf("item,clicked\na,0\n", options), HasSubstr("no column 'absent' for the reward"));
}

TEST(ReadLogTest, ErrorsNameLineColumnValueAndWhatIsWanted) {
  EXPECT_EQ(ErrorOf("item,clicked,item_propensity\na,0,0.5\nb,0,1.5\n"),
            "x:3: column 'item_propensity': '1.5', want a probability above 0, at most 1: what was shown was possible");
  EXPECT_THAT(ErrorOf("item,clicked,item_propensity\na,0,0\n"), HasSubstr("x:2: column 'item_propensity': '0', want"));
  EXPECT_EQ(ErrorOf("item,clicked,item_propensity\na,0,NaN\n"),
            "x:2: column 'item_propensity': 'NaN', want a finite number, or nothing");
  EXPECT_EQ(ErrorOf("item,clicked\na,2\n"), "x:2: column 'clicked': '2', want 0, 1, true or false");
  EXPECT_EQ(ErrorOf("item,clicked\na,\n"), "x:2: column 'clicked' is missing or empty, want a value in every row");
  EXPECT_EQ(ErrorOf("item,clicked\n,0\n"), "x:2: column 'item' is missing or empty, want a value in every row");
  EXPECT_EQ(ErrorOf("thing,clicked\na,0\n"),
            "x: there is no column 'item'; the log has thing, clicked. --column=item=NAME says what it is called");
  EXPECT_EQ(ErrorOf("item,clicked,position\na,0,0.5\n"), "x:2: column 'position': '0.5', want a whole number");
  EXPECT_EQ(ErrorOf("session,step,position,item,clicked\ns,0,0,a,0\ns,0,0,b,0\n"),
            "x:3: position 0 of this slate is there already, in line 2: is the row there twice?");
  EXPECT_THAT(ErrorOf("session,step,position,item,clicked\ns,0,1,a,0\n"),
              HasSubstr("x:2: position 1 (counted from 0) follows 0 others of its slate, want 0"));
  EXPECT_EQ(ErrorOf("session,step,position,item,clicked,slate_propensity\ns,0,0,a,0,0.5\ns,0,1,b,0,0.25\n"),
            "x:3: slate_propensity 0.25, but 0.5 in line 2 of the same slate");
  EXPECT_EQ(ErrorOf("session,step,position,item,clicked,terminated\ns,0,0,a,0,1\ns,1,0,b,0,0\n"),
            "x:2: this step ended its session, but line 3 is a later step of it");
  EXPECT_EQ(
      ErrorOf("item,clicked\na,1\nb,1\n"),
      "x: all 2 rows are clicked: what was shown and not clicked is missing, and without it no policy can be judged");
  LogOptions gaps;
  gaps.session_gap = absl::Minutes(1);
  EXPECT_THAT(ErrorOf("user,item,clicked\nu,a,0\n", gaps), HasSubstr("column 'timestamp' is missing or empty"));
  EXPECT_THAT(ErrorOf("user,item,clicked,timestamp\nu,a,0,soon\n", gaps), HasSubstr("'soon', want seconds, or a time"));
  LogOptions mapped;
  ASSERT_TRUE(AddColumn("clicked=tapped", mapped).ok());
  EXPECT_EQ(ErrorOf("item,click\na,0\n", mapped),
            "x: there is no column 'tapped' (for clicked); the log has item, click");
  EXPECT_THAT(AddColumn("klicked=tapped", mapped).message(), HasSubstr("'klicked' is none of ours, want session, "));
  EXPECT_THAT(AddFormat("parquet", mapped).message(), HasSubstr("want recbots or obd"));
}

TEST(ReadLogTest, IdsAreTextsInAnyScript) {
  const auto log = Read("item,clicked\r\n\xe6\x9c\xac,0\r\n\"a,b\",1\r\n");
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->items.Name(0), "\xe6\x9c\xac");
  EXPECT_EQ(log->items.Name(1), "a,b");
}

}  // namespace
}  // namespace recbots

#include "learner/run/stream_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/thread.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StreamLedgerTest : public ::testing::Test {
 protected:
  std::unique_ptr<StreamLedger> Make(StreamLedgerOptions options = {}) {
    auto ledger = StreamLedger::Create(options);
    RECBOTS_CHECK_OK(ledger.status());
    return *std::move(ledger);
  }
  std::unique_ptr<StreamLedger> WithFile() { return Make({.path = path_, .block = 100}); }
  std::string Content() { return ReadFile(path_).value_or(""); }

  testing::TempFolder folder_;
  const std::string path_ = folder_.Path("next_stream");
};

TEST_F(StreamLedgerTest, GivesNothingBeforeReplayHasSaidWhatItKnows) {
  const auto ledger = Make();
  EXPECT_EQ(ledger->Take(1), std::nullopt);
  ledger->Raise(10);
  EXPECT_EQ(ledger->Take(1), std::nullopt);
  int opened = 0;
  ledger->SetOnOpen([&] { ++opened; });
  ledger->Open(5);
  ledger->Open(5);
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(ledger->Take(64), 10);
  EXPECT_EQ(ledger->Take(64), 74);
}

TEST_F(StreamLedgerTest, ARunThatBeginsWithNothingBeginsWithTheFirstUsers) {
  const auto ledger = WithFile();
  EXPECT_EQ(ledger->Open(0), 100);
  EXPECT_EQ(ledger->Take(64), 0);
}

// Killed at any moment: what the file says is above all that was given away.
TEST_F(StreamLedgerTest, GoesOnAboveWhatItsFileSays) {
  std::set<int64_t> given;
  int64_t last = -1;
  for (int restart = 0; restart < 5; ++restart) {
    const auto ledger = WithFile();
    ledger->Open(0);
    for (int join = 0; join <= 3 * restart; ++join) {
      const int64_t first = *ledger->Take(30);
      EXPECT_GT(first, last);
      for (int64_t stream = first; stream < first + 30; ++stream) EXPECT_TRUE(given.insert(stream).second) << stream;
      last = first + 29;
      EXPECT_GE(std::stoll(Content()), last + 1) << "written before it was given away";
    }
  }
}

TEST_F(StreamLedgerTest, GoesOnAboveWhatReplayKnowsWhereTheFileIsLost) {
  EXPECT_EQ(WithFile()->Open(5000), 5100);
  EXPECT_EQ(Content(), "5100\n");
  const auto next = WithFile();
  EXPECT_EQ(next->Open(3000), 5200) << "the higher of both";
  EXPECT_EQ(next->Take(1), 5100);
  EXPECT_EQ(next->Open(9000), 9000) << "a shard that came later";
  EXPECT_EQ(next->Take(1), 9000);
}

TEST_F(StreamLedgerTest, TellsWhatItReservesBeforeItGivesItAway) {
  const auto ledger = Make({.block = 10});
  std::vector<int64_t> told;
  ledger->SetOnReserve([&](int64_t below) { told.push_back(below); });
  EXPECT_EQ(ledger->Open(0), 10);
  EXPECT_EQ(ledger->Take(10), 0);
  EXPECT_THAT(told, ElementsAre()) << "Open has returned it";
  EXPECT_EQ(ledger->Take(5), 10);
  EXPECT_THAT(told, ElementsAre(25));
  EXPECT_EQ(ledger->reserved_below(), 25);
}

TEST_F(StreamLedgerTest, SessionsAreWhole) {
  const auto ledger = Make({.multiple = 3});
  ledger->Open(7);
  EXPECT_EQ(ledger->Take(6), 9);
  EXPECT_EQ(ledger->Take(3), 15);
}

TEST_F(StreamLedgerTest, BeginsAgainWhereAllWereGivenAway) {
  const auto ledger = Make({.multiple = 3});
  ledger->Open(kNumActorStreams - 10);
  EXPECT_EQ(ledger->Take(6), (kNumActorStreams - 10 + 2) / 3 * 3);
  EXPECT_EQ(ledger->Take(6), 0) << "they end where the evaluator's begin";
  EXPECT_EQ(ledger->Take(6), 6);
  EXPECT_GT(ledger->reserved_below(), kNumActorStreams) << "so that a restart does not begin with these";
}

TEST_F(StreamLedgerTest, RefusesAFileThatIsNoNumber) {
  for (const char* content : {"", "x", "-1", "1 2", "99999999999999999999"}) {
    ASSERT_TRUE(WriteFile(path_, content).ok());
    const auto ledger = StreamLedger::Create({.path = path_});
    EXPECT_EQ(ledger.status().code(), absl::StatusCode::kInvalidArgument) << content;
    EXPECT_THAT(std::string(ledger.status().message()), HasSubstr(path_));
  }
}

TEST_F(StreamLedgerTest, GoesOnWhereItsFileCannotBeWritten) {
  const auto ledger = Make({.path = folder_.Path("missing/next_stream")});
  ledger->Open(0);
  EXPECT_EQ(ledger->Take(64), 0);
  EXPECT_EQ(ledger->Take(64), 64);
}

TEST_F(StreamLedgerTest, ThreadsGetDifferentStreams) {
  const auto ledger = WithFile();
  std::vector<std::vector<int64_t>> taken(4);
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (std::vector<int64_t>& mine : taken) {
      threads.push_back(std::make_unique<Thread>("taker", [&] {
        ledger->Open(0);
        for (int i = 0; i < 50; ++i) mine.push_back(*ledger->Take(7));
      }));
    }
  }
  std::set<int64_t> all;
  for (const std::vector<int64_t>& mine : taken) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 200u);
  EXPECT_EQ(*all.rbegin(), 199 * 7);
}

}  // namespace
}  // namespace recbots

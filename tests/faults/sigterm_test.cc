// SIGTERM under load: an end in good order, and everything that was acknowledged in the last checkpoint.
#include <gtest/gtest.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "tests/faults/fault_test.h"

namespace recbots::faults {
namespace {

constexpr absl::Duration kBound = absl::Seconds(20);  // Within which a server has to have ended.

using SigtermTest = FaultTest;

TEST_F(SigtermTest, SigtermUnderLoadKeepsAllThatWasAcknowledged) {
  // No checkpoints but those that are asked for and the last one; nobody asks.
  Server& server = StartServer({.replay_config = absl::StrCat("table ", QueueTable("queue", 4'000'000), "more_tables ",
                                                              PrioritizedTable("prioritized", 50'000, 100),
                                                              "checkpoint { interval_seconds: 0 }")});
  LedgerWriter& ordinary = StartWriter({.address = server.address(),
                                        .table = "queue",
                                        .writer = 1,
                                        .streams = 4,
                                        .rows_per_second = 5000,
                                        .append_rows = 50});
  LedgerWriter& prioritized = StartWriter(
      {.address = server.address(), .table = "prioritized", .writer = 11, .streams = 2, .rows_per_second = 5000});
  LedgerReader& learner = StartReader({.address = server.address(), .table = "prioritized", .prioritized = true});
  const int rounds = Rounds(4);
  for (int round = 0; round < rounds; ++round) {
    const int64_t rows = ordinary.acknowledged() + 2000 + rng().Index(5000);
    const int64_t batches = learner.page().batches + 20;
    ASSERT_TRUE(Await(absl::StrCat("row ", rows, " and batch ", batches),
                      [&] { return ordinary.acknowledged() >= rows && learner.page().batches >= batches; }));
    const Instant start = Instant::Now();
    server.program().Terminate();
    ASSERT_TRUE(AwaitEnd(server.program(), 0, kBound));
    std::cout << "ended within " << absl::FormatDuration(Instant::Now() - start) << std::endl;
    const int64_t acknowledged = ordinary.acknowledged();
    server.Start();
    ASSERT_TRUE(AwaitServing(server));
    EXPECT_GE(server.Table("queue").state().inserted(), acknowledged);
  }
  ASSERT_TRUE(Finish({&ordinary, &prioritized, &learner}));
  EXPECT_EQ(ordinary.lost(), 0);
  EXPECT_EQ(prioritized.lost(), 0);
  EXPECT_EQ(learner.page().bad_rows, 0);
  EXPECT_EQ(learner.page().bad_probabilities, 0);
  Audit audit;
  for (int i = 0; i < 4; ++i) audit.AddWriter(ordinary.page(i));
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(audit.HoldsAll(ordinary.page(i)));
}

// With clients that hold it up: one asleep, one that waits for room, one that waits for rows.
TEST_F(SigtermTest, SigtermEndsInTimeWhateverClientsDo) {
  Server& server = StartServer(
      {.replay_config = absl::StrCat("table ", QueueTable("queue", 5000), "more_tables ", QueueTable("empty", 5000))});
  LedgerWriter& writer = StartWriter({.address = server.address(), .table = "queue", .streams = 4});
  LedgerReader& hungry = StartReader({.address = server.address(), .table = "empty"});
  LedgerReader& asleep = StartReader({.address = server.address(), .table = "queue", .batch = 100});
  ASSERT_TRUE(Await("some batches", [&] { return asleep.page().batches >= 10; }));
  asleep.Freeze();
  ASSERT_TRUE(Await("full queue", [&] {
    return server.Table("queue").state().rows() == 5000 &&
           server.Table("queue").inserts_blocked_on() != v1::BLOCKED_ON_NONE;
  }));
  ASSERT_TRUE(Await("reader that waits", [&] { return hungry.page().connections > 0; }));
  server.program().Terminate();
  ASSERT_TRUE(AwaitEnd(server.program(), 0, kBound));
  server.Start();
  asleep.Thaw();
  const int64_t batches = asleep.page().batches;
  ASSERT_TRUE(Await("batches after the restart", [&] { return asleep.page().batches >= batches + 100; }));
  ASSERT_TRUE(Finish({&writer}));
  ASSERT_TRUE(Finish({&hungry, &asleep}));
  Audit audit;
  for (int i = 0; i < 4; ++i) audit.AddWriter(writer.page(i));
  // A stopped server has told its last checkpoint what was acknowledged: only what was under way comes again.
  audit.AddReader("asleep", asleep.page(), Audit::kAllBatches);
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(audit.HoldsAll(writer.page(i)));
  EXPECT_LE(audit.redelivered(), 2 * 100 * asleep.unsure_batches());
}

}  // namespace
}  // namespace recbots::faults

// Clients that are asleep with everything in flight: others go on, the server's memory stays where it was.
#include <gtest/gtest.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/faults/fault_test.h"

namespace recbots::faults {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kCapacity = 60'000;                 // 6.2 MB of rows in each table.
constexpr int64_t kServerBytes = int64_t{96} * kMiB;  // More than tables, windows and gRPC take together.

class StallTest : public FaultTest {
 protected:
  static std::string Config() {
    return absl::StrCat("table ", QueueTable("queue", kCapacity), "more_tables ", QueueTable("other", kCapacity),
                        "more_tables ", PrioritizedTable("prioritized", kCapacity, 100));
  }
  testing::AssertionResult AwaitMore(const LedgerReader& reader, int64_t rows) {
    const int64_t until = reader.page().rows + rows;
    return Await(absl::StrCat(rows, " more rows at ", reader.process().name()),
                 [&reader, until] { return reader.page().rows >= until; });
  }
  testing::AssertionResult AwaitMore(const LedgerWriter& writer, int64_t rows) {
    const int64_t until = writer.acknowledged() + rows;
    return Await(absl::StrCat(rows, " more rows of ", writer.process().name()),
                 [&writer, until] { return writer.acknowledged() >= until; });
  }
};

TEST_F(StallTest, AWriterThatStopsReadingHoldsNobodyUp) {
  Server& server = StartServer({.replay_config = Config(), .checkpoints = false});
  // Many streams with full windows, none of them slowed down.
  LedgerWriter& asleep = StartWriter({.address = server.address(),
                                      .table = "queue",
                                      .writer = 1,
                                      .streams = 8,
                                      .append_rows = 100,
                                      .buffer_bytes = 2 << 20,
                                      .block_bytes = 64 << 10});
  LedgerWriter& awake =
      StartWriter({.address = server.address(), .table = "queue", .writer = 21, .streams = 2, .rows_per_second = 5000});
  LedgerReader& reader = StartReader({.address = server.address(), .table = "queue", .batch = 64});
  ASSERT_TRUE(
      Await("connection of all streams", [&] { return asleep.connections() == 8 && awake.connections() == 2; }));
  const int rounds = Rounds(3);
  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(AwaitMore(asleep, 5000 + rng().Index(5000)));
    asleep.Freeze();
    ASSERT_TRUE(AwaitMore(awake, 10'000));
    ASSERT_TRUE(AwaitMore(reader, 10'000));
    EXPECT_LT(server.program().process().ResidentBytes(), kServerBytes);
    EXPECT_EQ(server.Table("queue").state().writers(), 10) << "the one asleep is not given up at once";
    asleep.Thaw();
  }
  ASSERT_TRUE(Finish({&asleep, &awake}));  // They wait for room until the reader has made it.
  ASSERT_TRUE(Finish({&reader}));
  Audit audit;
  for (int i = 0; i < 8; ++i) audit.AddWriter(asleep.page(i));
  for (int i = 0; i < 2; ++i) audit.AddWriter(awake.page(i));
  audit.AddReader("reader", reader.page(), reader.unsure_batches());
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(audit.HoldsAll(asleep.page(i)));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(audit.HoldsAll(awake.page(i)));
}

TEST_F(StallTest, AWriterThatIsKilledAsleepLeavesWhatWasAcknowledged) {
  Server& server = StartServer({.replay_config = Config(), .checkpoints = false});
  LedgerWriter& asleep = StartWriter({.address = server.address(), .table = "queue", .streams = 4, .append_rows = 100});
  // Nobody reads: the queue is full in the end, and so are all windows.
  ASSERT_TRUE(Await("full queue", [&] {
    return server.Table("queue").inserts_blocked_on() != v1::BLOCKED_ON_NONE && asleep.acknowledged() >= kCapacity;
  }));
  EXPECT_EQ(server.Table("queue").state().rows(), kCapacity);
  EXPECT_LT(server.program().process().ResidentBytes(), kServerBytes);
  asleep.Freeze();
  asleep.Kill();
  ASSERT_TRUE(Await("an end of its streams", [&] { return server.Table("queue").state().writers() == 0; }));
  Audit audit;
  for (int i = 0; i < 4; ++i) audit.AddWriter(asleep.page(i));
  LedgerReader& reader = StartReader({.address = server.address(), .table = "queue", .batch = 30});
  ASSERT_TRUE(AwaitMore(reader, 30'000));
  ASSERT_TRUE(Finish({&reader}));
  audit.AddReader("reader", reader.page(), reader.unsure_batches());
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(audit.HoldsAPrefix(asleep.page(i), asleep.page(i).acknowledged));
}

TEST_F(StallTest, ALearnerThatStopsReadingHoldsNobodyUpAndIsRefunded) {
  Server& server = StartServer({.replay_config = Config(), .checkpoints = false});
  LedgerWriter& writer =
      StartWriter({.address = server.address(), .table = "queue", .writer = 1, .streams = 2, .rows_per_second = 4000});
  LedgerWriter& other =
      StartWriter({.address = server.address(), .table = "other", .writer = 11, .rows_per_second = 4000});
  LedgerWriter& prioritized = StartWriter(
      {.address = server.address(), .table = "prioritized", .writer = 21, .rows_per_second = 4000, .priorities = true});
  LedgerReader& asleep = StartReader({.address = server.address(), .table = "queue", .batch = 256, .in_flight = 16});
  LedgerReader& awake = StartReader({.address = server.address(), .table = "queue"});
  LedgerReader& reader_of_other = StartReader({.address = server.address(), .table = "other"});
  LedgerReader& learner = StartReader({.address = server.address(), .table = "prioritized", .prioritized = true});
  ASSERT_TRUE(AwaitMore(asleep, 2000));
  asleep.Freeze();
  ASSERT_TRUE(AwaitMore(awake, 10'000));
  ASSERT_TRUE(AwaitMore(reader_of_other, 10'000));
  ASSERT_TRUE(AwaitMore(learner, 10'000));
  ASSERT_TRUE(AwaitMore(prioritized, 10'000));
  ASSERT_TRUE(AwaitMore(other, 10'000));
  ASSERT_TRUE(AwaitMore(writer, 10'000));
  EXPECT_LT(server.program().process().ResidentBytes(), kServerBytes);
  EXPECT_GE(server.Table("queue").leased(), 256) << "what the one asleep has in flight";
  asleep.Kill();
  ASSERT_TRUE(Await("refund of what it had", [&] { return server.Table("queue").refunded() > 0; }));
  ASSERT_TRUE(Finish({&writer, &other, &prioritized}));
  ASSERT_TRUE(Finish({&awake, &reader_of_other, &learner}));

  Audit audit;
  for (int i = 0; i < 2; ++i) audit.AddWriter(writer.page(i));
  audit.AddReader("asleep", asleep.page(), asleep.unsure_batches());
  audit.AddReader("awake", awake.page(), awake.unsure_batches());
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(audit.HoldsAll(writer.page(i)));
  EXPECT_EQ(learner.page().bad_rows, 0);
  EXPECT_EQ(learner.page().bad_probabilities, 0);
  EXPECT_TRUE(Finish({&server.program()}));
}

}  // namespace
}  // namespace recbots::faults

// kill -9 of writers and learners.
#include <gtest/gtest.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/faults/fault_test.h"

namespace recbots::faults {
namespace {

class ClientKillTest : public FaultTest {
 protected:
  static std::string Config() {
    return absl::StrCat("table ", QueueTable("queue", 4'000'000), "more_tables ",
                        PrioritizedTable("prioritized", 20'000, 100));
  }
};

// All that a writer knew to be in the table is there, in order, without holes, once.
TEST_F(ClientKillTest, AKilledWriterLeavesWhatWasAcknowledgedOnce) {
  Server& server = StartServer({.replay_config = Config(), .checkpoints = false});
  Audit audit;
  const int rounds = Rounds(12);
  for (int round = 0; round < rounds; ++round) {
    LedgerWriter& writer = StartWriter({.address = server.address(),
                                        .table = "queue",
                                        .incarnation = round,
                                        .streams = 3,
                                        .rows_per_second = round % 2 == 0 ? 0 : 3000,
                                        .append_rows = 1 + rng().Index(50)});
    const int64_t rows = 1 + rng().Index(6000);
    ASSERT_TRUE(Await(absl::StrCat(rows, " acknowledged rows"), [&] { return writer.acknowledged() >= rows; }));
    writer.Kill();
    for (int i = 0; i < 3; ++i) audit.AddWriter(writer.page(i));
  }
  ASSERT_TRUE(Await("an end of all streams", [&] { return server.Table("queue").state().writers() == 0; }));
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  for (int round = 0; round < rounds; ++round) {
    const LedgerWriter& writer = *writers()[static_cast<size_t>(round)];
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(audit.HoldsAPrefix(writer.page(i), writer.page(i).acknowledged));
  }
  std::cout << rounds << " writers killed" << std::endl;
}

// Learners that die while they work on a batch, with others under way: each row comes to one of them; only what a dead
// one had not acknowledged comes again.
TEST_F(ClientKillTest, RowsOfAKilledLearnerGoToTheNext) {
  Server& server = StartServer({.replay_config = Config(), .checkpoints = false});
  LedgerWriter& writer =
      StartWriter({.address = server.address(), .table = "queue", .streams = 2, .rows_per_second = 4000});
  Audit audit;
  const int rounds = Rounds(16);
  int64_t killed_in_use = 0;
  for (int round = 0; round < rounds; ++round) {
    const int use = round % 4;  // Milliseconds.
    LedgerReader& reader = StartReader({.address = server.address(),
                                        .table = "queue",
                                        .batch = 1 + static_cast<int>(rng().Index(64)),
                                        .in_flight = 1 + static_cast<int>(rng().Index(6)),
                                        .use_milliseconds = use});
    const int64_t batches = 1 + rng().Index(100);
    ASSERT_TRUE(
        Await(absl::StrCat(batches, " batches at the learner"), [&] { return reader.page().batches >= batches; }));
    absl::SleepFor(absl::Milliseconds(4) * rng().Uniform());  // Anywhere within a batch's use.
    reader.Kill();
    killed_in_use += use > 0;
  }
  ASSERT_TRUE(Finish({&writer}));
  const int64_t refunded = server.Table("queue").refunded();
  for (int i = 0; i < 2; ++i) audit.AddWriter(writer.page(i));
  for (const auto& reader : readers())
    audit.AddReader(reader->process().name(), reader->page(), reader->unsure_batches());
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(audit.HoldsAll(writer.page(i)));
  EXPECT_GT(refunded, 0);
  std::cout << rounds << " learners killed, " << killed_in_use << " of them busy with a batch; " << refunded
            << " rows refunded, " << audit.redelivered() << " came again" << std::endl;
}

// The same with priorities on their way back: the table goes on for the next one.
TEST_F(ClientKillTest, APrioritizedTableOutlivesItsLearners) {
  Server& server = StartServer({.replay_config = Config(), .checkpoints = false});
  LedgerWriter& writer =
      StartWriter({.address = server.address(), .table = "prioritized", .rows_per_second = 4000, .priorities = true});
  const int rounds = Rounds(8);
  for (int round = 0; round < rounds; ++round) {
    LedgerReader& reader = StartReader({.address = server.address(), .table = "prioritized", .prioritized = true});
    const int64_t batches = 20 + rng().Index(200);
    ASSERT_TRUE(Await(absl::StrCat(batches, " batches"), [&] { return reader.page().batches >= batches; }));
    reader.Kill();
    EXPECT_EQ(reader.page().bad_rows, 0);
    EXPECT_EQ(reader.page().bad_probabilities, 0);
    EXPECT_GT(reader.page().refused_priorities, 0);
  }
  ASSERT_TRUE(Finish({&writer}));
  const v1::TableInfo table = server.Table("prioritized");
  EXPECT_EQ(table.state().inserted(), writer.appended());
  EXPECT_GT(table.state().priorities_updated(), 0);
  EXPECT_EQ(table.state().priorities_refused(), 0) << "the client refuses them before they travel";
  EXPECT_TRUE(Finish({&server.program()}));
}

}  // namespace
}  // namespace recbots::faults

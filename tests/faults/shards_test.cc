// Two shards, of which one dies: capacity goes down and nothing else, and it comes back by itself.
#include <gtest/gtest.h>

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/faults/fault_test.h"

namespace recbots::faults {
namespace {

using ShardsTest = FaultTest;

TEST_F(ShardsTest, OneShardDiesAndComesBackWhileAllGoesOn) {
  const std::string config =
      absl::StrCat("table ", QueueTable("queue", 4'000'000), "more_tables ",
                   PrioritizedTable("prioritized", 50'000, 100), "checkpoint { interval_seconds: 0.2 }");
  Server* shards[] = {&StartServer({.name = "shard-a", .replay_config = config}),
                      &StartServer({.name = "shard-b", .replay_config = config})};
  const std::string both = absl::StrCat(shards[0]->address(), ",", shards[1]->address());
  LedgerWriter& durable = StartWriter(
      {.address = both, .table = "queue", .writer = 1, .streams = 2, .rows_per_second = 2000, .durable = true});
  LedgerWriter& ordinary =
      StartWriter({.address = both, .table = "queue", .writer = 11, .streams = 2, .rows_per_second = 2000});
  LedgerWriter& prioritized =
      StartWriter({.address = both, .table = "prioritized", .writer = 21, .rows_per_second = 3000, .priorities = true});
  LedgerReader& learner = StartReader({.address = both, .table = "prioritized", .prioritized = true});
  std::vector<int64_t> durable_before = {0, 0};
  std::vector<int64_t> ordinary_before = {0, 0};
  const int rounds = Rounds(6);
  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(
        Await("connection of the learner with both shards", [&] { return learner.page().connected_shards == 2; }));
    ASSERT_TRUE(AwaitConnected(durable, 2, durable_before));
    ASSERT_TRUE(AwaitConnected(ordinary, 2, ordinary_before));
    const int64_t rows = ordinary.acknowledged() + 500 + rng().Index(1500);
    ASSERT_TRUE(Await("rows in both shards", [&] { return ordinary.acknowledged() >= rows; }));
    Server& shard = *shards[rng().Index(2)];
    shard.Kill();
    // More than all windows hold together: this comes by way of the shard that lives.
    const int64_t more_rows = ordinary.acknowledged() + 8000;
    const int64_t more_batches = learner.page().batches + 100;
    ASSERT_TRUE(Await("rows taken by the shard that lives", [&] { return ordinary.acknowledged() >= more_rows; }));
    ASSERT_TRUE(Await("batches of the shard that lives", [&] { return learner.page().batches >= more_batches; }));
    durable_before = durable.connections_by_stream();
    ordinary_before = ordinary.connections_by_stream();
    shard.Start();
  }
  // A writer that closed cannot count what the last kill took from it.
  ASSERT_TRUE(AwaitConnected(durable, 2, durable_before));
  ASSERT_TRUE(AwaitConnected(ordinary, 2, ordinary_before));
  ASSERT_TRUE(Finish({&durable, &ordinary, &prioritized, &learner}));
  EXPECT_EQ(learner.page().bad_rows, 0);
  EXPECT_EQ(learner.page().bad_probabilities, 0);
  Audit audit;
  for (int i = 0; i < 2; ++i) {
    audit.AddWriter(durable.page(i));
    audit.AddWriter(ordinary.page(i));
  }
  for (Server* shard : shards) ASSERT_TRUE(Drain(*shard, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(audit.HoldsAll(durable.page(i)));
    EXPECT_TRUE(audit.LossIsCounted(ordinary.page(i)));
  }
  std::cout << rounds << " kills; durable rows " << durable.appended() << ", ordinary rows " << ordinary.appended()
            << ", of which " << ordinary.lost() << " lost and counted; batches " << learner.page().batches << std::endl;
}

}  // namespace
}  // namespace recbots::faults

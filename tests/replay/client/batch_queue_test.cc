#include "replay/client/batch_queue.h"

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <map>

#include "common/base/instant.h"
#include "common/base/random.h"
#include "tests/replay/support/test_rows.h"

namespace recbots::replay {
namespace {

constexpr uint64_t kSeed = 20261124;
const Instant kNow = Instant();

BatchQueue MakeQueue(int32_t batch_size, int32_t batches_in_flight) {
  return BatchQueue({std::make_shared<const RowSchema>(TestSchema()), batch_size, batches_in_flight, kSeed});
}

v1::SampleHeader HeaderOf(uint64_t weight, int64_t rows = 100) {
  v1::SampleHeader header;
  header.mutable_table()->set_total_weight(weight);
  header.mutable_table()->set_rows(rows);
  header.mutable_table()->set_incarnation(7);
  header.set_blocked_on(v1::BLOCKED_ON_NONE);
  return header;
}

// A shard with a stream that has told its weight.
int OpenShard(BatchQueue& queue, uint64_t weight, int64_t rows = 100) {
  const int shard = queue.AddShard();
  queue.Open(shard);
  EXPECT_EQ(queue.NextOrder(shard, kNow), 0);
  EXPECT_EQ(queue.Expected(shard)->batch, nullptr);
  queue.Arrived(shard, HeaderOf(weight, rows), kNow);
  return shard;
}

TEST(BatchQueueTest, OneShardGetsWholeBatchesAndIsAskedOnce) {
  BatchQueue queue = MakeQueue(/*batch_size=*/10, /*batches_in_flight=*/2);
  const int shard = OpenShard(queue, 0);
  ASSERT_EQ(queue.Acknowledged(shard), 1) << "the table's state";
  EXPECT_TRUE(queue.PlaceRows(kNow));
  EXPECT_EQ(queue.NextOrder(shard, kNow), 10);
  EXPECT_EQ(queue.NextOrder(shard, kNow), 10);
  EXPECT_EQ(queue.NextOrder(shard, kNow), std::nullopt) << "no credit";
  EXPECT_EQ(queue.Expected(shard)->num_rows, 10);
  EXPECT_EQ(queue.Expected(shard)->share, 1);
  EXPECT_FALSE(queue.ready());
  queue.Arrived(shard, HeaderOf(5), kNow);
  ASSERT_TRUE(queue.ready());
  EXPECT_EQ(queue.Acknowledged(shard), 1) << "not taken yet";
  EXPECT_EQ(queue.Take().table.total_weight(), 5U);
  EXPECT_EQ(queue.Acknowledged(shard), 1) << "in the learner's hands";
  EXPECT_TRUE(queue.PlaceRows(kNow));
  EXPECT_EQ(queue.NextOrder(shard, kNow), std::nullopt) << "no credit";
  EXPECT_FALSE(queue.Stuck()) << "credit comes with the learner";
  queue.Use();
  EXPECT_EQ(queue.Acknowledged(shard), 2);
  EXPECT_EQ(queue.NextOrder(shard, kNow), 10);
}

TEST(BatchQueueTest, NothingIsOrderedFromShardsWithoutRows) {
  BatchQueue queue = MakeQueue(10, 1);
  const int empty = queue.AddShard();
  const int other = queue.AddShard();
  queue.Open(empty);
  queue.Open(other);
  for (const int shard : {empty, other}) {
    EXPECT_EQ(queue.NextOrder(shard, kNow), 0);
    EXPECT_EQ(queue.NextOrder(shard, kNow), std::nullopt) << "asked once";
    queue.Arrived(shard, HeaderOf(0), kNow);
  }
  EXPECT_FALSE(queue.PlaceRows(kNow));
  EXPECT_EQ(queue.NextOrder(other, kNow), std::nullopt) << "just heard";
  EXPECT_EQ(queue.NextOrder(other, kNow + absl::Milliseconds(200)), 0) << "asked again";
  queue.Arrived(other, HeaderOf(3), kNow);
  EXPECT_TRUE(queue.PlaceRows(kNow));
  EXPECT_EQ(queue.NextOrder(other, kNow), 10);
}

// A shard that answers with what a table says of itself, and batches that tell what was counted.
class CountsTest : public ::testing::Test {
 protected:
  v1::SampleHeader Says(uint64_t incarnation, int64_t inserted, int64_t restored, absl::Duration age,
                        int64_t sampled = 0) {
    v1::SampleHeader header = HeaderOf(1);
    header.mutable_table()->set_incarnation(incarnation);
    header.mutable_table()->set_inserted(inserted);
    header.mutable_table()->set_restored(restored);
    header.mutable_table()->set_sampled(sampled);
    header.mutable_table()->set_age_seconds(absl::ToDoubleSeconds(age));
    return header;
  }
  // A stream begins, and the table says of itself what `header` has.
  void Meet(const v1::SampleHeader& header, Instant now) {
    if (queue_.open(shard_)) queue_.Close(shard_);
    queue_.Open(shard_);
    EXPECT_EQ(queue_.NextOrder(shard_, now), 0);
    queue_.Arrived(shard_, header, now);
  }
  SampledCounts Take(const v1::SampleHeader& header, Instant now) {
    EXPECT_TRUE(queue_.PlaceRows(now));
    EXPECT_EQ(queue_.NextOrder(shard_, now), 1);
    EXPECT_TRUE(queue_.Expected(shard_).has_value());
    queue_.Arrived(shard_, header, now);
    const SampledCounts counts = queue_.Take().counts;
    queue_.Use();
    return counts;
  }

  BatchQueue queue_{
      {std::make_shared<const RowSchema>(TestSchema()), /*batch_size=*/1, /*batches_in_flight=*/1, kSeed, kNow}};
  int shard_ = queue_.AddShard();
};

TEST_F(CountsTest, RowsThatWereThereBeforeAreNotOfThisRun) {
  const Instant soon = kNow + absl::Seconds(1);
  Meet(Says(1, 5000, 3000, absl::Hours(1), 40'000), soon);  // A process that has served other learners.
  const SampledCounts counts = Take(Says(1, 5010, 3000, absl::Hours(1), 40'001), soon);
  EXPECT_EQ(counts.inserted, 10);
  EXPECT_EQ(counts.inserted_before, 5000);
  EXPECT_EQ(counts.sampled, 1);
}

TEST_F(CountsTest, OfAProcessThatIsYoungerOnlyWhatACheckpointBroughtWasThereBefore) {
  const Instant later = kNow + absl::Seconds(60);
  Meet(Says(1, 3005, 3000, absl::Seconds(5), 20'000), later);
  const SampledCounts counts = Take(Says(1, 3010, 3000, absl::Seconds(5), 20'001), later);
  EXPECT_EQ(counts.inserted, 10);
  EXPECT_EQ(counts.inserted_before, 3000);
  EXPECT_EQ(counts.sampled, 1);
}

TEST_F(CountsTest, GoOnAcrossShardsThatComeAndGo) {
  const Instant later = kNow + absl::Hours(2);
  const auto take = [&](uint64_t incarnation, int64_t inserted, int64_t restored) {
    return Take(Says(incarnation, inserted, restored, absl::Hours(1)), later).inserted;
  };
  Meet(Says(1, 0, 0, absl::Hours(1)), later);
  EXPECT_EQ(take(1, 100, 0), 100);
  EXPECT_EQ(take(1, 90, 0), 100) << "overtaken";
  EXPECT_EQ(take(2, 85, 80), 105) << "restarted from a checkpoint: 20 rows were lost and 5 came since";
  EXPECT_EQ(take(1, 110, 0), 115) << "another shard, or the old one after all";
  EXPECT_EQ(take(2, 85, 80), 115);
  EXPECT_EQ(take(3, 7, 0), 122);
}

TEST(StreamsOfTablesTest, AreToldOnceEveryShardHasSaidWhatItKnows) {
  BatchQueue queue = MakeQueue(10, 1);
  constexpr absl::Duration kPatience = absl::Seconds(3);
  EXPECT_EQ(queue.NewStreams(kNow, kPatience), std::nullopt);
  const int first = queue.AddShard();
  const int second = queue.AddShard();
  const auto meet = [&](int shard, uint64_t incarnation, int64_t streams_below) {
    if (queue.open(shard)) queue.Close(shard);
    queue.Open(shard);
    EXPECT_EQ(queue.NextOrder(shard, kNow), 0);
    v1::SampleHeader header = HeaderOf(0);
    header.mutable_table()->set_incarnation(incarnation);
    header.mutable_table()->set_streams_below(streams_below);
    queue.Arrived(shard, header, kNow);
  };
  meet(first, 1, 500);
  EXPECT_EQ(queue.NewStreams(kNow, kPatience), std::nullopt) << "the other one may know of more";
  meet(second, 2, 300);
  EXPECT_EQ(queue.NewStreams(kNow, kPatience), 500);
  EXPECT_EQ(queue.NewStreams(kNow, kPatience), std::nullopt);
  meet(first, 1, 4596);
  EXPECT_EQ(queue.NewStreams(kNow, kPatience), std::nullopt) << "what it was told meanwhile";
  meet(first, 3, 9000);
  EXPECT_EQ(queue.NewStreams(kNow, kPatience), 9000) << "another store";
}

TEST(StreamsOfTablesTest, AreToldWithoutAShardThatIsAway) {
  BatchQueue queue = MakeQueue(10, 1);
  const int there = queue.AddShard();
  queue.AddShard();
  queue.Open(there);
  queue.NextOrder(there, kNow);
  queue.Arrived(there, HeaderOf(0), kNow);
  EXPECT_EQ(queue.NewStreams(kNow + absl::Seconds(2), absl::Seconds(3)), std::nullopt);
  EXPECT_EQ(queue.NewStreams(kNow + absl::Seconds(3), absl::Seconds(3)), 0);
}

// Chi-square over 3 shards: 2 degrees of freedom, at 1e-6 (27.6). With 10^6 rows the smallest defect caught is about
// 0.3 % of a share.
TEST(BatchQueueTest, RowsAreSplitInProportionToWeights) {
  std::cout << "seed " << kSeed << "\n";
  const std::vector<std::vector<uint64_t>> cases = {
      {1, 2, 7}, {1000, 1, 1}, {~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0} / 2}};
  for (const std::vector<uint64_t>& weights : cases) {
    BatchQueue queue = MakeQueue(1000, 1);
    queue.AddShard();
    std::vector<int> shards;
    for (const uint64_t weight : weights) shards.push_back(OpenShard(queue, weight));
    double total = 0;
    for (const uint64_t weight : weights) total += static_cast<double>(weight);
    std::vector<double> rows(3);
    for (int batch = 0; batch < 1000; ++batch) {
      ASSERT_TRUE(queue.PlaceRows(kNow));
      for (size_t i = 0; i < 3; ++i) {
        const auto order = queue.NextOrder(shards[i], kNow);
        if (!order.has_value()) continue;
        rows[i] += *order;
        ASSERT_NEAR(queue.Expected(shards[i])->share, static_cast<double>(weights[i]) / total, 1e-12);
        queue.Arrived(shards[i], HeaderOf(weights[i]), kNow);
      }
      queue.Recycle(queue.Take());
      queue.Use();
    }
    double chi_square = 0;
    for (size_t i = 0; i < 3; ++i) {
      const double want = 1e6 * static_cast<double>(weights[i]) / total;
      chi_square += (rows[i] - want) * (rows[i] - want) / want;
    }
    EXPECT_LT(chi_square, 27.6);
  }
}

TEST(BatchQueueTest, WhatAShardOwesIsOrderedAgainFromTheOthers) {
  BatchQueue queue = MakeQueue(100, 1);
  queue.AddShard();
  const int first = OpenShard(queue, 50);
  const int second = OpenShard(queue, 50);
  queue.PlaceRows(kNow);
  const int32_t from_first = *queue.NextOrder(first, kNow);
  const int32_t from_second = *queue.NextOrder(second, kNow);
  EXPECT_EQ(from_first + from_second, 100);
  queue.Arrived(first, HeaderOf(50), kNow);
  queue.Close(first);  // What arrived is refunded there: it does not count.
  EXPECT_TRUE(queue.PlaceRows(kNow));
  EXPECT_EQ(queue.NextOrder(second, kNow), std::nullopt) << "no credit";
  EXPECT_FALSE(queue.Stuck()) << "its own part has yet to come";
  queue.Arrived(second, HeaderOf(50), kNow);
  EXPECT_FALSE(queue.ready());
  ASSERT_TRUE(queue.Stuck()) << "credit comes with taking the batch, which waits for the part";
  queue.AwaitCloses();
  EXPECT_FALSE(queue.Stuck());
  queue.Close(second);
  queue.Open(second);
  EXPECT_EQ(queue.NextOrder(second, kNow), 0);
  queue.Arrived(second, HeaderOf(50), kNow);
  EXPECT_TRUE(queue.PlaceRows(kNow));
  EXPECT_EQ(queue.NextOrder(second, kNow), 100) << "whole again";
  EXPECT_EQ(queue.Expected(second)->share, 1);
  queue.Arrived(second, HeaderOf(50), kNow);
  EXPECT_TRUE(queue.ready());
}

TEST(BatchQueueTest, AShardThatHoldsABatchUpIsFoundAndLeftOut) {
  BatchQueue queue = MakeQueue(100, 1);
  queue.AddShard();
  const int slow = OpenShard(queue, 50);
  const int quick = OpenShard(queue, 50);
  queue.PlaceRows(kNow);
  queue.NextOrder(slow, kNow);
  queue.NextOrder(quick, kNow);
  const Instant later = kNow + absl::Seconds(5);
  EXPECT_EQ(queue.Stalled(later, absl::Seconds(3)), std::nullopt) << "nobody has answered";
  queue.Arrived(quick, HeaderOf(50), kNow);
  EXPECT_EQ(queue.Stalled(kNow + absl::Seconds(2), absl::Seconds(3)), std::nullopt);
  EXPECT_EQ(queue.Stalled(later, absl::Seconds(3)), slow);
  queue.Suspend(slow, later + absl::Seconds(10));
  queue.Close(slow);
  queue.Open(slow);
  queue.NextOrder(slow, later);
  queue.Arrived(slow, HeaderOf(50), later);
  queue.PlaceRows(later);
  EXPECT_EQ(queue.NextOrder(slow, later), std::nullopt);
}

// Streams break at random, parts come at random: every row of every batch is there once, from a shard that is charged
// for it; nobody is owed more than its credit; acknowledgements never run ahead of what was used.
TEST(BatchQueueTest, RandomOperationsKeepTheBooks) {
  constexpr int kShards = 4;
  constexpr int32_t kRows = 20;
  constexpr int32_t kInFlight = 3;
  BatchQueue queue = MakeQueue(kRows, kInFlight);
  Rng rng(kSeed, Purpose::kTest, {});
  struct Model {
    bool open = false;
    bool restart = false;
    std::vector<int32_t> outstanding;  // Rows of orders not arrived.
    int64_t sent = 0;
  };
  std::map<int, Model> shards;
  for (int i = 0; i < kShards; ++i) shards[queue.AddShard()];
  int64_t taken = 0;
  Instant now = kNow;
  for (int step = 0; step < 100'000; ++step) {
    if (step % 50'000 == 0) rng = Rng(kSeed + static_cast<uint64_t>(step), Purpose::kTest, {});
    now += absl::Milliseconds(10);
    const int shard = static_cast<int>(rng.Index(kShards));
    Model& model = shards[shard];
    const uint32_t action = rng.Index(40);
    if (!model.open) {
      queue.Open(shard);
      model = Model();
      model.open = true;
    } else if (action == 0 || model.restart) {
      queue.Close(shard);
      model = Model();
    } else if (action < 20 && !model.outstanding.empty()) {
      const PartTarget target = *queue.Expected(shard);
      ASSERT_EQ(target.num_rows, model.outstanding.front());
      for (int32_t row = 0; row < target.num_rows; ++row) {
        target.batch->keys[static_cast<size_t>(target.first_row + row)] = static_cast<ItemKey>(step);
      }
      model.outstanding.erase(model.outstanding.begin());
      queue.Arrived(shard, HeaderOf(rng.Index(5)), now);
    } else {
      queue.PlaceRows(now);
      for (auto order = queue.NextOrder(shard, now); order.has_value(); order = queue.NextOrder(shard, now)) {
        model.outstanding.push_back(*order);
        ++model.sent;
      }
      ASSERT_LE(model.sent - queue.Acknowledged(shard), kInFlight);
      ASSERT_LE(static_cast<size_t>(queue.Acknowledged(shard)),
                static_cast<size_t>(model.sent) - model.outstanding.size());
    }
    if (queue.Stuck()) {
      queue.AwaitCloses();
      for (auto& [other, other_model] : shards) other_model.restart = other_model.open;
    }
    if (!queue.ready() || rng.Index(3) == 0) continue;
    queue.Use();
    SampledBatch batch = queue.Take();
    for (ItemKey& key : batch.keys) {
      ASSERT_NE(key, 0U) << "a row that nobody gave";
      key = 0;
    }
    queue.Recycle(std::move(batch));
    ++taken;
  }
  EXPECT_GT(taken, 2000);
}

}  // namespace
}  // namespace recbots::replay

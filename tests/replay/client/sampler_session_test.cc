// What a sampler says to its shards, without a network: a seed drives streams that begin and break, batches that come
// and are used, priorities and random streams, against servers that check what they are told as the real ones do.
#include "replay/client/sampler_session.h"

#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <memory>
#include <vector>

#include "common/base/random.h"
#include "tests/replay/support/test_rows.h"

namespace recbots::replay {
namespace {

constexpr uint64_t kSeed = 20261129;
constexpr int32_t kBatchSize = 20;
constexpr int32_t kInFlight = 3;

v1::SampleCredit FirstCredit() {
  v1::SampleCredit credit;
  credit.set_max_rows(kBatchSize);
  credit.set_max_batches(kInFlight);
  return credit;
}

// One shard's server, as far as one stream goes.
struct FakeServer {
  bool open = false;
  bool greeted = false;
  int64_t drawn = 0;
  int64_t acknowledged = 0;
  int64_t streams_below = 0;
  std::deque<int32_t> orders = {};

  void Hear(const v1::SampleCredit& credit) {
    ASSERT_EQ(credit.max_batches(), greeted ? 0 : kInFlight) << "the first message, and only that, says it";
    greeted = true;
    ASSERT_EQ(credit.keys_size(), credit.priorities_size());
    ASSERT_GE(credit.acknowledged_batches(), acknowledged);
    ASSERT_LE(credit.acknowledged_batches(), drawn) << "acknowledges what was not drawn";
    ASSERT_GE(credit.streams_below(), streams_below);
    acknowledged = credit.acknowledged_batches();
    streams_below = credit.streams_below();
    for (const int32_t rows : credit.rows()) {
      ASSERT_LE(rows, kBatchSize);
      orders.push_back(rows);
    }
    ASSERT_LE(drawn - acknowledged + static_cast<int64_t>(orders.size()), kInFlight) << "more than its credit";
  }
};

class World {
 public:
  explicit World(uint64_t seed)
      : rng_(seed, Purpose::kTest, {}),
        queue_({std::make_shared<const RowSchema>(TestSchema()), kBatchSize, kInFlight, seed}) {
    for (uint32_t i = 0; i < 1 + rng_.Index(3); ++i) {
      sessions_.push_back(std::make_unique<SamplerSession>(&queue_, queue_.AddShard(), &first_));
      servers_.emplace_back();
    }
  }

  void Step(bool calm) {
    now_ += absl::Milliseconds(10);
    const size_t shard = rng_.Index(static_cast<uint32_t>(servers_.size()));
    SamplerSession& session = *sessions_[shard];
    FakeServer& server = servers_[shard];
    const uint32_t event = rng_.Index(20);
    if (event < 3) {
      ++given_priorities_;
      dropped_priorities_ += session.AddPriority(1 + rng_.Index(9), 1);
    } else if (event == 3) {
      streams_below_ += rng_.Index(3);
    }
    if (!server.open) {
      server = {.open = true};
      return Say(server, *session.BeginStream(now_));
    }
    if ((event == 4 && !calm) || queue_.Stuck()) return BreakAll(queue_.Stuck(), shard);
    if (event < 12 && !server.orders.empty()) return Answer(shard);
    queue_.Use();  // The learner comes for the next batch.
    queue_.PlaceRows(now_);
    if (queue_.ready()) {
      queue_.Take();
      ++taken_;
    }
    if (const auto* const credit = session.NextCredit(streams_below_, /*all=*/event > 15, now_)) Say(server, *credit);
  }

  // Once all is well, batches keep coming and nothing that was said is missing.
  void Settle() {
    const int64_t before = taken_;
    for (int step = 0; step < 500; ++step) Step(/*calm=*/true);
    ASSERT_GT(taken_, before + 10) << "no progress";
    for (size_t i = 0; i < servers_.size(); ++i) {
      while (servers_[i].open && !servers_[i].orders.empty()) Answer(i);
      if (const auto* const credit = sessions_[i]->NextCredit(streams_below_, /*all=*/true, now_)) {
        Say(servers_[i], *credit);
      }
      ASSERT_EQ(servers_[i].streams_below, streams_below_);
      ASSERT_EQ(sessions_[i]->NextCredit(streams_below_, /*all=*/true, now_), nullptr) << "says a thing twice";
    }
    ASSERT_EQ(given_priorities_, said_priorities_ + dropped_priorities_) << "neither told nor counted, or told twice";
  }

 private:
  void Say(FakeServer& server, const v1::SampleCredit& credit) {
    said_priorities_ += credit.keys_size();
    server.Hear(credit);
  }

  void Answer(size_t shard) {
    FakeServer& server = servers_[shard];
    ASSERT_EQ(queue_.Expected(static_cast<int>(shard))->num_rows, server.orders.front());
    server.orders.pop_front();
    ++server.drawn;
    v1::SampleHeader header;
    header.mutable_table()->set_total_weight(1 + rng_.Index(5));
    queue_.Arrived(static_cast<int>(shard), header, now_);
  }

  // The stream of that shard breaks; or, when the queue is stuck, the client ends all and keeps the priorities.
  void BreakAll(bool stuck, size_t only) {
    if (stuck) queue_.AwaitCloses();
    for (size_t i = 0; i < servers_.size(); ++i) {
      if (!servers_[i].open || (!stuck && i != only)) continue;
      servers_[i] = {};
      dropped_priorities_ += sessions_[i]->EndStream(/*keep=*/stuck);
    }
  }

  Rng rng_;
  const v1::SampleCredit first_ = FirstCredit();
  Instant now_;
  BatchQueue queue_;
  std::vector<std::unique_ptr<SamplerSession>> sessions_;
  std::vector<FakeServer> servers_;
  int64_t streams_below_ = 0;
  int64_t taken_ = 0;
  int64_t given_priorities_ = 0;
  int64_t said_priorities_ = 0;
  int64_t dropped_priorities_ = 0;
};

TEST(SamplerSessionTest, SaysEverythingOnceAndNeverMoreThanItsCredit) {
  std::cout << "seed " << kSeed << "\n";
  for (uint64_t i = 0; i < 500; ++i) {
    SCOPED_TRACE(testing::Message() << "seed " << kSeed + i);
    World world(kSeed + i);
    for (int step = 0; step < 300 && !testing::Test::HasFatalFailure(); ++step) world.Step(/*calm=*/false);
    if (!testing::Test::HasFatalFailure()) world.Settle();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace recbots::replay

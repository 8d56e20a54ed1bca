// A writer's session without a network. A seed drives thousands of sequences of what can happen to it: rows, cuts,
// damage, full disks, limiters, stores that come back with less. A ledger of the store says what became of each row.
#include "replay/client/writer_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <iostream>
#include <map>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/base/thread.h"

namespace recbots::replay {
namespace {

using Kind = WriterSession::Step::Kind;

constexpr uint64_t kSeed = 20261129;
constexpr int64_t kRowBytes = sizeof(int64_t);

// A row is its number in the order in which rows were made.
std::vector<int64_t> RowsOf(const BlockRing::Outgoing& block) {
  std::vector<int64_t> rows(static_cast<size_t>(block.header.num_rows));
  std::memcpy(rows.data(), block.rows.begin(), block.rows.size());
  return rows;
}

// What a server keeps, as far as the protocol goes: rows, and how many each writer has there.
struct FakeStore {
  std::vector<int64_t> rows;
  std::map<int, int64_t> writers;
};

struct Chances {
  uint32_t damage = 0;  // Of 100 blocks.
  bool takes_rows = true;
  bool commits = true;  // Every commit makes a checkpoint; otherwise every other one finds the disk full.
};

class World {
 public:
  explicit World(uint64_t seed) : rng_(seed, Purpose::kTest, {}) {
    options_.durable = rng_.Index(2) == 0;
    options_.block_bytes = kRowBytes * (1 + rng_.Index(8));
    options_.buffer_bytes = options_.block_bytes * (3 + rng_.Index(10));
    if (rng_.Index(2) == 0) options_.max_waiting = absl::Milliseconds(1 + rng_.Index(40));
    window_bytes_ = rng_.Index(4) == 0 ? 1 : kRowBytes * (1 + rng_.Index(100));
    max_waiting_rows_ = rng_.Index(2) == 0 ? 0 : 1 + rng_.Index(30);
    session_.emplace(&options_, kRowBytes, &clock_);
  }

  // One event, chosen at random.
  void Step() {
    if (!connected_ && rng_.Index(5) == 0) return Connect();
    const uint32_t event = rng_.Index(100);
    if (event < 20) return Append(1 + rng_.Index(10));
    if (event < 30) return clock_.Advance(absl::Milliseconds(rng_.Index(20)));
    if (event < 31) return clock_.Advance(absl::Seconds(rng_.Index(10)));
    if (event < 50) return Send(/*can_write=*/rng_.Index(4) > 0);
    if (event < 68) return Serve();
    if (event < 76) return Acknowledge();
    if (event < 90) return Receive();
    if (event < 92) return Break();
    if (event < 93) return Restart();
    if (event < 94) return TakeCheckpoint();
    if (event < 95) return (void)session_->StartFlush();
    if (event < 97) return (void)session_->DropWaited();
    if (event < 98) return (void)session_->HasRoom(1 + rng_.Index(12));
    if (event < 99) chances_.takes_rows = rng_.Index(3) > 0;
    chances_.damage = rng_.Index(2) * 20;
    chances_.commits = rng_.Index(2) == 0;
  }

  // Nothing goes wrong any more: all rows arrive soon.
  void Settle() {
    chances_ = {};
    const int64_t target = session_->StartFlush();
    for (int round = 0; round < 2000 && session_->safe_rows() < target; ++round) {
      if (!connected_) Connect();
      Send(/*can_write=*/true);
      Serve();
      Acknowledge();
      Receive();
      clock_.Advance(absl::Milliseconds(5));  // A commit that came to nothing is repeated after 5 s.
    }
    const ReplayWriterStats stats = session_->stats();
    ASSERT_GE(session_->safe_rows(), target) << "no progress";
    ASSERT_TRUE(session_->idle());
    ASSERT_EQ(session_->NextDrop(), Instant::InfiniteFuture());
    ASSERT_EQ(stats.appended_rows, made_);
    ASSERT_EQ(stats.waiting_rows, 0);
    ASSERT_EQ(static_cast<int64_t>(store_.rows.size()), made_ - stats.dropped_rows - stats.lost_rows)
        << "a row is missing without being counted, or is there twice";
    if (options_.durable) {
      ASSERT_EQ(stats.lost_rows + stats.dropped_rows + stats.store_restarts, 0);
    }
    if (options_.max_waiting == absl::InfiniteDuration()) {
      ASSERT_EQ(stats.dropped_rows, 0);
    }
    ASSERT_TRUE(std::is_sorted(store_.rows.begin(), store_.rows.end(), std::less_equal<>()))
        << "out of order, or twice";
    lost_ += stats.lost_rows;
    dropped_ += stats.dropped_rows;
    resent_ += stats.resent_blocks;
  }

  // Over all worlds.
  static inline int64_t lost_ = 0, dropped_ = 0, resent_ = 0;

 private:
  struct Message {
    Kind kind;
    int64_t first = 0;
    std::vector<int64_t> rows = {};
    bool damaged = false;
  };

  void Append(int64_t count) {
    std::vector<int64_t> rows(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) rows[static_cast<size_t>(i)] = made_ + i;
    const std::vector<float> priorities(rng_.Index(8) == 0 ? rows.size() : 0, 1.0F);
    made_ += session_->Append({reinterpret_cast<const char*>(rows.data()), count, 1, priorities});
    (void)session_->TakeRoomNews();
  }

  void Connect() {
    session_->BeginStream();
    connected_ = true;
    skipping_ = false;
    store_.writers.try_emplace(writer_, 0);
    Acknowledge();
    if (rng_.Index(4) == 0) Acknowledge();
    while (!acks_.empty()) Hear();
    EXPECT_EQ(session_->answering_store(), 7U);
    const absl::Status accepted = session_->Accept();
    if (absl::IsAborted(accepted)) {
      ASSERT_FALSE(options_.durable) << "every row that a durable writer let go of is in a checkpoint";
      session_->StartAnew(session_->known_rows());
      ++writer_;
      connected_ = false;
      return;
    }
    ASSERT_TRUE(accepted.ok()) << accepted;
    known_ = store_.writers[writer_];
  }

  void Send(bool can_write) {
    if (!connected_) return;
    const Instant next_look = session_->BeginLook();
    const bool has_step = session_->HasStep(can_write);
    const int64_t room_for = max_waiting_rows_ == 0 ? 1 << 20 : max_waiting_rows_;
    WriterSession::Step step = session_->NextStep(can_write);
    ASSERT_EQ(step.kind != Kind::kWait, has_step) << "a sender that wakes for nothing, or is not woken";
    if (!has_step) {
      ASSERT_GT(next_look, clock_.Now()) << "a sender that never sleeps";
    }
    if (step.kind == Kind::kWait) return;
    Message message = {.kind = step.kind};
    if (step.kind == Kind::kBlock) {
      message.first = step.block.header.first_sequence;
      message.rows = RowsOf(step.block);
      message.damaged = rng_.Index(100) < chances_.damage;
      const int64_t in_flight = message.first - known_;
      const auto rows = static_cast<int64_t>(message.rows.size());
      ASSERT_GE(in_flight, 0) << "rows are sent after they were acknowledged";
      if (in_flight > 0) {
        ASSERT_LE((in_flight + rows) * kRowBytes, window_bytes_);
        ASSERT_LE(in_flight + rows, room_for / 2);
      }
      ASSERT_LE(rows, std::max<int64_t>(1, room_for / 4));
    }
    wire_.push_back(std::move(message));
  }

  // The server looks at the next message.
  void Serve() {
    if (wire_.empty() || !chances_.takes_rows) return;
    const Message message = std::move(wire_.front());
    wire_.pop_front();
    int64_t& applied = store_.writers[writer_];
    switch (message.kind) {
      case Kind::kBlock:
        if (skipping_ && message.first > applied) return;
        ASSERT_LE(message.first, applied) << "rows between are missing";
        if (message.damaged) {
          skipping_ = true;
          return Acknowledge(/*refuses=*/true);
        }
        skipping_ = false;
        for (size_t i = 0; i < message.rows.size(); ++i) {
          if (message.first + static_cast<int64_t>(i) < applied) continue;
          store_.rows.push_back(message.rows[i]);
          ++applied;
        }
        return;
      case Kind::kCommit:
        if (chances_.commits || rng_.Index(2) == 0) TakeCheckpoint();
        return;
      default:
        return;
    }
  }

  void TakeCheckpoint() { checkpoint_ = store_; }

  void Acknowledge(bool refuses = false) {
    if (!connected_) return;
    v1::InsertAck& ack = acks_.emplace_back();
    ack.set_store_id(7);
    ack.set_window_bytes(window_bytes_);
    ack.set_max_waiting_rows(max_waiting_rows_);
    ack.set_acknowledged_rows(store_.writers[writer_]);
    const auto durable = checkpoint_.writers.find(writer_);
    ack.set_durable_rows(durable == checkpoint_.writers.end() ? 0 : durable->second);
    ack.set_blocked_on(chances_.takes_rows ? v1::BLOCKED_ON_NONE : v1::BLOCKED_ON_SPI_INSERT);
    if (refuses) ack.mutable_refusal()->set_code(static_cast<int>(absl::StatusCode::kDataLoss));
  }

  void Receive() {
    if (acks_.empty()) return;
    known_ = std::max(known_, acks_.front().acknowledged_rows());
    Hear();
    (void)session_->TakeRoomNews();
  }
  void Hear() {
    const absl::Status heard = session_->OnAck(acks_.front());
    acks_.pop_front();
    // The sixth damaged block in a row ends a writer.
    if (absl::IsDataLoss(heard)) chances_.damage = 0;
    ASSERT_TRUE(heard.ok() || absl::IsDataLoss(heard)) << heard;
    if (!heard.ok()) Break();
  }

  void Break() {
    if (!connected_) return;
    session_->EndStream();
    connected_ = false;
    wire_.clear();
    acks_.clear();
  }
  // The server comes back with what its newest checkpoint holds.
  void Restart() {
    Break();
    store_ = checkpoint_;
  }

  Rng rng_;
  FakeClock clock_;
  ReplayWriterOptions options_;
  std::optional<WriterSession> session_;
  Chances chances_;
  int64_t window_bytes_ = 0;
  int64_t max_waiting_rows_ = 0;
  int64_t made_ = 0;
  int writer_ = 0;  // As the store knows the session.
  FakeStore store_;
  FakeStore checkpoint_;
  bool connected_ = false;
  bool skipping_ = false;
  int64_t known_ = 0;  // Acknowledged on this stream.
  std::deque<Message> wire_;
  std::deque<v1::InsertAck> acks_;
};

TEST(WriterSessionTest, NoRowIsLostOrThereTwiceWhateverHappens) {
  std::cout << "seed " << kSeed << "\n";
  for (uint64_t i = 0; i < 5000; ++i) {
    SCOPED_TRACE(testing::Message() << "seed " << kSeed + i);
    World world(kSeed + i);
    for (int step = 0; step < 300 && !testing::Test::HasFatalFailure(); ++step) world.Step();
    if (!testing::Test::HasFatalFailure()) world.Settle();
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(World::lost_, 1000) << "stores forgot";
  EXPECT_GT(World::dropped_, 1000);
  EXPECT_GT(World::resent_, 1000);
}

TEST(WriterSessionTest, WhatNobodyWhoKeepsToTheProtocolSaysIsFinal) {
  const ReplayWriterOptions options = {.block_bytes = 64};
  WriterSession session(&options, kRowBytes);
  session.BeginStream();
  v1::InsertAck ack;
  ack.set_acknowledged_rows(1);
  ASSERT_TRUE(session.OnAck(ack).ok());
  EXPECT_EQ(session.Accept(), absl::InternalError("acknowledged 1 rows, want 0..0"));
  ack.set_acknowledged_rows(0);
  ASSERT_TRUE(session.OnAck(ack).ok());
  ASSERT_TRUE(session.Accept().ok());
  ack.mutable_refusal()->set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
  ack.mutable_refusal()->set_message("so it is");
  EXPECT_EQ(session.OnAck(ack), absl::InvalidArgumentError("refused: so it is"));
  ack.mutable_refusal()->set_code(static_cast<int>(absl::StatusCode::kDataLoss));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(session.OnAck(ack).ok());
  EXPECT_EQ(session.OnAck(ack), absl::DataLossError("refused a block 6 times in a row: so it is"));
}

// Three threads as in ShardWriter: one makes rows, one takes steps and looks at blocks without the lock, one is the
// network.
TEST(WriterSessionTest, BlocksAreReadWhileRowsAreMade) {
  constexpr int64_t kRows = 100'000;
  const ReplayWriterOptions options = {.block_bytes = 256, .max_delay = absl::Milliseconds(1), .buffer_bytes = 4096};
  Mutex mu;
  WriterSession session(&options, kRowBytes);
  bool has_room = true;
  v1::InsertAck ack;
  ack.set_window_bytes(1024);
  {
    MutexLock lock(&mu);
    session.BeginStream();
    ASSERT_TRUE(session.OnAck(ack).ok());
    ASSERT_TRUE(session.Accept().ok());
  }
  Mutex wire_mu;
  std::deque<BlockRing::Outgoing> wire;
  Thread sender("sender", [&] {
    for (int64_t sent = 0; sent < kRows;) {
      WriterSession::Step step;
      {
        MutexLock lock(&mu);
        mu.AwaitUntil([&] { return session.HasStep(/*can_write=*/true); }, session.BeginLook());
        step = session.NextStep(/*can_write=*/true);
        has_room = session.TakeRoomNews() || has_room;
      }
      if (step.kind != Kind::kBlock) continue;
      for (const int64_t row : RowsOf(step.block)) RECBOTS_CHECK(row == sent++);
      MutexLock lock(&wire_mu);
      wire.push_back(std::move(step.block));
    }
  });
  Thread network("network", [&] {
    for (int64_t came = 0; came < kRows;) {
      BlockRing::Outgoing block;
      {
        MutexLock lock(&wire_mu);
        wire_mu.AwaitUntil([&] { return !wire.empty(); }, Instant::InfiniteFuture());
        block = std::move(wire.front());
        wire.pop_front();
      }
      for (const int64_t row : RowsOf(block)) RECBOTS_CHECK(row == came++);
      ack.set_acknowledged_rows(came);
      MutexLock lock(&mu);
      RECBOTS_CHECK_OK(session.OnAck(ack));
      has_room = session.TakeRoomNews() || has_room;
    }
  });
  for (int64_t made = 0; made < kRows;) {
    int64_t rows[16];
    const int64_t count = std::min<int64_t>(16, kRows - made);
    for (int64_t i = 0; i < count; ++i) rows[i] = made + i;
    MutexLock lock(&mu);
    mu.AwaitUntil([&] { return has_room; }, Instant::InfiniteFuture());
    const int64_t taken = session.Append({reinterpret_cast<const char*>(rows), count, 1, {}});
    has_room = taken > 0;
    made += taken;
  }
}

}  // namespace
}  // namespace recbots::replay

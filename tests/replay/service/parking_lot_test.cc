#include "replay/service/parking_lot.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/base/instant.h"
#include "common/base/thread.h"

namespace recbots::replay {
namespace {

// Goes on when there is a token; notes that it did.
class Waiter final : public Parkable {
 public:
  Waiter(int name, std::atomic<int>* tokens, std::vector<int>* order) : name_(name), tokens_(*tokens), order_(*order) {}

  BlockedOn Resume() override {
    ++tries_;
    if (tokens_.load() == 0) return BlockedOn::kSpiInsert;
    --tokens_;
    order_.push_back(name_);
    return BlockedOn::kNone;
  }
  int tries() const { return tries_; }

 private:
  const int name_;
  std::atomic<int>& tokens_;
  std::vector<int>& order_;
  int tries_ = 0;
};

class ParkingLotTest : public testing::Test {
 protected:
  std::shared_ptr<Waiter> Park(int name, ParkingLot::Side side) {
    auto waiter = std::make_shared<Waiter>(name, &tokens_, &order_);
    lot_.Park(side, waiter, BlockedOn::kSpiInsert, lot_.wakes(side));
    return waiter;
  }

  std::atomic<int> tokens_{0};
  std::vector<int> order_;
  ParkingLot lot_;
};

TEST_F(ParkingLotTest, ResumesInTheOrderOfArrivalUntilOneIsRefused) {
  const auto first = Park(1, ParkingLot::kInserter);
  Park(2, ParkingLot::kInserter);
  const auto third = Park(3, ParkingLot::kInserter);
  const auto fourth = Park(4, ParkingLot::kInserter);
  tokens_ = 2;
  lot_.Wake(ParkingLot::kInserter);
  EXPECT_EQ(order_, (std::vector<int>{1, 2}));
  EXPECT_EQ(third->tries(), 1);
  EXPECT_EQ(fourth->tries(), 0);
  tokens_ = 2;
  lot_.Wake(ParkingLot::kInserter);
  EXPECT_EQ(order_, (std::vector<int>{1, 2, 3, 4}));
}

TEST_F(ParkingLotTest, SidesAreWokenApart) {
  Park(1, ParkingLot::kInserter);
  tokens_ = 1;
  lot_.Wake(ParkingLot::kSampler);
  EXPECT_TRUE(order_.empty());
}

TEST_F(ParkingLotTest, AWakeBetweenTheTryAndTheParkingIsNotLost) {
  const int64_t seen = lot_.wakes(ParkingLot::kSampler);
  tokens_ = 1;
  lot_.Wake(ParkingLot::kSampler);
  lot_.Park(ParkingLot::kSampler, std::make_shared<Waiter>(1, &tokens_, &order_), BlockedOn::kItems, seen);
  EXPECT_EQ(order_, std::vector<int>{1});
}

// The learner goes first: a sampler that is woken while inserters are being resumed goes before the next of them.
TEST_F(ParkingLotTest, SamplersGoBeforeInserters) {
  class Waker final : public Parkable {
   public:
    explicit Waker(ParkingLot* lot) : lot_(*lot) {}
    BlockedOn Resume() override {
      lot_.Wake(ParkingLot::kSampler);
      return BlockedOn::kNone;
    }

   private:
    ParkingLot& lot_;
  };
  lot_.Park(ParkingLot::kInserter, std::make_shared<Waker>(&lot_), BlockedOn::kSpiInsert, 0);
  Park(1, ParkingLot::kInserter);
  Park(2, ParkingLot::kSampler);
  tokens_ = 2;
  lot_.Wake(ParkingLot::kInserter);
  EXPECT_EQ(order_, (std::vector<int>{2, 1}));
}

TEST_F(ParkingLotTest, ObserversAreWokenWithSamplersAndComeLast) {
  Park(1, ParkingLot::kObserver);
  Park(2, ParkingLot::kInserter);
  Park(3, ParkingLot::kSampler);
  Park(4, ParkingLot::kSampler);
  tokens_ = 4;
  lot_.Wake(ParkingLot::kSampler);
  EXPECT_EQ(order_, (std::vector<int>{3, 4, 1}));
  const auto alone = Park(5, ParkingLot::kObserver);
  lot_.Wake(ParkingLot::kInserter);
  EXPECT_EQ(alone->tries(), 0);
  tokens_ = 1;
  lot_.Wake(ParkingLot::kSampler);
  EXPECT_EQ(order_.back(), 5) << "although no sampler waits";
}

TEST_F(ParkingLotTest, AWakeBetweenTheTryAndTheParkingOfAnObserverIsNotLost) {
  const int64_t seen = lot_.wakes(ParkingLot::kObserver);
  tokens_ = 1;
  lot_.Wake(ParkingLot::kSampler);
  lot_.Park(ParkingLot::kObserver, std::make_shared<Waiter>(1, &tokens_, &order_), BlockedOn::kItems, seen);
  EXPECT_EQ(order_, std::vector<int>{1});
}

TEST_F(ParkingLotTest, WhoIsGoneIsNotResumed) {
  const auto first = Park(1, ParkingLot::kInserter);
  const auto second = Park(2, ParkingLot::kInserter);
  first->SetGone();
  lot_.Leave(ParkingLot::kInserter, first.get());
  second->SetGone();
  lot_.Leave(ParkingLot::kInserter, second.get());
  lot_.Leave(ParkingLot::kInserter, second.get());
  lot_.Park(ParkingLot::kInserter, second, BlockedOn::kCapacity, lot_.wakes(ParkingLot::kInserter));
  tokens_ = 9;
  lot_.Wake(ParkingLot::kInserter);
  EXPECT_EQ(first->tries() + second->tries(), 0);
}

TEST_F(ParkingLotTest, CountsTimeInWhichSomebodyWaited) {
  EXPECT_EQ(lot_.blocked_times()[static_cast<size_t>(BlockedOn::kSpiInsert)], absl::ZeroDuration());
  Park(1, ParkingLot::kInserter);
  Park(2, ParkingLot::kInserter);
  const auto blocked = [this] { return lot_.blocked_times()[static_cast<size_t>(BlockedOn::kSpiInsert)]; };
  const absl::Duration before = blocked();
  Instant deadline = Instant::Now() + absl::Seconds(10);
  while (blocked() <= before && Instant::Now() < deadline) {
  }
  EXPECT_GT(blocked(), before) << "while it lasts";
  tokens_ = 2;
  lot_.Wake(ParkingLot::kInserter);
  EXPECT_EQ(blocked(), blocked()) << "and no longer";
  const absl::Duration after = blocked();
  Park(3, ParkingLot::kObserver);
  deadline = Instant::Now() + absl::Milliseconds(1);
  while (Instant::Now() < deadline) {
  }
  EXPECT_EQ(blocked(), after) << "an observer's waiting is no one's";
}

// Two threads hand tokens back and forth through the lot; a lost wake would leave somebody parked.
TEST_F(ParkingLotTest, LosesNoWakeUnderRaces) {
  class Taker final : public Parkable {
   public:
    explicit Taker(std::atomic<int>* tokens) : tokens_(*tokens) {}
    BlockedOn Resume() override {
      int left = tokens_.load();
      while (left > 0 && !tokens_.compare_exchange_weak(left, left - 1)) {
      }
      if (left == 0) return BlockedOn::kItems;
      ++taken;
      return BlockedOn::kNone;
    }
    std::atomic<int> taken{0};

   private:
    std::atomic<int>& tokens_;
  };
  constexpr int kRounds = 20'000;
  const auto taker = std::make_shared<Taker>(&tokens_);
  {
    const Thread giver("giver", [this] {
      for (int i = 0; i < kRounds; ++i) {
        ++tokens_;
        lot_.Wake(ParkingLot::kSampler);
      }
    });
    for (int i = 0; i < kRounds; ++i) {
      const int64_t seen = lot_.wakes(ParkingLot::kSampler);
      const BlockedOn blocked_on = taker->Resume();
      if (blocked_on != BlockedOn::kNone) lot_.Park(ParkingLot::kSampler, taker, blocked_on, seen);
    }
  }
  EXPECT_EQ(taker->taken, kRounds);
  EXPECT_EQ(tokens_, 0);
}

}  // namespace
}  // namespace recbots::replay

#include "actor/simulate/ordered_handover.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/base/thread.h"

namespace recbots {
namespace {

const std::function<bool()> kNever = [] { return false; };

TEST(OrderedHandoverTest, TakesPiecesOfManyThreadsInTheirOrder) {
  constexpr int64_t kPieces = 5000;
  std::vector<int64_t> taken;  // Only touched by the thread that takes.
  OrderedHandover<std::string> handover(4, [&taken](std::string& piece) {
    taken.push_back(std::stoll(piece));
    return true;
  });
  std::atomic<int64_t> next{0};
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int i = 0; i < 4; ++i) {
      threads.push_back(std::make_unique<Thread>("hand", [&] {
        for (int64_t number = next++; number < kPieces; number = next++) {
          EXPECT_TRUE(handover.Hand(number, std::to_string(number), kNever));
        }
      }));
    }
  }
  std::vector<int64_t> want;
  for (int64_t i = 0; i < kPieces; ++i) want.push_back(i);
  EXPECT_EQ(taken, want);
}

TEST(OrderedHandoverTest, EarlyPiecesWaitForTheNextOne) {
  std::string taken;
  OrderedHandover<char> handover(4, [&taken](char& piece) {
    taken.push_back(piece);
    return true;
  });
  EXPECT_TRUE(handover.Hand(2, 'c', kNever));
  EXPECT_TRUE(handover.Hand(1, 'b', kNever));
  EXPECT_EQ(taken, "");
  EXPECT_TRUE(handover.Hand(0, 'a', kNever));
  EXPECT_EQ(taken, "abc");
  EXPECT_TRUE(handover.Hand(3, 'd', kNever));
  EXPECT_EQ(taken, "abcd");
}

TEST(OrderedHandoverTest, NothingIsTakenAfterTheLast) {
  std::string taken;
  OrderedHandover<char> handover(4, [&taken](char& piece) {
    taken.push_back(piece);
    return piece != 'b';
  });
  EXPECT_TRUE(handover.Hand(2, 'c', kNever));
  EXPECT_TRUE(handover.Hand(0, 'a', kNever));
  EXPECT_FALSE(handover.Hand(1, 'b', kNever));
  EXPECT_FALSE(handover.Hand(3, 'd', kNever));
  EXPECT_EQ(taken, "ab");
}

TEST(OrderedHandoverTest, ItIsBoundedAndCanBeStopped) {
  OrderedHandover<int> handover(2, [](int&) { return true; });
  EXPECT_TRUE(handover.Hand(3, 0, kNever));
  EXPECT_TRUE(handover.Hand(1, 0, kNever));
  EXPECT_FALSE(handover.Hand(2, 0, [] { return true; }));  // No room, and nobody will make some.
  EXPECT_TRUE(handover.Hand(0, 0, kNever));                // The next one always has room.
}

}  // namespace
}  // namespace recbots

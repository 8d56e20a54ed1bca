#include "replay/table/slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace recbots::replay {
namespace {

using ::testing::ElementsAre;

TEST(SlotsTest, TakesTheLastOneGivenUpFirstThenUnusedOnes) {
  Slots slots = Slots::Create(4, /*counted=*/true, /*base=*/100).value();
  const auto take = [&slots] {
    const uint32_t slot = slots.NextFree();
    slots.TakeFree();
    return slot;
  };
  EXPECT_EQ(take(), 0u);
  EXPECT_EQ(take(), 1u);
  EXPECT_EQ(take(), 2u);
  slots.GiveUp(0);
  slots.GiveUp(2);
  EXPECT_THAT(std::vector<uint32_t>(slots.free().begin(), slots.free().end()), ElementsAre(0, 2));
  EXPECT_EQ(slots.num_held(), 1u);
  EXPECT_EQ(take(), 2u);
  EXPECT_EQ(take(), 0u);
  EXPECT_EQ(take(), 3u);
  EXPECT_EQ(slots.NextFree(), Slots::kNone);
  EXPECT_EQ(slots.KeyOf(0), MakeKey(101, 0));
  EXPECT_EQ(slots.KeyOf(3), MakeKey(100, 3));
}

TEST(SlotsTest, AKeyHoldsUntilItsRowGoes) {
  Slots slots = Slots::Create(2, /*counted=*/true, /*base=*/7).value();
  EXPECT_FALSE(slots.Holds(MakeKey(7, 0))) << "never used";
  slots.TakeFree();
  const ItemKey first = slots.KeyOf(0);
  EXPECT_TRUE(slots.Holds(WithShard(first, 9)));
  slots.set_parked(0, true);
  EXPECT_TRUE(slots.Holds(first));
  slots.Renew(0);
  EXPECT_FALSE(slots.parked(0));
  EXPECT_FALSE(slots.Holds(first));
  const ItemKey second = slots.KeyOf(0);
  slots.GiveUp(0);
  EXPECT_FALSE(slots.Holds(second));
  EXPECT_FALSE(slots.Holds(MakeKey(GenerationOf(second) + 1, 0))) << "of the row that will come";
  EXPECT_FALSE(slots.Holds(MakeKey(7, 2))) << "beyond the table";
}

// All 2^24 generations of a slot are different and none touches the bits beside it.
TEST(SlotsTest, GenerationsGoRoundAfterTheLast) {
  Slots slots = Slots::Create(1, /*counted=*/false, /*base=*/kMaxGeneration - 2).value();
  slots.TakeFree();
  const ItemKey first = slots.KeyOf(0);
  for (uint32_t i = 0; i < kMaxGeneration; ++i) {
    slots.Renew(0);
    ASSERT_FALSE(slots.Holds(first)) << i;
    ASSERT_TRUE(slots.held(0));
    ASSERT_FALSE(slots.parked(0));
  }
  slots.Renew(0);
  EXPECT_TRUE(slots.Holds(first)) << "one in 2^24";
}

}  // namespace
}  // namespace recbots::replay

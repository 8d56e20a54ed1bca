#include "replay/service/sent_batches.h"

#include <gtest/gtest.h>

namespace recbots::replay {
namespace {

TEST(SentBatchesTest, GivesBatchesBackInTheOrderDrawn) {
  SentBatches sent;
  sent.Add(std::vector<ItemKey>{1, 2, 3});
  sent.Add({});
  sent.Add(std::vector<ItemKey>{4});
  EXPECT_EQ(sent.drawn(), 3);
  EXPECT_EQ(sent.rows(), 4);
  EXPECT_EQ(sent.TakeOldest(), (SentBatches::Keys{1, 2, 3}));
  EXPECT_EQ(sent.TakeOldest(), SentBatches::Keys{});
  EXPECT_EQ(sent.acknowledged(), 2);
  EXPECT_EQ(sent.batches(), 1);
  EXPECT_EQ(sent.rows(), 1);
  EXPECT_EQ(sent.TakeOldest(), SentBatches::Keys{4});
  EXPECT_TRUE(sent.empty());
}

TEST(SentBatchesTest, UsesMemoryAgain) {
  SentBatches sent;
  sent.Add(std::vector<ItemKey>(100, 7));
  SentBatches::Keys keys = sent.TakeOldest();
  const ItemKey* const memory = keys.data();
  sent.Recycle(std::move(keys));
  sent.Add(std::vector<ItemKey>(50, 8));
  EXPECT_EQ(sent.TakeOldest().data(), memory);
}

}  // namespace
}  // namespace recbots::replay

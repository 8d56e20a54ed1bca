#include "common/agents/layers/slate_memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace recbots {
namespace {

using Slate = std::vector<int32_t>;
using Floats = std::vector<float>;

EnvironmentSpec ToySpec(int num_features, bool fixed_catalogue) {
  EnvironmentSpec spec;
  spec.num_candidates = 4;
  spec.num_candidate_features = num_features;
  spec.slate_size = 2;
  spec.fixed_catalogue = fixed_catalogue;
  return spec;
}

SlateMemory Memory(int num_features = 1, bool fixed_catalogue = false) {
  SlateMemory memory(ToySpec(num_features, fixed_catalogue), 1e-4, 1e-5);
  memory.Reserve(2);
  return memory;
}

Slate SlateOf(const SlateMemory& memory, size_t user) {
  return Slate(memory.slate(user).begin(), memory.slate(user).end());
}

TEST(SlateMemoryTest, FindsDocumentsWhereverTheyWent) {
  SlateMemory memory = Memory();
  memory.Set(1, {3, 0}, {10, 20, 30, 40});
  ASSERT_TRUE(memory.Find(1, {5, 40, 10, 7}));
  EXPECT_EQ(SlateOf(memory, 1), (Slate{1, 2}));
  ASSERT_TRUE(memory.Find(1, {10, 0, 0, 40}));
  EXPECT_EQ(SlateOf(memory, 1), (Slate{3, 0}));
  EXPECT_FALSE(memory.Find(1, {10, 0, 0, 41}));
}

TEST(SlateMemoryTest, PrefersThePositionAndTakesNoneTwice) {
  SlateMemory memory = Memory();
  memory.Set(0, {2, 1}, {1, 1, 1, 1});
  ASSERT_TRUE(memory.Find(0, {1, 1, 1, 1}));
  EXPECT_EQ(SlateOf(memory, 0), (Slate{2, 1}));
  ASSERT_TRUE(memory.Find(0, {1, 0, 1, 0}));
  EXPECT_EQ(SlateOf(memory, 0), (Slate{2, 0}));
  EXPECT_FALSE(memory.Find(0, {0, 0, 1, 0}));  // One of two alike is gone.
}

TEST(SlateMemoryTest, ToleratesWhatTheOptionsSay) {
  SlateMemory memory = Memory();
  memory.Set(0, {0, kNoItem}, {100, 0, 0, 0});
  EXPECT_TRUE(memory.Find(0, {100.001f, 0, 0, 0}));  // 1e-4 + 1e-5 * 100 = 1.1e-3
  EXPECT_TRUE(memory.Find(0, {0, 99.9990f, 0, 0}));
  EXPECT_FALSE(memory.Find(0, {100.002f, 0, 0, 0}));
}

TEST(SlateMemoryTest, ComparesSlatesByTheirDocuments) {
  SlateMemory memory = Memory();
  memory.Set(0, {0, 1}, {10, 20, 30, 40});
  EXPECT_FALSE(memory.Differs(0, {0, 1}, {10, 20, 0, 0}));
  EXPECT_FALSE(memory.Differs(0, {3, 2}, {0, 0, 20, 10}));
  EXPECT_TRUE(memory.Differs(0, {2, 3}, {0, 0, 20, 10}));
  EXPECT_TRUE(memory.Differs(0, {0, kNoItem}, {10, 20, 0, 0}));
  memory.Set(0, {0, kNoItem}, {10, 20, 30, 40});
  EXPECT_FALSE(memory.Differs(0, {1, kNoItem}, {0, 10, 0, 0}));
  EXPECT_TRUE(memory.Differs(0, {1, 0}, {0, 10, 0, 0}));
}

TEST(SlateMemoryTest, CatalogueItemsAreTheirPositions) {
  SlateMemory memory = Memory(0);
  memory.Set(0, {3, 1}, {});
  EXPECT_TRUE(memory.Find(0, {}));
  EXPECT_EQ(SlateOf(memory, 0), (Slate{3, 1}));
  EXPECT_TRUE(memory.Differs(0, {1, 3}, {}));
  EXPECT_FALSE(memory.Differs(0, {3, 1}, {}));
  SlateMemory with_features = Memory(1, /*fixed_catalogue=*/true);
  with_features.Set(0, {3, 1}, {1, 1, 1, 1});
  EXPECT_TRUE(with_features.Differs(0, {2, 1}, {1, 1, 1, 1}));
}

TEST(SlateMemoryTest, WritesFeaturesOrPositions) {
  SlateMemory memory = Memory(2);
  Floats out(4, -9);
  memory.Set(0, {2, kNoItem}, {1, 2, 3, 4, 5, 6, 7, 8});
  memory.Write(0, out.data());
  EXPECT_EQ(out, (Floats{5, 6, 0, 0}));
  memory.SetFirst(0, {1, 2, 3, 4, 5, 6, 7, 8});
  memory.Write(0, out.data());
  EXPECT_EQ(out, (Floats{1, 2, 3, 4}));
  SlateMemory positions = Memory(0);
  positions.Set(0, {3, kNoItem}, {});
  out.resize(2);
  positions.Write(0, out.data());
  EXPECT_EQ(out, (Floats{3, -1}));
  EXPECT_EQ(SlateMemory::WidthOf(ToySpec(0, true)), 2U);
  EXPECT_EQ(SlateMemory::WidthOf(ToySpec(3, true)), 6U);
}

}  // namespace
}  // namespace recbots

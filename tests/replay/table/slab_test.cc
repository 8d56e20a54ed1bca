#include "replay/table/slab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "common/base/random.h"

namespace recbots::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kSegment = Slab::kSegmentBytes;
constexpr int64_t kChunk = Slab::kChunkBytes;

// Writes `value` over some bytes; false: the slab would not have it.
bool Write(Slab& slab, int64_t offset, int64_t bytes, char value) {
  if (!slab.TouchForWrite(offset, bytes)) return false;
  std::memset(slab.data() + offset, value, static_cast<size_t>(bytes));
  return true;
}

TEST(SlabTest, NotesTheSegmentsThatChange) {
  Slab slab = Slab::Create(static_cast<size_t>(3 * kSegment + 100)).value();
  EXPECT_THAT(slab.dirty_segments(), IsEmpty());
  ASSERT_TRUE(Write(slab, kSegment - 1, 2, 1));
  ASSERT_TRUE(Write(slab, 3 * kSegment + 99, 1, 1));
  EXPECT_THAT(slab.dirty_segments(), ElementsAre(0, 1, 3));
  slab.BeginCut(3 * kSegment + 100);
  ASSERT_TRUE(Write(slab, 2 * kSegment, 1, 1));
  EXPECT_THAT(slab.dirty_segments(), ElementsAre(0, 1, 3)) << "constant during a cut";
  slab.EndCut(/*kept=*/true);
  EXPECT_THAT(slab.dirty_segments(), ElementsAre(2));
  slab.BeginCut(3 * kSegment);
  slab.EndCut(/*kept=*/false);
  EXPECT_THAT(slab.dirty_segments(), ElementsAre(2));
}

TEST(SlabTest, WhatLiesBehindTheUsedPartWaitsForTheNextCut) {
  Slab slab = Slab::Create(static_cast<size_t>(2 * kSegment)).value();
  ASSERT_TRUE(Write(slab, 0, 10, 1));
  ASSERT_TRUE(slab.TouchForWrite(kSegment, 1));
  slab.BeginCut(10);
  EXPECT_THAT(slab.dirty_segments(), ElementsAre(0));
  std::vector<char> chunk(static_cast<size_t>(kChunk));
  EXPECT_EQ(slab.ReadChunk(0, chunk.data()), 10);
  slab.EndCut(/*kept=*/true);
  EXPECT_THAT(slab.dirty_segments(), ElementsAre(1));
}

TEST(SlabTest, ACutReadsWhatWasThereWhateverIsWrittenSince) {
  Rng rng(/*seed=*/3, Purpose::kTest, {});
  const int64_t bytes = 2 * kSegment + 5 * kChunk + 123;
  Slab slab = Slab::Create(static_cast<size_t>(bytes)).value();
  std::vector<char> model(static_cast<size_t>(bytes), 0);
  const auto write = [&](int i) {
    const int64_t size = 1 + rng.Index(300'000);
    const int64_t offset = rng.Index(static_cast<uint32_t>(bytes - size));
    ASSERT_TRUE(Write(slab, offset, size, static_cast<char>(i)));
    std::memset(&model[static_cast<size_t>(offset)], i, static_cast<size_t>(size));
  };
  for (int cut = 0; cut < 4; ++cut) {
    for (int i = 0; i < 20; ++i) write(i + cut);
    const std::vector<char> want = model;
    slab.BeginCut(bytes);
    std::vector<char> chunk(static_cast<size_t>(kChunk));
    for (const int64_t segment : slab.dirty_segments()) {
      for (int64_t i = segment * 16; i < (segment + 1) * 16 && i * kChunk < bytes; ++i) {
        write(100 + cut);
        const int64_t size = slab.ReadChunk(i, chunk.data());
        ASSERT_EQ(size, std::min(kChunk, bytes - i * kChunk));
        ASSERT_EQ(std::memcmp(chunk.data(), &want[static_cast<size_t>(i * kChunk)], static_cast<size_t>(size)), 0);
      }
    }
    slab.EndCut(/*kept=*/true);
    ASSERT_EQ(std::memcmp(slab.data(), model.data(), model.size()), 0);
  }
}

TEST(SlabTest, CopiesNoMoreThanThePoolHasAndGivesItBack) {
  const auto pool = CopyPool::Create(2 * kChunk + kChunk / 2).value();
  Slab slab = Slab::Create(static_cast<size_t>(kSegment)).value();
  slab.SetCopyPool(pool);
  ASSERT_TRUE(Write(slab, 0, kSegment, 1)) << "no cut, no copies";
  slab.BeginCut(kSegment);
  EXPECT_TRUE(Write(slab, 0, 1, 2));
  EXPECT_TRUE(Write(slab, 1, 1, 2)) << "copied already";
  EXPECT_TRUE(Write(slab, 5 * kChunk, 1, 2));
  EXPECT_FALSE(Write(slab, 9 * kChunk, 1, 2));
  std::vector<char> chunk(static_cast<size_t>(kChunk));
  slab.ReadChunk(9, chunk.data());
  EXPECT_TRUE(Write(slab, 9 * kChunk, 1, 2)) << "read, so nobody needs it";
  EXPECT_FALSE(Write(slab, 10 * kChunk, 1, 2));
  slab.ReadChunk(0, chunk.data());
  EXPECT_EQ(chunk[0], 1);
  EXPECT_TRUE(Write(slab, 10 * kChunk, 1, 2));
  EXPECT_EQ(pool->Take(), nullptr);
  slab.EndCut(/*kept=*/false);
  char* const first = pool->Take();
  char* const second = pool->Take();
  EXPECT_TRUE(first != nullptr && second != nullptr && first != second);
  EXPECT_EQ(pool->Take(), nullptr);
  pool->GiveBack(first);
  EXPECT_EQ(pool->Take(), first) << "memory that was touched before";
}

TEST(SlabTest, AChunkIsReadOnceAndOnlyDuringACut) {
  Slab slab = Slab::Create(static_cast<size_t>(kSegment)).value();
  ASSERT_TRUE(Write(slab, 0, 1, 1));
  std::vector<char> chunk(static_cast<size_t>(kChunk));
  EXPECT_DEATH(slab.ReadChunk(0, chunk.data()), "in no cut");
  slab.BeginCut(1);
  EXPECT_DEATH(slab.BeginCut(1), "one cut at a time");
  slab.ReadChunk(0, chunk.data());
  EXPECT_DEATH(slab.ReadChunk(0, chunk.data()), "was read");
}

}  // namespace
}  // namespace recbots::replay

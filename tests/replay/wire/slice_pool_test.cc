#include "replay/wire/slice_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "common/base/thread.h"

namespace recbots::replay {
namespace {

TEST(SlicePoolTest, GivesAlignedZeroedMemory) {
  SlicePool pool(1 << 20);
  for (const size_t bytes : std::vector<size_t>{1, 63, 64, 65, 1000, 100000}) {
    const SlicePool::Buffer buffer = pool.Take(bytes);
    EXPECT_EQ(buffer.slice.size(), bytes);
    EXPECT_EQ(reinterpret_cast<const char*>(buffer.slice.begin()), buffer.data);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data) % 64, 0u);
    EXPECT_TRUE(std::all_of(buffer.data, buffer.data + bytes, [](char byte) { return byte == 0; }));
  }
}

TEST(SlicePoolTest, UsesMemoryAgainWhenTheLastReferenceIsGone) {
  SlicePool pool(1 << 20);
  SlicePool::Buffer first = pool.Take(1000);
  const char* const data = first.data;
  grpc::Slice other = first.slice.sub(100, 500);
  first.slice = grpc::Slice();
  EXPECT_NE(pool.Take(1000).data, data) << "a part of it is still in use";
  other = grpc::Slice();
  const SlicePool::Buffer again = pool.Take(990);
  EXPECT_EQ(again.data, data);
  EXPECT_EQ(again.slice.size(), 990u);
}

TEST(SlicePoolTest, DoesNotWasteLargeMemoryOnSmallSlices) {
  SlicePool pool(1 << 20);
  pool.Take(100'000);
  EXPECT_EQ(pool.free_bytes(), 100'032u);
  pool.Take(1000);
  EXPECT_EQ(pool.free_bytes(), 100'032u + 1024u);
}

TEST(SlicePoolTest, KeepsNoMoreThanItMay) {
  SlicePool pool(10'000);
  { const std::vector<SlicePool::Buffer> taken = {pool.Take(4096), pool.Take(4096), pool.Take(4096)}; }
  EXPECT_EQ(pool.free_bytes(), 8192u);
  pool.Take(20'000);
  EXPECT_EQ(pool.free_bytes(), 8192u) << "larger than all that may be kept";
}

TEST(SlicePoolTest, SlicesOutliveThePool) {
  auto pool = std::make_unique<SlicePool>(1 << 20);
  SlicePool::Buffer buffer = pool->Take(1000);
  pool.reset();
  std::memset(buffer.data, 1, 1000);
}

TEST(SlicePoolTest, IsThreadSafe) {
  SlicePool pool(1 << 16);
  const auto work = [&pool] {
    for (size_t i = 0; i < 5000; ++i) {
      const SlicePool::Buffer buffer = pool.Take(1 + i % 3000);
      std::memset(buffer.data, 1, buffer.slice.size());
    }
  };
  const Thread first("first", work), second("second", work);
}

}  // namespace
}  // namespace recbots::replay

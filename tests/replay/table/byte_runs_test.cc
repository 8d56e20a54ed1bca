#include "replay/table/byte_runs.h"

#include <gtest/gtest.h>

#include <string>

#include "replay/table/item_key.h"

namespace recbots::replay {
namespace {

TEST(ByteRunsTest, ReadsAcrossPiecesAndSkips) {
  const absl::string_view pieces[] = {"", "abc", "", "d", "efgh", ""};
  ByteRuns runs(pieces);
  EXPECT_EQ(runs.Front(), "abc");
  std::string read(5, ' ');
  runs.Read(read.data(), 2);
  EXPECT_EQ(read.substr(0, 2), "ab");
  ByteRuns copy = runs;
  runs.Read(read.data(), 4);
  EXPECT_EQ(read.substr(0, 4), "cdef");
  copy.Skip(5);
  EXPECT_EQ(copy.Front(), "h");
  copy.Skip(1);
  EXPECT_EQ(copy.Front(), "");
  EXPECT_EQ(runs.Front(), "gh") << "copies read on by themselves";
}

TEST(ItemKeyTest, TakesApartWhatItPutTogether) {
  const ItemKey key = WithShard(MakeKey(kMaxGeneration, 0xFFFFFFFE), 255);
  EXPECT_EQ(SlotOf(key), 0xFFFFFFFEu);
  EXPECT_EQ(GenerationOf(key), kMaxGeneration);
  EXPECT_EQ(ShardOf(key), 255);
  EXPECT_EQ(ShardOf(WithShard(key, 0)), 0);
  EXPECT_LT(WithShard(key, 0), uint64_t{1} << 56);
}

}  // namespace
}  // namespace recbots::replay

// What shards hold, asked over the connections of a sampler.
#include "replay/client/shard_infos.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "replay/client/replay_sampler.h"
#include "tests/replay/client/shard_server.h"

namespace recbots::replay {
namespace {

class ShardInfosTest : public ::testing::Test {
 protected:
  void Watch(const std::string& addresses) {
    sampler_ = ReplaySampler::Create(TestSchema(), {.address = addresses, .batch_size = 1}).value();
    infos_ = std::make_unique<ShardInfos>(
        ShardInfosOptions{.shards = [this] { return sampler_->connected_shards(); }, .period = absl::Milliseconds(20)});
  }

  std::unique_ptr<ReplaySampler> sampler_;
  std::unique_ptr<ShardInfos> infos_;
};

TEST_F(ShardInfosTest, EveryShardSaysWhatItsTablesHold) {
  ShardServer a, b;
  Watch(a.address() + "," + b.address());
  ASSERT_TRUE(Eventually([&] { return infos_->newest().size() == 2; }));
  for (const ShardInfo& shard : infos_->newest()) {
    EXPECT_TRUE(shard.address == a.address() || shard.address == b.address()) << shard.address;
    ASSERT_EQ(shard.info.tables_size(), 1);
    EXPECT_GT(shard.info.tables(0).capacity_rows(), 0);
  }
}

TEST_F(ShardInfosTest, AShardThatIsGoneIsNotShownAnyMore) {
  ShardServer a;
  auto b = std::make_unique<ShardServer>();
  Watch(a.address() + "," + b->address());
  ASSERT_TRUE(Eventually([&] { return infos_->newest().size() == 2; }));
  b.reset();
  ASSERT_TRUE(Eventually([&] { return infos_->newest().size() == 1; }));
  EXPECT_EQ(infos_->newest()[0].address, a.address());
}

}  // namespace
}  // namespace recbots::replay

#include "learner/weights/weight_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>

#include "common/base/crc32c.h"
#include "common/base/thread.h"

namespace recbots {
namespace {

// What a receiver makes of the parts.
std::string Decode(const WeightsSnapshot& snapshot) {
  std::string payload;
  for (size_t i = 0; i < snapshot.parts.size(); ++i) {
    v1::WeightsChunk chunk;
    EXPECT_TRUE(chunk.ParseFromString(snapshot.parts[i]));
    EXPECT_FALSE(chunk.has_header());
    EXPECT_LE(chunk.payload().size(), WeightStore::kPartBytes);
    EXPECT_EQ(chunk.last_part(), i + 1 == snapshot.parts.size());
    payload += chunk.payload();
  }
  return payload;
}

TEST(WeightStoreTest, HoldsNothingBeforeTheFirstPublish) {
  const WeightStore store;
  EXPECT_EQ(store.newest(), nullptr);
  EXPECT_EQ(store.version(), 0);
}

TEST(WeightStoreTest, VersionsGoOnBehindThoseOfAnEarlierProcess) {
  WeightStore store, same;
  store.Resume(7);
  EXPECT_EQ(store.version(), 7);
  EXPECT_EQ(store.newest(), nullptr);
  EXPECT_EQ(store.Publish("one", {})->header.version(), 8);
  same.Resume(7, 42);
  EXPECT_EQ(same.Publish("one", {})->header.incarnation(), 42u);
}

TEST(WeightStoreTest, VersionsCountFromOneAndCarryProgress) {
  WeightStore store;
  store.Publish("one", {});
  const auto second = store.Publish("two", {.updates = 20, .env_steps = 300, .wall_seconds = 1.5});
  EXPECT_EQ(store.newest(), second);
  EXPECT_EQ(second->header.version(), 2);
  EXPECT_EQ(second->header.updates(), 20);
  EXPECT_EQ(second->header.env_steps(), 300);
  EXPECT_EQ(second->header.wall_seconds(), 1.5);
  EXPECT_EQ(second->header.payload_bytes(), 3);
  EXPECT_EQ(second->header.crc32c(), Crc32c("two"));
  EXPECT_EQ(second->header.incarnation(), store.incarnation());
}

TEST(WeightStoreTest, PartsGiveThePayloadBackWhateverItsSize) {
  WeightStore store;
  constexpr size_t kPart = WeightStore::kPartBytes;
  for (const size_t bytes : {size_t{0}, size_t{1}, kPart - 1, kPart, kPart + 1, 4 * kPart}) {
    std::string payload(bytes, 'x');
    if (bytes > 0) payload.back() = 'y';
    const auto snapshot = store.Publish(payload, {});
    EXPECT_EQ(snapshot->parts.size(), std::max<size_t>(1, (bytes + kPart - 1) / kPart));
    EXPECT_EQ(Decode(*snapshot), payload);
  }
}

TEST(WeightStoreTest, AHeaderAloneFollowedByAPartIsAMessage) {
  WeightStore store;
  const auto snapshot = store.Publish("payload", {});
  v1::WeightsChunk header;
  *header.mutable_header() = snapshot->header;
  v1::WeightsChunk both;
  ASSERT_TRUE(both.ParseFromString(header.SerializeAsString() + snapshot->parts[0]));
  EXPECT_EQ(both.header().version(), 1);
  EXPECT_EQ(both.payload(), "payload");
  EXPECT_TRUE(both.last_part());
}

TEST(WeightStoreTest, IncarnationsDiffer) {
  std::set<uint64_t> drawn;
  for (int i = 0; i < 100; ++i) drawn.insert(WeightStore().incarnation());
  EXPECT_EQ(drawn.size(), 100u);
  EXPECT_EQ(drawn.count(0), 0u);
}

TEST(WeightStoreTest, WatchersAreWokenAfterEachPublishUntilRemoved) {
  WeightStore store;
  std::vector<int64_t> seen;
  const int first = store.AddWatcher([&] { seen.push_back(store.newest()->header.version()); });
  int others = 0;
  store.AddWatcher([&] { ++others; });
  store.Publish("a", {});
  store.Publish("b", {});
  store.RemoveWatcher(first);
  store.Publish("c", {});
  EXPECT_EQ(seen, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(others, 3);
}

TEST(WeightStoreTest, ReadersSeeWholeVersionsInOrder) {
  WeightStore store;
  std::atomic<bool> done{false};
  {
    Thread reader("reader", [&] {
      int64_t last = 0;
      while (!done) {
        const auto snapshot = store.newest();
        if (snapshot == nullptr) continue;
        EXPECT_GE(snapshot->header.version(), last);
        last = snapshot->header.version();
        EXPECT_EQ(Crc32c(Decode(*snapshot)), snapshot->header.crc32c());
      }
    });
    for (int i = 0; i < 200; ++i) store.Publish(std::string(1000, static_cast<char>(i)), {});
    done = true;
  }
  EXPECT_EQ(store.version(), 200);
}

}  // namespace
}  // namespace recbots

// How the clients of a cluster find its shards, without a network: links, the set of shards, and the search for a
// store. A seed drives thousands of sequences in which stores die, come back elsewhere or swap places, and addresses
// come and go.
#include "replay/client/shard_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <vector>

#include "common/base/random.h"
#include "replay/client/shard_set.h"
#include "replay/client/store_search.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20261129;
constexpr absl::Duration kGiveUp = absl::Seconds(30);

ShardAddress AddressOf(uint32_t i) { return {absl::StrCat("10.0.0.", i, ":7001"), ""}; }

// What ShardWriter (or, without a search, ShardSampler) does with its link.
struct Shard {
  Shard(const ShardAddress& address, ConnectionMonitor* connections, StoreDirectory* directory, Clock* clock)
      : link({.clock = clock}, connections, address), search(directory, absl::Milliseconds(300), clock) {}

  ShardLink link;
  StoreSearch search;
  Instant next_attempt;
  uint64_t store = 0;  // That it was connected to last; 0: it may go to any.
  bool keeps_rows = false;
};

class World {
 public:
  World(uint64_t seed, bool searches) : searches_(searches), rng_(seed, Purpose::kTest, {}) {
    for (uint32_t i = 0; i < 1 + rng_.Index(4); ++i) stores_[AddressOf(i).target] = 100 + i;
    ListAll();
    Watch();
  }

  void Step() {
    clock_.Advance(absl::Milliseconds(rng_.Index(400)));
    switch (rng_.Index(12)) {
      case 0:
        return MoveStore();
      case 1:
        return ListAll();
      case 2:
        if (listed_.size() > 1) listed_.erase(listed_.begin() + rng_.Index(static_cast<uint32_t>(listed_.size())));
        return;
      case 3:
        return Watch();
      case 4:
        return SwapStores();
      case 5:
        return clock_.Advance(absl::Seconds(rng_.Index(6)));
      default:
        for (const auto& shard : shards_) {
          if (rng_.Index(2) == 0) Run(*shard);
        }
    }
  }

  // From now on stores stay where they are, and are listed: every store gets one link, and only one.
  void Settle() {
    ListAll();
    for (int second = 0; second < 60 && !given_up_; ++second) {
      for (int i = 0; i < 10; ++i) {
        clock_.Advance(absl::Milliseconds(100));
        for (const auto& shard : shards_) Run(*shard);
      }
      for (const auto& shard : shards_) shard->keeps_rows = false;
      Watch();
    }
    if (given_up_) return;
    std::map<std::string, int> links;
    for (const auto& shard : shards_) {
      ASSERT_TRUE(shard->link.connected()) << shard->link.target();
      ASSERT_EQ(++links[shard->link.target()], 1) << "two links to one store";
    }
    ASSERT_EQ(links.size(), stores_.size());
  }

  bool given_up() const { return given_up_; }

 private:
  uint64_t StoreAt(const std::string& target) const {
    const auto store = stores_.find(target);
    return store == stores_.end() ? 0 : store->second;
  }

  void Cut(const std::string& target) {
    for (const auto& shard : shards_) {
      if (shard->link.connected() && shard->link.address().target == target) End(*shard, absl::UnavailableError("cut"));
    }
  }
  void MoveStore() {
    const auto from = std::next(stores_.begin(), rng_.Index(static_cast<uint32_t>(stores_.size())));
    const std::string to = AddressOf(rng_.Index(8)).target;
    if (stores_.contains(to)) return;
    const uint64_t id = from->second;
    Cut(from->first);
    stores_.erase(from);
    stores_[to] = id;
  }
  void SwapStores() {
    Cut(stores_.begin()->first);
    Cut(stores_.rbegin()->first);
    std::swap(stores_.begin()->second, stores_.rbegin()->second);
  }
  void ListAll() {
    listed_.clear();
    for (const auto& [target, id] : stores_) listed_.push_back({target, ""});
  }

  // An attempt, if the time for one has come.
  void Run(Shard& shard) {
    ShardLink& link = shard.link;
    if (link.connected() || (clock_.Now() < shard.next_attempt && !link.moving())) return;
    link.Arrive();
    ASSERT_FALSE(link.moving());
    const uint64_t store = StoreAt(link.address().target);
    if (store == 0) return End(shard, absl::UnavailableError("nobody there"));
    link.Answered();
    if (searches_ && !shard.search.Answered(link.address().target, store)) {
      shard.search.Left(link.address().target);
      return Search(shard, /*answered=*/true);
    }
    ASSERT_TRUE(!searches_ || shard.store == 0 || shard.store == store) << "rows go to another store";
    shard.store = store;
    link.Connected();
    shard.keeps_rows = searches_ && rng_.Index(2) == 0;
  }

  void End(Shard& shard, const absl::Status& reason) {
    if (shard.link.connected()) {
      shard.link.Disconnected();
      last_connected_ = clock_.Now();
    }
    shard.search.Left(shard.link.address().target);
    if (shard.search.active()) return Search(shard, /*answered=*/false);
    const absl::StatusOr<absl::Duration> delay = shard.link.Failed(reason);
    const auto connected = [](const auto& other) { return other->link.connected(); };
    const bool any = std::any_of(shards_.begin(), shards_.end(), connected);
    ASSERT_EQ(!delay.ok(), !any && clock_.Now() - last_connected_ >= kGiveUp) << "gives up at the wrong time";
    given_up_ = given_up_ || !delay.ok();
    ASSERT_LE(delay.value_or(absl::ZeroDuration()), absl::Milliseconds(300));
    shard.next_attempt = clock_.Now() + delay.value_or(absl::InfiniteDuration());
  }

  void Search(Shard& shard, bool answered) {
    const StoreSearch::Step step = shard.search.Next(shard.link.address(), answered);
    if (step.address.has_value()) shard.link.GoTo(*step.address);
    ASSERT_EQ(step.given_up, !shard.search.active());
    if (step.given_up) shard.store = 0;
    shard.next_attempt = clock_.Now() + step.delay;
  }

  void Watch() {
    directory_.SetAddresses(listed_);
    std::vector<ShardSet::Member> members;
    for (const auto& shard : shards_) members.push_back({shard->link.target(), shard->link.connected()});
    const ShardChanges changes = set_.Update(listed_, members, clock_.Now());
    const auto is_listed = [this](const std::string& target) {
      return std::any_of(listed_.begin(), listed_.end(), [&](const auto& address) { return address.target == target; });
    };
    for (const auto& [i, address] : changes.moved) {
      ASSERT_FALSE(members[i].connected || is_listed(members[i].target)) << "only orphans are moved";
      if (!shards_[i]->search.active()) shards_[i]->link.MoveTo(address);
    }
    std::vector<std::shared_ptr<Shard>> kept = shards_;
    for (const size_t i : changes.gone) ASSERT_FALSE(members[i].connected || is_listed(members[i].target));
    for (const auto& list : {changes.gone, changes.spare}) {
      for (const size_t i : list) {
        if (shards_[i]->keeps_rows) continue;
        if (shards_[i]->link.connected()) shards_[i]->link.Disconnected();
        std::erase(kept, shards_[i]);
      }
    }
    shards_ = std::move(kept);
    for (const ShardAddress& address : changes.added) {
      shards_.push_back(std::make_shared<Shard>(address, &connections_, &directory_, &clock_));
    }
  }

  const bool searches_;
  Rng rng_;
  FakeClock clock_;
  ConnectionMonitor connections_{kGiveUp, &clock_};
  StoreDirectory directory_;
  ShardSet set_;
  std::vector<ShardAddress> listed_;
  std::map<std::string, uint64_t> stores_;  // By the address at which they are.
  std::vector<std::shared_ptr<Shard>> shards_;
  Instant last_connected_;
  bool given_up_ = false;
};

TEST(ShardLinkTest, EveryStoreIsFoundAgainAndHasOneLink) {
  std::cout << "seed " << kSeed << "\n";
  testing::internal::CaptureStderr();  // Tens of thousands of lines.
  int given_up = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    SCOPED_TRACE(testing::Message() << "seed " << kSeed + i);
    World world(kSeed + i, /*searches=*/i % 2 == 0);
    for (int step = 0; step < 200 && !world.given_up() && !testing::Test::HasFatalFailure(); ++step) world.Step();
    if (!testing::Test::HasFatalFailure()) world.Settle();
    if (testing::Test::HasFailure()) break;
    given_up += world.given_up() ? 1 : 0;
  }
  testing::internal::GetCapturedStderr();
  EXPECT_LT(given_up, 1000) << "most worlds are to be seen through";
}

TEST(ShardLinkTest, GivesUpWhenAllWereAwayForTooLongAndOnlyThen) {
  FakeClock clock;
  ConnectionMonitor connections(kGiveUp, &clock);
  ShardLink first({.clock = &clock}, &connections, AddressOf(1));
  ShardLink second({.clock = &clock}, &connections, AddressOf(2));
  second.Connected();
  clock.Advance(kGiveUp * 2);
  EXPECT_EQ(first.Failed(absl::UnavailableError("cut")).value(), absl::Milliseconds(50));
  EXPECT_EQ(first.Failed(absl::UnavailableError("cut")).value(), absl::Milliseconds(100));
  second.Disconnected();
  clock.Advance(kGiveUp - absl::Milliseconds(1));
  EXPECT_TRUE(first.Failed(absl::UnavailableError("cut")).ok());
  clock.Advance(absl::Milliseconds(1));
  const absl::Status status = first.Failed(absl::UnavailableError("cut")).status();
  EXPECT_EQ(status,
            absl::DeadlineExceededError("replay at 10.0.0.1:7001 was away for 30s, want at most 30s; last error: cut"));
  EXPECT_EQ(second.Failed(absl::FailedPreconditionError("another schema")).status(),
            absl::FailedPreconditionError("another schema"));
}

TEST(ShardLinkTest, MovesBetweenStreamsAndNotWhileItIsConnected) {
  ConnectionMonitor connections(kGiveUp);
  ShardLink link({}, &connections, AddressOf(1));
  link.MoveTo(AddressOf(2));
  EXPECT_EQ(link.address(), AddressOf(1));
  EXPECT_EQ(link.target(), AddressOf(2).target);
  link.Arrive();
  EXPECT_EQ(link.address(), AddressOf(2));
  link.Connected();
  EXPECT_TRUE(connections.any());
  link.MoveTo(AddressOf(3));
  EXPECT_FALSE(link.moving());
}

class StoreSearchTest : public testing::Test {
 protected:
  StoreSearchTest() {
    directory_.SetAddresses({AddressOf(1), AddressOf(2), AddressOf(3)});
    EXPECT_TRUE(search_.Answered(AddressOf(1).target, 100)) << "the first that comes";
    search_.Left(AddressOf(1).target);
  }

  FakeClock clock_;
  StoreDirectory directory_;
  StoreSearch search_{&directory_, absl::Seconds(1), &clock_};
};

TEST_F(StoreSearchTest, GoesWhereTheStoreIsKnownToBeThenWhereNobodyElseIs) {
  directory_.Note(AddressOf(2).target, 101);
  EXPECT_FALSE(search_.Answered(AddressOf(1).target, 102));
  EXPECT_EQ(search_.Next(AddressOf(1), /*answered=*/true).address, AddressOf(3));
  EXPECT_TRUE(search_.active());
  directory_.Note(AddressOf(2).target, 100);
  const StoreSearch::Step step = search_.Next(AddressOf(3), /*answered=*/false);
  EXPECT_EQ(step.address, AddressOf(2));
  EXPECT_EQ(step.delay, absl::ZeroDuration());
  EXPECT_TRUE(search_.Answered(AddressOf(2).target, 100));
  EXPECT_FALSE(search_.active());
}

TEST_F(StoreSearchTest, AsksThoseThatDoNotAnswerAgainAndThenGivesUp) {
  EXPECT_FALSE(search_.Answered(AddressOf(1).target, 101));
  EXPECT_EQ(search_.Next(AddressOf(1), /*answered=*/true).address, AddressOf(2));
  EXPECT_EQ(search_.Next(AddressOf(2), /*answered=*/false).address, AddressOf(3));
  for (ShardAddress at = AddressOf(3); clock_.Now() < Instant() + StoreSearch::kSearchFor;) {
    StoreSearch::Step step = search_.Next(at, /*answered=*/false);
    ASSERT_EQ(step.address, AddressOf(2)) << "another round begins";
    ASSERT_EQ(step.delay, absl::Seconds(1));
    clock_.Advance(step.delay);
    step = search_.Next(*step.address, /*answered=*/false);
    ASSERT_EQ(step.address, AddressOf(3));
    at = *step.address;
  }
  const StoreSearch::Step last = search_.Next(AddressOf(3), /*answered=*/false);
  EXPECT_TRUE(last.given_up);
  EXPECT_EQ(last.address, AddressOf(1)) << "where somebody answers";
  EXPECT_FALSE(search_.active());
  EXPECT_TRUE(search_.Answered(AddressOf(1).target, 101)) << "any store will do";
}

TEST_F(StoreSearchTest, GivesUpAtOnceWhenOthersAnswerEverywhere) {
  directory_.Note(AddressOf(2).target, 101);
  directory_.Note(AddressOf(3).target, 102);
  EXPECT_FALSE(search_.Answered(AddressOf(1).target, 103));
  EXPECT_TRUE(search_.Next(AddressOf(1), /*answered=*/true).given_up);
}

TEST(ShardSetTest, AnOrphanTakesANewAddressOrIsGoneAfterAWhile) {
  ShardSet set;
  const Instant now = Instant::Now();
  const std::vector<ShardSet::Member> members = {{AddressOf(1).target, false}, {AddressOf(2).target, true}};
  ShardChanges changes = set.Update({AddressOf(3), AddressOf(4)}, members, now);
  EXPECT_THAT(changes.moved, testing::ElementsAre(testing::Pair(0, AddressOf(4))));
  EXPECT_THAT(changes.added, testing::ElementsAre(AddressOf(3)));
  EXPECT_TRUE(set.Update({}, members, now).gone.empty());
  EXPECT_TRUE(set.Update({AddressOf(1)}, members, now + ShardSet::kGrace).gone.empty()) << "it is back";
  EXPECT_TRUE(set.Update({}, members, now + ShardSet::kGrace).gone.empty()) << "and gone anew";
  changes = set.Update({}, members, now + 2 * ShardSet::kGrace);
  EXPECT_THAT(changes.gone, testing::ElementsAre(0)) << "connected ones stay";
}

}  // namespace
}  // namespace recbots::replay

// Indices and streams, without a network: random joins, breaks, goodbyes and restarts of the learner.
#include "learner/service/worker_places.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"

namespace recbots {
namespace {

constexpr v1::WorkerRole kActor = v1::WORKER_ROLE_ACTOR;

class WorkerPlacesTest : public ::testing::Test {
 protected:
  WorkerPlacesTest() { Restart(); }

  // Another process of the learner, with what the run directory remembers.
  void Restart() {
    const int64_t reserved = ledger_ == nullptr ? 0 : ledger_->reserved_below();
    ledger_ = StreamLedger::Create({.block = 10}).value();
    ledger_->Open(reserved);
    WorkerPlacesOptions options;
    options.gone = [this](uint64_t instance) { return gone_.contains(instance); };
    places_ = std::make_unique<WorkerPlaces>(options, *ledger_, clock_);
  }

  FakeClock clock_;
  std::set<uint64_t> gone_;
  std::unique_ptr<StreamLedger> ledger_;
  std::unique_ptr<WorkerPlaces> places_;
};

TEST_F(WorkerPlacesTest, AnIndexIsKeptForTenSeconds) {
  EXPECT_EQ(places_->Take(kActor, 1, std::nullopt), 0);
  places_->Release(kActor, 1, 0);
  EXPECT_EQ(places_->Take(kActor, 2, std::nullopt), 1);
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(places_->Take(kActor, 3, std::nullopt), 0);
  EXPECT_EQ(places_->Take(kActor, 1, 0), 2) << "too late";
  EXPECT_EQ(places_->Take(v1::WORKER_ROLE_EVALUATOR, 4, std::nullopt), 0) << "each role has its own";
}

// Processes of an earlier version do not say which one they are.
TEST_F(WorkerPlacesTest, NothingIsKeptForTheNameless) {
  EXPECT_EQ(places_->Take(kActor, 0, std::nullopt), 0);
  EXPECT_EQ(places_->Take(kActor, 0, std::nullopt), 1);
  places_->Release(kActor, 0, 0);
  EXPECT_EQ(places_->Take(kActor, 0, std::nullopt), 0);
}

TEST_F(WorkerPlacesTest, TheSecondStreamOfAProcessSharesItsIndex) {
  EXPECT_EQ(places_->Take(kActor, 1, std::nullopt), 0);
  EXPECT_EQ(places_->Take(kActor, 1, 0), 0);
  places_->Release(kActor, 1, 0);
  gone_.insert(1);  // Even so: one stream is open.
  EXPECT_EQ(places_->Take(kActor, 2, std::nullopt), 1);
}

TEST_F(WorkerPlacesTest, NewActorsWaitOnlyAfterARestart) {
  EXPECT_TRUE(places_->Admit(kActor, 1, "a", 16).has_value());
  Restart();
  EXPECT_FALSE(places_->Admit(kActor, 2, "b", 16).has_value());
  clock_.Advance(absl::Seconds(1.5));
  const std::optional<WorkerPlace> place = places_->Admit(kActor, 2, "b", 16);
  ASSERT_TRUE(place.has_value());
  EXPECT_GE(place->first_stream, 16);
}

// Actors reconnect within a second, as ours do. No two live ones ever share an index or a stream.
TEST_F(WorkerPlacesTest, NoTwoLiveActorsShareAnything) {
  Rng rng(/*seed=*/3, Purpose::kTest, {});
  struct Actor {
    bool connected = true;
    int index = 0;
    int64_t first = 0;
    absl::Duration away;
  };
  std::map<uint64_t, Actor> live;
  std::set<int64_t> streams;  // Given away ever.
  uint64_t next = 1;
  int restarts = 0;
  for (int i = 0; i < 20000; ++i) {
    const uint64_t event = rng.Bits() % 100;
    std::vector<uint64_t> ids;
    for (const auto& [id, actor] : live) ids.push_back(id);
    const uint64_t chosen = ids.empty() ? 0 : ids[rng.Bits() % ids.size()];
    if (event < 20 && live.size() < 12) {
      const std::optional<WorkerPlace> place = places_->Admit(kActor, next, "x", 16);
      if (place.has_value()) {
        live[next++] = {.index = place->index, .first = place->first_stream, .away = absl::ZeroDuration()};
        for (int64_t s = 0; s < 16; ++s) ASSERT_TRUE(streams.insert(place->first_stream + s).second);
      }
    } else if (event < 30 && chosen != 0) {  // It dies, with a goodbye or without.
      if (live[chosen].connected) places_->Release(kActor, chosen, live[chosen].index);
      if (rng.Bits() % 2 == 0) gone_.insert(chosen);
      live.erase(chosen);
    } else if (event < 50 && chosen != 0 && live[chosen].connected) {  // Its stream breaks.
      places_->Release(kActor, chosen, live[chosen].index);
      live[chosen].connected = false;
      live[chosen].away = absl::ZeroDuration();
    } else if (event < 52) {
      Restart();
      ++restarts;
      for (auto& [id, actor] : live) {
        if (actor.connected) actor.away = absl::ZeroDuration();
        actor.connected = false;
      }
    } else {
      clock_.Advance(absl::Milliseconds(200));
      for (auto& [id, actor] : live) actor.away += absl::Milliseconds(200);
    }
    for (auto& [id, actor] : live) {
      if (actor.connected || (actor.away < absl::Seconds(1) && rng.Bits() % 4 != 0)) continue;
      v1::WatchRequest request;
      request.set_instance(id);
      request.set_streams_below(actor.first + 16);
      request.set_streams_held(16);
      ASSERT_TRUE(places_->CheckStreams(request).ok());
      ASSERT_EQ(places_->Take(kActor, id, actor.index), actor.index);
      ledger_->Raise(request.streams_below());
      actor.connected = true;
    }
    std::set<int> indices;
    for (const auto& [id, actor] : live) ASSERT_TRUE(indices.insert(actor.index).second) << "event " << i;
  }
  EXPECT_GT(restarts, 200);
  EXPECT_GT(next, 300u);
}

}  // namespace
}  // namespace recbots

#include "replay/table/store.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "common/base/thread.h"
#include "common/wire/experiment_identity.h"
#include "replay/table/make_table.h"
#include "tests/replay/table/table_fixture.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Store> MakeTestStore(const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<Table>> tables;
  for (const std::string& name : names) tables.push_back(MakeTestTable({.name = name, .capacity_rows = 500}));
  return Store::Create(std::move(tables)).value();
}

TEST(StoreTest, FindsTablesByName) {
  const auto store = MakeTestStore({"a", "b"});
  EXPECT_EQ(store->Find("a"), store->tables()[0]);
  EXPECT_EQ(store->Find("b"), store->tables()[1]);
  EXPECT_EQ(store->Find(""), store->tables()[0]);
  EXPECT_EQ(store->Find("c"), nullptr);
  EXPECT_NE(store->id(), MakeTestStore({"a"})->id());
}

TEST(StoreTest, RefusesNoTablesAndTwoOfOneName) {
  EXPECT_EQ(Store::Create({}).status().code(), absl::StatusCode::kInvalidArgument);
  std::vector<std::unique_ptr<Table>> tables;
  for (int i = 0; i < 2; ++i) tables.push_back(MakeTestTable({.name = "twin"}));
  const auto store = Store::Create(std::move(tables));
  EXPECT_THAT(std::string(store.status().message()), HasSubstr("table 'twin' twice"));
}

// A writer fills both tables in turn: no cut may show the second one ahead of the first.
TEST(StoreTest, OneCutHoldsForAllTables) {
  const auto store = MakeTestStore({"first", "second"});
  std::atomic<bool> stop{false};
  Thread writer("writer", [&] {
    const auto row = MakeRows(1, 0, 1);
    while (!stop.load()) {
      for (const auto& table : store->tables()) table->Append(Bytes(row), 1);
    }
  });
  std::vector<FrozenTable> frozen;
  for (int i = 0; i < 300; ++i) {
    const Store::Cut cut = store->Freeze(frozen);
    EXPECT_GE(cut.pause, absl::ZeroDuration());
    EXPECT_EQ(cut.tables, store->tables());
    ASSERT_EQ(frozen.size(), 2u);
    EXPECT_EQ(frozen[0].header.name(), "first");
    const int64_t ahead = frozen[0].header.inserted() - frozen[1].header.inserted();
    EXPECT_TRUE(ahead == 0 || ahead == 1) << ahead;
    for (const auto& table : store->tables()) table->EndCut(/*kept=*/true);
  }
  stop = true;
}

v1::ReplayConfig ConfigOf(const std::string& text) {
  v1::ReplayConfig config;
  RECBOTS_CHECK(google::protobuf::TextFormat::ParseFromString(text, &config));
  return config;
}

TEST(MakeStoreTest, TurnsAConfigurationIntoTables) {
  const auto store = MakeStore(ConfigOf(R"(
    table { capacity_rows: 500 rate_limiter { min_size: 7 samples_per_insert: 2 error_buffer: 50 } }
    more_tables {
      name: "queue" capacity_rows: 100 sampler: OLDEST remover: REMOVE_LOWEST_PRIORITY max_times_sampled: 1
      rate_limiter { kind: QUEUE queue_size: 90 }
      columns { name: "state" type: FLOAT32 shape: 3 shape: 2 } columns { name: "action" type: INT64 }
    }
    more_tables { name: "per" sampler: PRIORITIZED priority_exponent: 0.7 capacity_rows: 2000 }
  )"),
                               /*seed=*/1, nullptr)
                         .value();
  ASSERT_EQ(store->places().size(), 3u);
  ASSERT_EQ(store->tables().size(), 1u) << "the schema of transitions is not known";
  EXPECT_EQ(store->Find("transitions"), nullptr);
  EXPECT_EQ(store->FindPlace("")->options().capacity_rows, 500);
  ASSERT_TRUE(store->MakeTransitions(TestSchema(), MakeIdentity({{"transition.n_step", "1"}})).value());
  ASSERT_EQ(store->tables().size(), 3u);
  const Table& main = *store->Find("transitions");
  EXPECT_EQ(main.schema(), TestSchema());
  EXPECT_EQ(main.capacity(), 500);
  EXPECT_EQ(main.rate_limiter().min_size, 7);
  EXPECT_EQ(main.rate_limiter().samples_per_insert, 2);
  EXPECT_EQ(main.rate_limiter().error_buffer, 50);
  const Table& queue = *store->Find("queue");
  EXPECT_EQ(queue.schema().ToString(), "state float32 [3, 2], action int64");
  EXPECT_EQ(queue.options().sampler, SelectorKind::kOldest);
  EXPECT_EQ(queue.options().remover, SelectorKind::kLowestPriority);
  EXPECT_EQ(queue.options().max_times_sampled, 1);
  EXPECT_EQ(queue.rate_limiter().kind, RateLimiterOptions::Kind::kQueue);
  EXPECT_EQ(queue.rate_limiter().queue_size, 90);
  EXPECT_EQ(store->Find("per")->options().sampler, SelectorKind::kPrioritized);
  EXPECT_EQ(store->Find("per")->options().priority_exponent, 0.7);
  EXPECT_TRUE(Says(main.identity()) && Says(store->Find("per")->identity()));
  EXPECT_FALSE(Says(queue.identity())) << "columns of its own: a writer will say what they mean";
  EXPECT_NE(store->Find("per")->options().seed, main.options().seed) << "streams of their own";
}

TEST(MakeStoreTest, NamesTheTableThatCannotBe) {
  const auto refusal = [](const std::string& text) {
    const auto store = MakeStore(ConfigOf(text), 1, nullptr);
    EXPECT_EQ(store.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(store.status().message());
  };
  EXPECT_THAT(refusal("more_tables { name: 'small' capacity_rows: 5 }"),
              HasSubstr("table 'small': min_size 1000, want at most the capacity"));
  EXPECT_THAT(refusal("more_tables { name: 'a' columns { name: 'x' shape: 0 } }"), HasSubstr("table 'a': row schema"));
  EXPECT_THAT(refusal("more_tables {}"), HasSubstr("table 'transitions' twice"));
  EXPECT_THAT(refusal("table { max_times_sampled: 4 }"), HasSubstr("samples_per_insert 8, want at most"));
}

}  // namespace
}  // namespace recbots::replay

// When a batch is drawn and when the actor makes a step, where both share a table and a thread.
#include "learner/loop/table_batch_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "tests/replay/support/test_rows.h"

namespace recbots {
namespace {

using replay::BlockedOn;
using replay::Bytes;
using replay::ItemKey;
using replay::RateLimiterOptions;
using replay::SelectorKind;
using replay::TableOptions;

constexpr int kUsers = 6;
constexpr int kBatch = 4;

std::unique_ptr<replay::Table> MakeTable(const TableOptions& options) {
  auto table = replay::Table::Create(replay::TestSchema(), options);
  RECBOTS_CHECK_OK(table.status());
  return *std::move(table);
}

RateLimiterOptions Ratio(double samples_per_insert, int64_t min_size, double error_buffer) {
  return {.min_size = min_size, .samples_per_insert = samples_per_insert, .error_buffer = error_buffer};
}

// An actor without users: each step makes the next rows.
class Actor {
 public:
  std::vector<replay::TestRow> NextRows() {
    const std::vector<replay::TestRow> rows = replay::MakeRows(1, env_steps, kUsers);
    env_steps += kUsers;
    return rows;
  }
  int64_t env_steps = 0;
};

absl::string_view View(const std::vector<replay::TestRow>& rows) {
  return {Bytes(rows), rows.size() * sizeof(replay::TestRow)};
}

// The numbers of a batch's rows.
std::string RowsOf(const replay::ColumnBatch& batch) { return absl::StrJoin(batch.column<int64_t>(1), " "); }

// A source with its table and actor, and a note of all that it did: "step", or the rows of a batch.
class OneThread {
 public:
  OneThread(const TableOptions& options, int64_t max_env_steps = 0)
      : table(MakeTable(options)), source(*table, {kBatch, max_env_steps}, [this]() -> absl::StatusOr<int64_t> {
          done.push_back("step");
          EXPECT_EQ(table->state().inserted, actor.env_steps) << "rows still wait";
          if (!step_fails_with.ok()) return step_fails_with;
          source.Append(View(actor.NextRows()));
          return actor.env_steps;
        }) {}

  // One batch, which is learnt from, or one step.
  void Advance() {
    absl::StatusOr<replay::SampledBatch> sampled = source.Next(Instant::Now());
    if (!sampled.ok()) {
      EXPECT_TRUE(absl::IsDeadlineExceeded(sampled.status())) << sampled.status();
      return;
    }
    done.push_back(RowsOf(sampled->batch));
    last_counts = sampled->counts;
    source.Recycle(*std::move(sampled));
  }

  std::unique_ptr<replay::Table> table;
  Actor actor;
  absl::Status step_fails_with;
  std::vector<std::string> done;
  replay::SampledCounts last_counts;
  TableBatchSource source;
};

// The same as one loop that owns everything: after each step, batches as the limiter admits them; while it admits no
// rows, batches too.
std::vector<std::string> PlainOrder(const TableOptions& options, size_t events) {
  const std::unique_ptr<replay::Table> table = MakeTable(options);
  Actor actor;
  std::vector<std::string> done;
  const auto schema = std::make_shared<const RowSchema>(replay::TestSchema());
  replay::ColumnBatch columns(schema, kBatch);
  std::vector<ItemKey> keys(kBatch);
  std::vector<float> probabilities(kBatch);
  const auto update = [&] {
    if (table->Sample(kBatch, columns.data(), keys.data(), probabilities.data()).blocked_on != BlockedOn::kNone) {
      return false;
    }
    done.push_back(RowsOf(columns));
    table->Acknowledge(keys);
    return true;
  };
  const RateLimiterOptions& limiter = options.rate_limiter;
  const bool has_ratio = limiter.kind == RateLimiterOptions::Kind::kQueue || limiter.samples_per_insert > 0;
  while (done.size() < events) {
    done.push_back("step");
    const std::vector<replay::TestRow> rows = actor.NextRows();
    for (int64_t in = 0;
         (in += table->Append(Bytes(rows) + in * int64_t{sizeof(replay::TestRow)}, kUsers - in)) < kUsers;) {
      EXPECT_TRUE(update()) << "neither side could move";
    }
    while (table->state().samples_blocked_on == BlockedOn::kNone && update() && has_ratio) {
    }
  }
  done.resize(events);
  return done;
}

TEST(TableBatchSourceTest, StepsAndBatchesFollowEachOtherAsTheLimiterSays) {
  const RateLimiterOptions queue = {.kind = RateLimiterOptions::Kind::kQueue, .queue_size = 8};
  const std::vector<TableOptions> tables = {
      {.rate_limiter = Ratio(0, 1, 0)},     // No ratio.
      {.rate_limiter = Ratio(0, 20, 0)},    // One step, one batch, after 20 rows.
      {.rate_limiter = Ratio(8, 20, 100)},  // Many batches to a step.
      {.rate_limiter = Ratio(0.25, 7, 8)},  // Many steps to a batch.
      {.rate_limiter = Ratio(4, 5, 8)},     // Rows wait for room in the midst of a step.
      {.sampler = SelectorKind::kOldest, .max_times_sampled = 1, .rate_limiter = queue},
      {.capacity_rows = 16, .max_times_sampled = 2, .rate_limiter = Ratio(1, 4, 12)},
      {.sampler = SelectorKind::kPrioritized, .rate_limiter = Ratio(2, 10, 20)},
  };
  for (size_t i = 0; i < tables.size(); ++i) {
    OneThread run(tables[i]);
    while (run.done.size() < 1000) run.Advance();
    EXPECT_EQ(run.done, PlainOrder(tables[i], 1000)) << i;
  }
}

TEST(TableBatchSourceTest, RowsWithoutRoomWaitAndGoInOnceInOrder) {
  OneThread run({.rate_limiter = Ratio(4, 5, 8)});  // A step is worth 24 samples, of which it admits 16 at most.
  bool waited = false;
  for (int i = 0; i < 500; ++i) {
    run.Advance();
    const int64_t waiting = run.actor.env_steps - run.table->state().inserted;
    EXPECT_LT(waiting, kUsers);
    waited |= waiting > 0;
  }
  EXPECT_TRUE(waited) << "or the test shows nothing";
  const std::vector<replay::TestRow> rows = replay::AllRows(*run.table);
  EXPECT_EQ(rows, replay::MakeRows(1, 0, static_cast<int64_t>(rows.size())));
}

TEST(TableBatchSourceTest, MakesExactlyTheStepsItMayAndThenDrainsTheTable) {
  OneThread run({.rate_limiter = Ratio(2, 10, 20)}, /*max_env_steps=*/55);
  while (!run.source.drained()) run.Advance();
  EXPECT_EQ(run.source.env_steps(), 60) << "55, rounded up to a step of all users";
  EXPECT_EQ(run.table->state().sampled / kBatch, (2 * 60 - 2 * 10 + 20) / kBatch) << "all that the limiter admits";
  const size_t done = run.done.size();
  run.Advance();
  EXPECT_EQ(run.done.size(), done);
}

TEST(TableBatchSourceTest, LearnsOnceFromTheLastStepWithoutARatio) {
  OneThread run({.rate_limiter = Ratio(0, 1, 0)}, /*max_env_steps=*/18);
  while (!run.source.drained()) run.Advance();
  EXPECT_EQ(run.done.size(), 6u) << "three steps, and a batch after each";
  EXPECT_NE(run.done.back(), "step");
}

TEST(TableBatchSourceTest, AnErrorOfTheStepIsTheError) {
  OneThread run({.rate_limiter = Ratio(0, 1, 0)});
  run.step_fails_with = absl::InvalidArgumentError("a slate with an item twice");
  EXPECT_EQ(run.source.Next(Instant::Now()).status(), run.step_fails_with);
  EXPECT_EQ(run.source.env_steps(), 0);
}

TEST(TableBatchSourceTest, ABatchThatWasLearntFromIsAcknowledged) {
  OneThread run({.sampler = SelectorKind::kOldest, .max_times_sampled = 1, .rate_limiter = Ratio(1, 4, 8)});
  while (run.done.size() < 20) run.Advance();
  const replay::TableState state = run.table->state();
  EXPECT_EQ(state.consumed, state.sampled);
  EXPECT_EQ(state.leased, 0);
}

TEST(TableBatchSourceTest, TellsWhatWasCounted) {
  OneThread run({.rate_limiter = Ratio(1, 12, 12)});
  absl::StatusOr<replay::SampledBatch> sampled = absl::UnknownError("none yet");
  while (!sampled.ok()) sampled = run.source.Next(Instant::Now());
  EXPECT_EQ(sampled->counts.inserted, 12);
  EXPECT_EQ(sampled->counts.sampled, kBatch);
  EXPECT_EQ(sampled->counts.inserted_before, 0) << "every row is of this run";
  EXPECT_EQ(sampled->probabilities, std::vector<float>(kBatch, 1.0f / 12));
}

TEST(TableBatchSourceTest, PrioritiesGoToTheirRows) {
  OneThread run({.sampler = SelectorKind::kPrioritized, .priority_exponent = 1, .rate_limiter = Ratio(0, 1, 0)});
  run.Advance();
  const absl::StatusOr<replay::SampledBatch> sampled = run.source.Next(Instant::Now());
  ASSERT_TRUE(sampled.ok());
  const ItemKey key = sampled->keys[0];
  ASSERT_TRUE(run.source.UpdatePriorities({key, key ^ (ItemKey{1} << 40)}, {50, 50}).ok()) << "one row is gone";
  run.Advance();
  run.Advance();
  EXPECT_EQ(run.table->state().priorities_updated, 1);
  EXPECT_EQ(run.last_counts.priorities_stale, 1);
}

}  // namespace
}  // namespace recbots

// Table against TableModel over random operations. One program per remover includes it, so that they run side by side.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/replay/support/test_rows.h"
#include "tests/replay/table/table_model.h"

namespace recbots::replay {

struct ModelCase {
  const char* name;
  TableOptions options;
  int operations;
};

class ModelRun {
 public:
  explicit ModelRun(const ModelCase& model_case)
      : options_(model_case.options),
        table_(NewTable()),
        model_(options_, table_->capacity()),
        rng_(/*seed=*/17, Purpose::kTest, {.stream = 1}) {
    RECBOTS_CHECK(table_->OpenWriter(kWriter).value() == 0);
  }

  void Run(int operations) {
    for (int i = 0; i < operations; ++i) {
      // A fresh stream now and then: one position has 262,144 numbers.
      if (i % 4096 == 0) rng_ = Rng(17, Purpose::kTest, {.stream = 1, .episode = static_cast<uint32_t>(i)});
      const uint32_t kind = rng_.Index(16);
      if (kind < 5) {
        Insert();
      } else if (kind < 10) {
        Sample();
      } else if (kind < 12) {
        Settle(/*refund=*/false);
      } else if (kind < 13) {
        Settle(/*refund=*/true);
      } else {
        Update();
      }
      if (::testing::Test::HasFatalFailure()) return;
      CheckState();
      if (i % 16 == 0) CheckContents();
      if (i % 5000 == 4999) Restart();
      ASSERT_FALSE(::testing::Test::HasFailure()) << "operation " << i;
    }
    EXPECT_GT(model_.inserted, operations / 20);
    EXPECT_GT(model_.sampled, operations / 20);
  }

 private:
  static constexpr WriterId kWriter = {7};

  struct Batch {
    std::vector<ItemKey> keys;
    std::vector<int64_t> sequences;
  };

  std::unique_ptr<Table> NewTable() const {
    auto table = Table::Create(TestSchema(), options_);
    RECBOTS_CHECK_OK(table.status());
    return *std::move(table);
  }

  // Few values, so that there are ties, and zeros.
  float RandomPriority() {
    constexpr float kValues[] = {0, 0.25f, 0.25f, 1, 1, 1.75f, 3};
    return rng_.Index(3) == 0 ? static_cast<float>(rng_.Uniform(0, 2)) : kValues[rng_.Index(7)];
  }

  void Insert() {
    const int64_t count = 1 + rng_.Index(12);
    std::vector<float> priorities;
    if (rng_.Index(2) == 0) {
      // Where rows go only by being drawn, those that never are would fill the table.
      const bool no_zeros = options_.max_times_sampled > 0;
      for (int64_t i = 0; i < count; ++i) priorities.push_back(std::max(RandomPriority(), no_zeros ? 0.01f : 0.0f));
    }
    BlockedOn blocked_on = BlockedOn::kNone;
    const int64_t want = model_.Insert(next_, count, priorities, blocked_on);
    // Some rows come again in front of the new ones.
    const int64_t again = std::min<int64_t>(rng_.Index(4), next_);
    const auto rows = MakeRows(1, next_ - again, again + count);
    std::vector<float> with_again(priorities.empty() ? 0 : static_cast<size_t>(again), 9.0f);
    with_again.insert(with_again.end(), priorities.begin(), priorities.end());
    const char* const bytes = Bytes(rows);
    const size_t size = rows.size() * sizeof(TestRow), cut = rng_.Index(static_cast<uint32_t>(size) + 1);
    const absl::string_view pieces[] = {{bytes, cut}, {}, {bytes + cut, size - cut}};
    const InsertResult result =
        table_->Insert(kWriter, next_ - again, ByteRuns(pieces), again + count, with_again).value();
    ASSERT_EQ(result.inserted, want);
    ASSERT_EQ(result.duplicates, again);
    ASSERT_EQ(result.acknowledged_rows, next_ + want);
    ASSERT_EQ(result.blocked_on, blocked_on);
    next_ += want;
    duplicates_ += again;
  }

  void Sample() {
    const int64_t count = 1 + rng_.Index(6);
    const BlockedOn blocked_on = model_.SampleBlockedOn(count);
    std::vector<char> columns(table_->schema().batch_bytes(static_cast<size_t>(count)));
    std::vector<ItemKey> keys(static_cast<size_t>(count));
    std::vector<float> probabilities(keys.size());
    const SampleResult result = table_->Sample(count, columns.data(), keys.data(), probabilities.data());
    ASSERT_EQ(result.blocked_on, blocked_on);
    if (blocked_on != BlockedOn::kNone) return;
    model_.Charge(count);
    Batch batch{keys, {}};
    for (size_t i = 0; i < keys.size(); ++i) {
      TestRow row;
      std::memcpy(&row.writer, &columns[i * 8], 8);
      std::memcpy(&row.sequence, &columns[table_->schema().batch_offset(1, keys.size()) + i * 8], 8);
      std::memcpy(row.payload, &columns[table_->schema().batch_offset(2, keys.size()) + i * 16], 16);
      ASSERT_EQ(row, MakeRow(1, row.sequence));
      const auto [known, is_new] = keys_.emplace(row.sequence, keys[i]);
      ASSERT_EQ(known->second, keys[i]) << "a row changed its key";
      ASSERT_TRUE(!is_new || sequences_.emplace(keys[i], row.sequence).second) << "a key names two rows";
      ASSERT_EQ(probabilities[i], model_.Draw(row.sequence)) << "row " << row.sequence;
      batch.sequences.push_back(row.sequence);
    }
    batches_.push_back(std::move(batch));
    if (batches_.size() > 5) Settle(/*refund=*/false);
  }

  // Acknowledges or refunds a batch in flight.
  void Settle(bool refund) {
    if (batches_.empty()) return;
    const uint32_t i = rng_.Index(static_cast<uint32_t>(batches_.size()));
    Batch batch = batches_[i];
    batches_.erase(batches_.begin() + i);
    // The reader's business.
    for (ItemKey& key : batch.keys) key = WithShard(key, 3);
    if (refund) {
      table_->Refund(batch.keys);
      model_.Refund(batch.sequences);
    } else {
      table_->Acknowledge(batch.keys);
      model_.Acknowledge(batch.sequences);
    }
  }

  void Update() {
    if (keys_.empty()) return;
    std::vector<ItemKey> keys;
    std::vector<float> priorities;
    for (uint32_t count = 1 + rng_.Index(4); count > 0; --count) {
      // Mostly of rows that were drawn lately; some are gone.
      const auto known = std::next(keys_.rbegin(), rng_.Index(std::min(40u, static_cast<uint32_t>(keys_.size()))));
      constexpr float kBad[] = {-1, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()};
      const float priority = rng_.Index(20) == 0 ? kBad[rng_.Index(3)] : RandomPriority();
      keys.push_back(known->second);
      priorities.push_back(priority);
      model_.Update(known->first, priority);
    }
    table_->UpdatePriorities(keys, priorities);
  }

  void CheckState() {
    const TableState state = table_->state();
    ASSERT_EQ(state.rows, static_cast<int64_t>(model_.rows.size()));
    ASSERT_EQ(state.leased, model_.leased());
    ASSERT_EQ(state.inserted, model_.inserted);
    ASSERT_EQ(state.sampled, model_.sampled);
    ASSERT_EQ(state.refunded, model_.refunded);
    ASSERT_EQ(state.consumed, model_.consumed);
    ASSERT_EQ(state.evicted, model_.evicted);
    ASSERT_EQ(state.duplicates, duplicates_);
    ASSERT_EQ(state.priorities_updated, model_.updated);
    ASSERT_EQ(state.priorities_stale, model_.stale);
    ASSERT_EQ(state.priorities_refused, model_.refused);
    ASSERT_EQ(state.inserts_blocked_on, model_.InsertBlockedOn());
    ASSERT_EQ(state.samples_blocked_on, model_.SampleBlockedOn(1));
    uint64_t total = 0;
    for (const ModelRow& row : model_.rows) total += model_.Weight(row);
    ASSERT_EQ(state.total_weight, state.samples_blocked_on == BlockedOn::kMinSize ? 0 : total);
    if (keys_.size() > 4000) {  // Keys of rows long gone.
      for (auto known = keys_.begin(); keys_.size() > 1000; known = keys_.erase(known)) sequences_.erase(known->second);
    }
  }

  void CheckContents() {
    std::vector<TestRow> rows(model_.rows.size() + 3);
    const int64_t first = rng_.Index(4), most = static_cast<int64_t>(rows.size());
    const int64_t copied = table_->CopyRows(first, most, reinterpret_cast<char*>(rows.data()));
    int64_t at = -first;
    for (const ModelRow& row : model_.rows) {
      if (model_.Leased(row)) continue;
      ASSERT_TRUE(at < 0 || rows[static_cast<size_t>(at)] == MakeRow(1, row.sequence)) << "row " << row.sequence;
      ++at;
    }
    ASSERT_EQ(copied, std::max<int64_t>(at, 0));
  }

  // Takes the table down to a checkpoint and goes on with what is made of it. What is in flight comes back.
  void Restart() {
    FrozenTable frozen;
    table_->PrepareFreeze(frozen);
    table_->Lock();
    table_->FreezeLocked(frozen);
    table_->Unlock();
    std::vector<char> segment(Slab::kSegmentBytes);
    if (!table_->dirty_segments().empty()) table_->ReadSegment(0, segment.data());
    table_->EndCut(/*kept=*/false);
    for (const Batch& batch : batches_) {
      if (options_.max_times_sampled == 0) break;
      // Draws of rows that went since are not among those that a checkpoint knows to be in flight.
      std::vector<int64_t> there;
      for (const int64_t sequence : batch.sequences) {
        if (model_.Find(sequence) != nullptr) there.push_back(sequence);
      }
      model_.Refund(there);
    }
    batches_.clear();
    table_ = NewTable();
    std::vector<std::string> differences;
    const auto read = [&](int64_t slot, int64_t count, char* to) {
      std::memcpy(to, segment.data() + slot * static_cast<int64_t>(sizeof(TestRow)),
                  static_cast<size_t>(count) * sizeof(TestRow));
      return absl::OkStatus();
    };
    ASSERT_TRUE(table_->Restore(frozen, read, differences).ok());
    ASSERT_TRUE(differences.empty()) << differences[0];
    ASSERT_EQ(table_->DurableRows(kWriter), next_);
    ASSERT_EQ(table_->OpenWriter(kWriter).value(), next_);
    CheckState();
    CheckContents();
  }

  const TableOptions options_;
  std::unique_ptr<Table> table_;
  TableModel model_;
  Rng rng_;
  int64_t next_ = 0;  // Sequence number of the writer.
  int64_t duplicates_ = 0;
  std::vector<Batch> batches_;       // In flight.
  std::map<int64_t, ItemKey> keys_;  // By sequence number, as far as drawn.
  std::map<ItemKey, int64_t> sequences_;
};

class TableModelTest : public ::testing::TestWithParam<SelectorKind> {};

// 10^6 operations for each sampler: kinds of limiter and lease share them.
inline void RunModel(SelectorKind sampler, SelectorKind remover) {
  TableOptions base{.capacity_rows = 29, .sampler = sampler, .remover = remover, .seed = 5};
  TableOptions free = base, ratio = base, leased = base, queue = base, tiny = base;
  ratio.rate_limiter = {.min_size = 5, .samples_per_insert = 1.5, .error_buffer = 20};
  ratio.priority_exponent = 1;
  leased.max_times_sampled = 3;
  leased.rate_limiter = {.min_size = 2, .samples_per_insert = 0.8, .error_buffer = 40};
  queue.max_times_sampled = 1;
  queue.rate_limiter = {.kind = RateLimiterOptions::Kind::kQueue, .queue_size = 20};
  tiny.capacity_rows = 2;
  tiny.max_times_sampled = 2;
  for (const ModelCase& model_case :
       {ModelCase{"free", free, 250'000}, ModelCase{"ratio", ratio, 250'000}, ModelCase{"leased", leased, 300'000},
        ModelCase{"queue", queue, 150'000}, ModelCase{"tiny", tiny, 50'000}}) {
    SCOPED_TRACE(model_case.name);
    ModelRun(model_case).Run(model_case.operations);
    if (::testing::Test::HasFailure()) return;
  }
}

inline std::string SamplerName(const ::testing::TestParamInfo<SelectorKind>& info) {
  return std::string(NameOf(info.param));
}

inline auto AllSamplers() {
  return ::testing::Values(SelectorKind::kUniform, SelectorKind::kPrioritized, SelectorKind::kOldest,
                           SelectorKind::kNewest, SelectorKind::kHighestPriority, SelectorKind::kLowestPriority);
}

}  // namespace recbots::replay

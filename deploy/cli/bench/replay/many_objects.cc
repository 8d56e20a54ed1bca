#include "deploy/cli/bench/replay/many_objects.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"

namespace recbots::replay_bench {
namespace {

constexpr int kExecutorThreads = 4;
constexpr int64_t kMostOnTheirWay = 1000;
constexpr uint64_t kStepsPerEpisode = 64;

uint64_t RandomKey(uint64_t count) {
  Rng rng(/*seed=*/5, Purpose::kTest, {static_cast<uint32_t>(count), static_cast<uint32_t>(count >> 32), 0});
  return uint64_t{rng.Bits()} << 32 | rng.Bits();
}

}  // namespace

ManyObjectsStore::Executor::Executor(int num_threads) {
  for (int i = 0; i < num_threads; ++i) {
    threads_.push_back(std::make_unique<Thread>(absl::StrCat("executor-", i), [this] { Run(); }));
  }
}

ManyObjectsStore::Executor::~Executor() {
  {
    MutexLock lock(&mu_);
    stop_ = true;
  }
  threads_.clear();
}

void ManyObjectsStore::Executor::Schedule(std::function<void()> work) {
  MutexLock lock(&mu_);
  work_.push_back(std::move(work));
}

void ManyObjectsStore::Executor::Run() {
  while (true) {
    std::function<void()> work;
    {
      MutexLock lock(&mu_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stop_ || !work_.empty(); };
      if (!mu_.AwaitFor(ready, absl::Seconds(1))) continue;
      if (work_.empty()) return;
      work = std::move(work_.front());
      work_.pop_front();
    }
    work();
  }
}

ManyObjectsStore::ManyObjectsStore(const RowSchema& schema, int64_t capacity, replay::SelectorKind sampler)
    : schema_(schema),
      capacity_(capacity),
      sampler_(sampler),
      executor_(kExecutorThreads),
      worker_("many-objects", [this] { WorkerLoop(); }) {}

ManyObjectsStore::~ManyObjectsStore() {
  Settle();
  MutexLock lock(&worker_mu_);
  stop_ = true;
}

ManyObjectsStore::ItemPointer ManyObjectsStore::MakeItem(const char* row) {
  uint64_t count;
  {
    MutexLock lock(&caller_mu_);
    count = next_key_;
    next_key_ += 1 + schema_.columns().size();
  }
  auto item = std::make_shared<Item>();
  item->key = RandomKey(count);
  item->table = "transitions";
  item->priority = 1;
  for (size_t i = 0; i < schema_.columns().size(); ++i) {
    const Column& column = schema_.columns()[i];
    auto chunk = std::make_shared<Chunk>();
    chunk->key = RandomKey(count + 1 + i);
    chunk->dtype = column.dtype;
    chunk->shape.assign(column.shape.begin(), column.shape.end());
    chunk->content.assign(row + schema_.offset(i), schema_.column_bytes(i));
    chunk->episode = count / kStepsPerEpisode;
    item->slices.push_back({chunk->key, 0, 1});
    item->chunks.push_back(std::move(chunk));
  }
  return item;
}

void ManyObjectsStore::DestroySomeRemoved() {
  ItemPointer removed;
  MutexLock lock(&worker_mu_);
  if (removed_.empty()) return;
  removed = std::move(removed_.back());
  removed_.pop_back();
}

void ManyObjectsStore::Insert(const char* rows, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    ItemPointer item = MakeItem(rows + static_cast<size_t>(i) * schema_.row_bytes());
    {
      MutexLock lock(&caller_mu_);
      const auto room = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(caller_mu_) { return on_their_way_ < kMostOnTheirWay; };
      while (!caller_mu_.AwaitFor(room, absl::Seconds(1))) {
      }
      ++on_their_way_;
    }
    {
      MutexLock lock(&worker_mu_);
      pending_inserts_.push_back(std::move(item));
    }
    DestroySomeRemoved();
  }
}

void ManyObjectsStore::Settle() {
  MutexLock lock(&caller_mu_);
  const auto none = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(caller_mu_) { return on_their_way_ == 0; };
  while (!caller_mu_.AwaitFor(none, absl::Seconds(1))) {
  }
}

void ManyObjectsStore::WorkerLoop() {
  std::vector<ItemPointer> inserts;
  std::vector<SampleRequest> samples;
  while (true) {
    {
      MutexLock lock(&worker_mu_);
      const auto ready = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(worker_mu_) {
        return stop_ || !pending_inserts_.empty() || !pending_samples_.empty();
      };
      if (!worker_mu_.AwaitFor(ready, absl::Seconds(1))) continue;
      if (stop_) return;
      std::swap(inserts, pending_inserts_);
      std::swap(samples, pending_samples_);
    }
    for (ItemPointer& item : inserts) {
      Apply(std::move(item));
      executor_.Schedule([this] {
        MutexLock lock(&caller_mu_);
        --on_their_way_;
      });
    }
    for (SampleRequest& request : samples) {
      executor_.Schedule(
          [done = std::move(request.done), drawn = Draw(request.count)]() mutable { done(std::move(drawn)); });
    }
    inserts.clear();
    samples.clear();
  }
}

void ManyObjectsStore::Apply(ItemPointer item) {
  if (static_cast<int64_t>(items_.size()) >= capacity_) RemoveOldest();
  item->inserted = Instant::Now();
  const uint64_t key = item->key;
  for (const auto& chunk : item->chunks) ++episodes_[chunk->episode];
  AddToSampler(key, item->priority);
  age_positions_[key] = oldest_first_.insert(oldest_first_.end(), key);
  items_[key] = std::move(item);
}

void ManyObjectsStore::RemoveOldest() {
  const uint64_t key = oldest_first_.front();
  oldest_first_.pop_front();
  age_positions_.erase(key);
  RemoveFromSampler(key);
  const auto found = items_.find(key);
  for (const auto& chunk : found->second->chunks) {
    const auto episode = episodes_.find(chunk->episode);
    if (--episode->second == 0) episodes_.erase(episode);
  }
  {
    MutexLock lock(&worker_mu_);
    removed_.push_back(std::move(found->second));
  }
  items_.erase(found);
}

void ManyObjectsStore::AddToSampler(uint64_t key, double priority) {
  if (sampler_ == replay::SelectorKind::kUniform) {
    positions_[key] = keys_.size();
    keys_.push_back(key);
    return;
  }
  positions_[key] = tree_.size();
  tree_.push_back({key, 0, 0});
  SetTree(tree_.size() - 1, priority);
}

void ManyObjectsStore::RemoveFromSampler(uint64_t key) {
  // The last element takes the place of the removed one.
  const auto found = positions_.find(key);
  const size_t place = found->second;
  positions_.erase(found);
  if (sampler_ == replay::SelectorKind::kUniform) {
    if (keys_.back() != key) positions_[keys_.back()] = place;
    keys_[place] = keys_.back();
    keys_.pop_back();
    return;
  }
  const TreeNode last = tree_.back();
  SetTree(tree_.size() - 1, 0);
  tree_.pop_back();
  if (last.key == key) return;
  SetTree(place, last.value);
  tree_[place].key = last.key;
  positions_[last.key] = place;
}

uint64_t ManyObjectsStore::DrawKey(Rng& rng) const {
  if (sampler_ == replay::SelectorKind::kUniform) return keys_[rng.Index(static_cast<uint32_t>(keys_.size()))];
  double left = rng.Uniform() * tree_[0].sum;
  for (size_t at = 0;;) {
    left -= tree_[at].value;
    if (left < 0) return tree_[at].key;
    const size_t child = 2 * at + 1;
    if (left < SumAt(child)) {
      at = child;
    } else if (child + 1 < tree_.size()) {
      left -= SumAt(child);
      at = child + 1;
    } else {
      return tree_[at].key;  // Rounding.
    }
  }
}

void ManyObjectsStore::SetTree(size_t position, double value) {
  // The tree has the shape of a binary heap: the sum of a node is its own value plus the sums of its two children.
  const double change = value - tree_[position].value;
  tree_[position].value = value;
  for (size_t at = position;; at = (at - 1) / 2) {
    tree_[at].sum += change;
    if (at == 0) return;
  }
}

std::vector<ManyObjectsStore::ItemPointer> ManyObjectsStore::Draw(int64_t count) {
  std::vector<ItemPointer> drawn;
  Rng rng(/*seed=*/6, Purpose::kTest, {static_cast<uint32_t>(draws_), static_cast<uint32_t>(draws_ >> 32), 0});
  ++draws_;
  for (int64_t i = 0; i < count; ++i) {
    const ItemPointer& item = items_.find(DrawKey(rng))->second;
    ++item->times_sampled;
    drawn.push_back(item);
  }
  return drawn;
}

void ManyObjectsStore::Sample(replay::ColumnBatch& batch) {
  Mutex mu;
  bool done = false;
  std::vector<ItemPointer> items;
  {
    MutexLock lock(&worker_mu_);
    pending_samples_.push_back({batch.num_rows(), [&](std::vector<ItemPointer> drawn) {
                                  MutexLock inner(&mu);
                                  items = std::move(drawn);
                                  done = true;
                                }});
  }
  {
    MutexLock lock(&mu);
    while (!mu.AwaitFor([&done] { return done; }, absl::Seconds(1))) {
    }
  }
  DestroySomeRemoved();
  const auto num_rows = static_cast<size_t>(batch.num_rows());
  for (size_t c = 0; c < schema_.columns().size(); ++c) {
    const size_t bytes = schema_.column_bytes(c);
    char* to = batch.data() + schema_.batch_offset(c, num_rows);
    for (size_t r = 0; r < num_rows; ++r) std::memcpy(to + r * bytes, items[r]->chunks[c]->content.data(), bytes);
  }
}

}  // namespace recbots::replay_bench

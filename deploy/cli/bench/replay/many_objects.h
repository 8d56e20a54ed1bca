// A baseline of our own, to show what the design of replay/table is worth on equal hardware: a store in which every row
// is many small objects, as general experience stores keep them.
//
// Per row: a heap object ("chunk") with its bytes, shape and a random 64-bit key for each column; an item that refers
// to the chunks by shared pointers; a hash map of items by key, and one more in the sampler (a list of keys, or a sum
// tree of doubles for prioritized draws) and in the remover (a linked list); a count per episode. Callers hand items to
// one worker thread, which works in runs, and a small pool of threads tells them of each item that is in. Rows that
// were removed are destroyed by callers, outside the worker's lock.
//
// It stands for no product: only for this way of keeping rows.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/base/row_schema.h"
#include "common/base/thread.h"
#include "replay/table/column_batch.h"
#include "replay/table/selectors/selector.h"

namespace recbots::replay_bench {

// Thread-safe.
class ManyObjectsStore {
 public:
  // `sampler`: kUniform or kPrioritized. All priorities are 1.
  ManyObjectsStore(const RowSchema& schema, int64_t capacity, replay::SelectorKind sampler);
  ~ManyObjectsStore();

  // One item per row, `count` rows; waits while too many are on their way.
  void Insert(const char* rows, int64_t count);
  // Waits until all that was inserted is in.
  void Settle();
  // Draws with replacement; the store must not be empty.
  void Sample(replay::ColumnBatch& batch);

 private:
  struct Chunk {
    uint64_t key = 0;
    DType dtype = DType::kFloat32;
    std::vector<int64_t> shape;
    std::string content;
    uint64_t episode = 0;
    int64_t first_step = 0;
    int64_t last_step = 0;
  };
  struct Slice {
    uint64_t chunk = 0;
    int64_t offset = 0;
    int64_t length = 0;
  };
  struct Item {
    uint64_t key = 0;
    std::string table;
    double priority = 0;
    int64_t times_sampled = 0;
    Instant inserted;
    std::vector<Slice> slices;
    std::vector<std::shared_ptr<Chunk>> chunks;
  };
  using ItemPointer = std::shared_ptr<Item>;
  struct SampleRequest {
    int64_t count = 0;
    std::function<void(std::vector<ItemPointer>)> done;
  };
  struct TreeNode {
    uint64_t key = 0;
    double value = 0;
    double sum = 0;
  };

  // Runs what it is given, one thing after the other, on threads of its own.
  class Executor {
   public:
    explicit Executor(int num_threads);
    ~Executor();
    void Schedule(std::function<void()> work);

   private:
    void Run();
    Mutex mu_;
    std::deque<std::function<void()>> work_ ABSL_GUARDED_BY(mu_);
    bool stop_ ABSL_GUARDED_BY(mu_) = false;
    std::vector<std::unique_ptr<Thread>> threads_;
  };

  ItemPointer MakeItem(const char* row);
  void DestroySomeRemoved() ABSL_LOCKS_EXCLUDED(worker_mu_);
  void WorkerLoop();
  void Apply(ItemPointer item);
  void RemoveOldest();
  // The sampler: one of the two.
  void AddToSampler(uint64_t key, double priority);
  void RemoveFromSampler(uint64_t key);
  uint64_t DrawKey(Rng& rng) const;
  void SetTree(size_t position, double value);
  double SumAt(size_t position) const { return position < tree_.size() ? tree_[position].sum : 0; }
  std::vector<ItemPointer> Draw(int64_t count);

  const RowSchema schema_;
  const int64_t capacity_;
  const replay::SelectorKind sampler_;

  // Of the worker's thread alone.
  absl::flat_hash_map<uint64_t, ItemPointer> items_;
  absl::flat_hash_map<uint64_t, size_t> positions_;  // In the next or the one after it.
  std::vector<uint64_t> keys_;
  std::vector<TreeNode> tree_;
  std::list<uint64_t> oldest_first_;
  absl::flat_hash_map<uint64_t, std::list<uint64_t>::iterator> age_positions_;
  absl::flat_hash_map<uint64_t, int64_t> episodes_;
  uint64_t draws_ = 0;

  Mutex worker_mu_;
  std::vector<ItemPointer> pending_inserts_ ABSL_GUARDED_BY(worker_mu_);
  std::vector<SampleRequest> pending_samples_ ABSL_GUARDED_BY(worker_mu_);
  std::vector<ItemPointer> removed_ ABSL_GUARDED_BY(worker_mu_);
  bool stop_ ABSL_GUARDED_BY(worker_mu_) = false;

  Mutex caller_mu_;
  uint64_t next_key_ ABSL_GUARDED_BY(caller_mu_) = 1;
  int64_t on_their_way_ ABSL_GUARDED_BY(caller_mu_) = 0;

  Executor executor_;
  Thread worker_;
};

}  // namespace recbots::replay_bench

// The batches of one reader that were drawn and not yet acknowledged. Their keys will be acknowledged or refunded.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "replay/table/item_key.h"

namespace recbots::replay {

// Batches are numbered from 0 in the order in which they were drawn. Memory of acknowledged batches is reused. Not
// thread-safe.
class SentBatches {
 public:
  using Keys = std::vector<ItemKey>;

  // Adds a batch that was drawn.
  void Add(absl::Span<const ItemKey> keys) {
    Keys copy;
    if (!spare_.empty()) {
      copy = std::move(spare_.back());
      spare_.pop_back();
    }
    copy.assign(keys.begin(), keys.end());
    rows_ += static_cast<int64_t>(keys.size());
    batches_.push_back(std::move(copy));
    ++drawn_;
  }

  // Removes the oldest batch and returns its keys. There must be one.
  Keys TakeOldest() {
    Keys keys = std::move(batches_.front());
    batches_.pop_front();
    rows_ -= static_cast<int64_t>(keys.size());
    ++acknowledged_;
    return keys;
  }
  // Returns the memory of a batch that was removed.
  void Recycle(Keys keys) {
    if (spare_.size() < kMaxSpare) spare_.push_back(std::move(keys));
  }

  bool empty() const { return batches_.empty(); }
  int64_t drawn() const { return drawn_; }
  int64_t acknowledged() const { return acknowledged_; }
  int64_t batches() const { return drawn_ - acknowledged_; }
  int64_t rows() const { return rows_; }

 private:
  static constexpr size_t kMaxSpare = 4;

  std::deque<Keys> batches_;
  std::vector<Keys> spare_;
  int64_t drawn_ = 0;
  int64_t acknowledged_ = 0;
  int64_t rows_ = 0;
};

}  // namespace recbots::replay

// The memory of tabular Q-learning: values and visits of pairs of a discretised state and a slate.
#pragma once

#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace recbots {

// Puts real numbers into bins, which are bounded by `num_edges` equally spaced edges from low to high.
class Digitizer {
 public:
  // low < high, both finite; num_edges >= 1 (a single edge lies at low).
  Digitizer(double low, double high, int num_edges);

  // How many edges are <= value: 0 below low, num_edges at or above high and for NaN. The result is exact for the edges
  // i * (high - low) / (num_edges - 1) + low as rounded in double precision.
  int Index(double value) const;

 private:
  double Edge(int i) const { return i == last_ ? end_ : i * spacing_ + low_; }

  const double low_, spacing_, end_;
  const int last_;
};

// 128 bits that stand for a sequence or a multiset of integers. Among 10^9 different sequences two have the same key
// with a probability of about 10^-21, so tables keep keys instead of the hundreds of bytes of a slate's features.
struct QKey {
  uint64_t a = 0x243F6A8885A308D3, b = 0x13198A2E03707344;

  // The key of this sequence with one more element.
  QKey Then(uint64_t value) const { return {Mix(a ^ Mix(value + 1)), Mix(b + Mix(~value))}; }
  QKey Then(const QKey& key) const { return {Mix(a ^ Mix(key.a + 1)), Mix(b + Mix(~key.b))}; }
  // The key of the multiset of both; the order does not matter.
  QKey And(const QKey& key) const { return {a + key.a, b + key.b}; }

  friend bool operator==(const QKey&, const QKey&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const QKey& key) {
    return H::combine(std::move(state), key.a);  // The bits are mixed already.
  }

 private:
  // The finaliser of SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
  static uint64_t Mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
  }
};

// The value and visits of a pair; all zero if the pair was never visited.
struct QEntry {
  double value = 0;    // Q
  int64_t visits = 0;  // Updates so far.
};

// Not thread-safe. About 40 bytes per pair that was visited.
class QTable {
 public:
  QEntry Find(const QKey& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? QEntry{} : found->second;
  }

  // Moves the value towards `target` by the step size learning_rate * visits^-exponent, visits counting this one.
  void Update(const QKey& key, double target, double learning_rate, double exponent);

  size_t size() const { return entries_.size(); }  // Pairs visited.

 private:
  absl::flat_hash_map<QKey, QEntry> entries_;
};

}  // namespace recbots

// What a model sees of a slate: the documents shown, in slate order.
#pragma once

#include <cstdint>

namespace recbots {

// The document of models whose candidates are the same fixed items for everybody: a position says all.
struct NoDocument {};

// A view, valid during the call that it is passed to. Positions have been checked: 0..N-1, all different.
template <typename Document>
class Slate {
 public:
  Slate(const Document* candidates, const int32_t* positions, int size)
      : candidates_(candidates), positions_(positions), size_(size) {}

  int size() const { return size_; }  // 1..K; 0 where the spec allows empty slates.
  int32_t position(int i) const { return positions_[i]; }
  const Document& operator[](int i) const { return candidates_[positions_[i]]; }

 private:
  const Document* candidates_;
  const int32_t* positions_;
  int size_;
};

}  // namespace recbots

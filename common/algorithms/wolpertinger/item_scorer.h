// The candidates of a user and which of them a critic likes best, on plain memory: part of fused_update.h.
//
// Candidates are the k items nearest to a proto-action, in the order of their positions, and then the drawn ones that
// are not among these, once each: an item that is there already adds nothing. Equal distances go to the lower position,
// equal values to the first candidate; a value that is NaN wins.
//
// Letters: B rows, I items, E embedding size, H hidden units; padded: PaddedSize.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/algorithms/wolpertinger/options.h"
#include "common/inference/dense.h"
#include "common/training/packed_mlp.h"

namespace recbots {

class ItemScorer {
 public:
  explicit ItemScorer(const WolpertingerOptions& options);

  struct Input {
    const PackedMlp& critic;
    const float* embeddings;  // [I, E]
    const float* unit;        // [I, E]: embeddings scaled to unit length
    const float* proto;       // [B, E]; nullptr where k == I, since all items are candidates
    const float* state;       // [B, padded H]: the user's part of the critic's first layer
    const float* factors;     // [B]: rows whose factor is 0 are left out; nullptr: none is
    Draw draw;
    uint64_t updates;       // Those done, which choose the draws,
    int64_t first_row = 0;  // and the number of the first row.
  };
  // Fills best [B] with items, and values [B] with what the critic makes of them; -1 and 0 for rows left out. Costs
  // B I E + B (k + random candidates) H^2 multiply-adds. Allocates where B grows.
  void Score(const Input& in, absl::Span<int32_t> best, absl::Span<float> values);

 private:
  void PackSearch(const Input& in);
  void AddNearest(const float* distances);
  void AddDrawn(const Input& in, int64_t row);
  void FindCandidates(const Input& in, size_t rows);
  void ValueCandidates(const Input& in, size_t rows);

  const WolpertingerOptions options_;
  const size_t num_items_, embedding_size_, units_;  // I, E, padded H
  DenseLayer search_;                                // From a point to its distances, less what all items share.
  std::vector<float> squared_lengths_;               // [I]
  std::vector<float> points_;                        // [DenseLayer::kHeadRows, E]
  AlignedFloats distances_;                          // [DenseLayer::kHeadRows, padded I]
  std::vector<uint64_t> keys_;                       // [I]
  std::vector<int32_t> items_;                       // Candidates of all rows, one row after the other,
  std::vector<size_t> ends_;                         // [B]: and where those of each row end.
  std::vector<float> values_;                        // Their values.
  AlignedFloats parts_;                              // [I or 1, padded H]: items' parts of the first layer
  AlignedFloats block_;                              // [DenseLayer::kHeadRows, padded H]
};

}  // namespace recbots

// Which row next? A selector holds slots and answers, for a sampler by drawing, for a remover by its front.
//
// One interface for all kinds (tests/conformance holds one suite for it). Implementations are deterministic: the same
// operations and the same Rng give the same answers, also after Save and Load. None allocates after construction.
// Not thread-safe: Table guards them.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots::replay {

// Numbers are those of v1::TableConfig::Sampler.
enum class SelectorKind : int {
  kUniform = 1,
  kPrioritized = 2,
  kOldest = 3,
  kNewest = 4,
  kHighestPriority = 5,
  kLowestPriority = 6,
};
// "uniform", "prioritized", "oldest", ...: on pages and in checkpoints.
absl::string_view NameOf(SelectorKind kind);

class Selector {
 public:
  virtual ~Selector() = default;

  // Adds slots (none of them in it, each below the number of slots) in order of age, oldest first. Priorities are
  // finite and at least 0; kinds that do not need them ignore them.
  virtual void Insert(absl::Span<const uint32_t> slots, absl::Span<const float> priorities) = 0;
  // Takes slots out that are in it.
  virtual void Remove(absl::Span<const uint32_t> slots) = 0;
  // As Remove and Insert of slots that hold new rows: they become the newest. Cheaper than the two.
  virtual void Replace(absl::Span<const uint32_t> slots, absl::Span<const float> priorities) = 0;
  // New priorities of slots that are in it; ages stay.
  virtual void Update(absl::Span<const uint32_t> slots, absl::Span<const float> priorities) = 0;

  // Draws with replacement and gives the probability of each draw. Those that do not draw at random answer with their
  // front each time, with probability 1. Requires total_weight() > 0.
  virtual void Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const = 0;
  // The next slot of a deterministic kind (oldest, newest, highest, lowest; ties: the older one). Requires size() > 0
  // and such a kind.
  virtual uint32_t Front() const = 0;

  virtual int64_t size() const = 0;
  // What draws are in proportion to: slots, or the exact sum of their weights.
  virtual uint64_t total_weight() const = 0;

  // The state as bytes: at most 12 per slot, plus 64. Load takes what a selector of the same kind, settings and number
  // of slots saved; INVALID_ARGUMENT (nothing to be used then) when the bytes are no such state.
  virtual size_t SavedBytes() const = 0;
  virtual void Save(char* to) const = 0;
  virtual absl::Status Load(absl::string_view saved) = 0;

  // Memory for each slot, in bytes.
  virtual size_t BytesPerSlot() const = 0;
};

// `priority_exponent` (alpha) counts for kPrioritized.
std::unique_ptr<Selector> MakeSelector(SelectorKind kind, uint32_t num_slots, double priority_exponent);

}  // namespace recbots::replay

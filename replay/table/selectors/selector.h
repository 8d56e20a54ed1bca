// Selects the next row. A selector holds slots; a sampler draws from it, a remover takes its front.
//
// All kinds share one interface, with one conformance suite (tests/conformance). Implementations are deterministic: the
// same operations and the same Rng give the same results, even across Save and Load. None allocates after construction,
// and pages of their memory are touched only as slots are used. Not thread-safe: Table guards them with its mutex.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots::replay {

// The numbers are those of v1::TableConfig::Sampler. A kind needs a name here only if other code refers to it; its row
// in selector.cc may cast the number of the proto instead.
enum class SelectorKind : int {
  kUniform = 1,
  kPrioritized = 2,
  kOldest = 3,
  kNewest = 4,
  kHighestPriority = 5,
  kLowestPriority = 6,
};

// What tables and tests must know about a kind. A new kind needs its class, a number in config.proto and one row in
// selector.cc; the conformance suite then covers it.
struct SelectorTraits {
  SelectorKind kind = SelectorKind::kUniform;
  absl::string_view name;           // The proto's name in lower case, for pages and checkpoints.
  bool at_random = false;           // It draws at random; otherwise it has a Front.
  bool by_weight = false;           // It draws in proportion to priority^priority_exponent.
  size_t bytes_per_slot = 0;        // Memory taken.
  size_t saved_bytes_per_slot = 0;  // The most that Save writes.
};
std::vector<SelectorTraits> AllSelectors();
//   INVALID_ARGUMENT  there is no such kind: "number, want bound"
absl::StatusOr<SelectorTraits> TraitsOf(SelectorKind kind);
// The name of a kind, or "unknown" if there is no such kind.
absl::string_view NameOf(SelectorKind kind);

// Priorities and ages, indexed by slot. Selectors read them; the owner, which outlives the selectors, writes them
// before it calls a selector.
struct SlotKeys {
  const float* priorities = nullptr;  // Finite and at least 0.
  const uint64_t* ages = nullptr;     // All different; newer rows have greater ages.
};

class Selector {
 public:
  virtual ~Selector() = default;

  // Adds slots that are not in the selector. It is cheapest if they come in order of age and are newer than those
  // present.
  virtual void Insert(absl::Span<const uint32_t> slots) = 0;
  // Removes slots that are in the selector.
  virtual void Remove(absl::Span<const uint32_t> slots) = 0;
  // Tells that these slots, which are in the selector, now hold new rows: newer than all others, the newest last. A
  // slot may be named more than once.
  virtual void Replace(absl::Span<const uint32_t> slots) = 0;
  // Tells that these slots, which are in the selector, have new priorities and unchanged ages. A slot may be named more
  // than once.
  virtual void Update(absl::Span<const uint32_t> slots) = 0;

  // Draws with replacement, and fills in the probability of each draw. A kind that does not draw at random returns its
  // front each time, with probability 1. `slots` and `probabilities` have the same length. Requires total_weight() > 0.
  virtual void Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const = 0;
  // The next slot of a kind that does not draw at random (oldest, newest, highest, lowest; of equals the older one).
  // Requires size() > 0.
  virtual uint32_t Front() const = 0;

  virtual int64_t size() const = 0;
  // The sum of the weights that draws are proportional to: the number of slots, or the exact sum of their priorities'
  // weights.
  virtual uint64_t total_weight() const = 0;

  // Save writes SavedBytes() bytes: the state that does not follow from priorities and ages of the slots. At most
  // saved_bytes_per_slot for each slot.
  virtual size_t SavedBytes() const { return 0; }
  virtual void Save(char* /*to*/) const {}
  // Restores the state of a selector of the same kind, settings and number of slots into this one, which is empty.
  // `members` are the slots that the saved selector held, each once, in order of age. INVALID_ARGUMENT if the bytes are
  // no such state; the selector must not be used then.
  virtual absl::Status Load(absl::string_view saved, absl::Span<const uint32_t> members) = 0;
};

// Only kinds that draw by weight use `priority_exponent` (alpha).
//   INVALID_ARGUMENT    there is no such kind
//   RESOURCE_EXHAUSTED  the address space has no room for this many slots
absl::StatusOr<std::unique_ptr<Selector>> MakeSelector(SelectorKind kind, uint32_t num_slots, double priority_exponent,
                                                       const SlotKeys& keys);

}  // namespace recbots::replay

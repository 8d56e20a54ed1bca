// Which row next? A selector holds slots and answers, for a sampler by drawing, for a remover by its front.
//
// One interface for all kinds (tests/conformance holds one suite for it). Implementations are deterministic: the same
// operations and the same Rng give the same answers, also after Save and Load. None allocates after construction; their
// memory is touched slot by slot. Not thread-safe: Table guards them.
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

// Numbers are those of v1::TableConfig::Sampler. A kind needs a name here only if other code names it: its row in
// selector.cc may as well cast the number of the proto.
enum class SelectorKind : int {
  kUniform = 1,
  kPrioritized = 2,
  kOldest = 3,
  kNewest = 4,
  kHighestPriority = 5,
  kLowestPriority = 6,
};

// What tables and tests have to know of a kind. A new kind is its class, a number in config.proto and one row in
// selector.cc; the conformance suite then covers it.
struct SelectorTraits {
  SelectorKind kind = SelectorKind::kUniform;
  absl::string_view name;           // That of the proto in lower case: on pages and in checkpoints.
  bool at_random = false;           // Draws at random; otherwise it has a Front.
  bool by_weight = false;           // Draws in proportion to priority^priority_exponent: never a row of priority 0.
  size_t bytes_per_slot = 0;        // Memory taken.
  size_t saved_bytes_per_slot = 0;  // The most that Save writes.
};
std::vector<SelectorTraits> AllSelectors();
//   INVALID_ARGUMENT  no such kind: "number, want bound"
absl::StatusOr<SelectorTraits> TraitsOf(SelectorKind kind);
// "unknown" where there is no such kind.
absl::string_view NameOf(SelectorKind kind);

// What is known of slots, by slot. Selectors read it; its owner, who outlives them, writes it before it calls them.
struct SlotKeys {
  const float* priorities = nullptr;  // Finite and at least 0.
  const uint64_t* ages = nullptr;     // When the row came: all different, newer rows have greater ones.
};

class Selector {
 public:
  virtual ~Selector() = default;

  // Adds slots, none of them in it. Cheapest in order of age, and when they are newer than those in it.
  virtual void Insert(absl::Span<const uint32_t> slots) = 0;
  // Takes slots out that are in it.
  virtual void Remove(absl::Span<const uint32_t> slots) = 0;
  // Slots that are in it hold new rows now, newer than the others, in this order. One may be named more than once.
  virtual void Replace(absl::Span<const uint32_t> slots) = 0;
  // Slots that are in it have new priorities; ages stay. One may be named more than once.
  virtual void Update(absl::Span<const uint32_t> slots) = 0;

  // Draws with replacement and gives the probability of each draw. Those that do not draw at random answer with their
  // front each time, with probability 1. Requires total_weight() > 0.
  virtual void Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const = 0;
  // The next slot of a deterministic kind (oldest, newest, highest, lowest; ties: the older one). Requires size() > 0
  // and such a kind.
  virtual uint32_t Front() const = 0;

  virtual int64_t size() const = 0;
  // What draws are in proportion to: slots, or the exact sum of their weights.
  virtual uint64_t total_weight() const = 0;

  // What is not known from priorities and ages of its slots, as bytes: at most 4 per slot.
  virtual size_t SavedBytes() const { return 0; }
  virtual void Save(char* /*to*/) const {}
  // Makes an empty selector of the same kind, settings and number of slots hold `members` (each once, in order of age)
  // as the one that saved did. INVALID_ARGUMENT when the bytes are no such state: it must not be used then.
  virtual absl::Status Load(absl::string_view saved, absl::Span<const uint32_t> members) = 0;
};

// `priority_exponent` (alpha) counts for kinds that draw by weight.
//   INVALID_ARGUMENT    no such kind
//   RESOURCE_EXHAUSTED  no address space for this many slots
absl::StatusOr<std::unique_ptr<Selector>> MakeSelector(SelectorKind kind, uint32_t num_slots, double priority_exponent,
                                                       const SlotKeys& keys);

}  // namespace recbots::replay

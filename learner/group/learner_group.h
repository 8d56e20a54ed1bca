// Several learners that train as one: the gradients of all of them are summed, so that each takes the step that one
// learner would take with the rows of all.
//
// Everything that learners tell each other goes through rounds. A round is one all-reduce, of the arena of gradients
// and of a few numbers behind it: whether each learner has gradients, waits (for a batch, for an evaluation) or leaves,
// and what sums are divided by. All learners take part in every round and see the same sums, so all of them draw the
// same conclusion:
//   one leaves        no learner steps; the group has ended
//   one waits         no learner steps; those with gradients bring them again to the next round
//   otherwise         all step
// A learner that has nothing to do takes part several times a second (Idle), and one that ends for any reason says so
// in a last round (Leave), so that no other waits for it. A learner that takes no part within the deadline (it is dead,
// it hangs, or the network is cut) breaks the group: every other learner gets an error that names it.
//
// Rounds must not be skipped: between two of them a learner does nothing that takes longer than the deadline.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/algorithms/algorithm.h"
#include "common/base/instant.h"
#include "common/networks/gradient_exchange.h"
#include "learner/group/collective.h"
#include "learner/group/group_store.h"

namespace recbots {

struct LearnerGroupOptions {
  int rank = 0;
  int size = 1;
  // That of the collective, for messages.
  absl::Duration deadline = absl::Seconds(30);
  // How long the learners that are left wait for each other to find out who is missing.
  absl::Duration inquiry = absl::Seconds(2);
};

// Why a learner leaves, the weightiest reason last.
enum class Leaving { kToldToEnd = 2, kOver = 3, kFailed = 4 };

// How a group has ended.
struct GroupEnd {
  int rank = 0;  // The learner that has left first, or for the weightiest reason.
  Leaving why = Leaving::kToldToEnd;
  // Of a learner that has failed: its error, and the rows of its batch, JSON Lines, if they have to do with it.
  std::string message = {};
  std::string rows = {};
};

// Used by the thread that trains alone.
class LearnerGroup final : public GradientExchange {
 public:
  // `store` and `algorithm` outlive the group.
  LearnerGroup(const LearnerGroupOptions& options, std::unique_ptr<Collective> collective, GroupStore& store,
               Algorithm& algorithm);

  int rank() const override { return options_.rank; }
  int size() const { return options_.size; }

  // The first operation: all learners take over what rank 0 has learnt so far. Costs one broadcast of the state.
  //   UNAVAILABLE       the group is broken (see Exchange)
  //   INVALID_ARGUMENT  the state does not fit (Algorithm::LoadState)
  absl::Status ShareState();

  // Where rows are drawn by priority: the smallest probability of this learner's batch, and beta. Weights, which each
  // learner has scaled so that the largest of its own is 1 (replay/table/importance_weights.h), count in the next
  // exchange as if they had been scaled over the rows of all learners.
  void UseImportance(float smallest_probability, double exponent);

  // Takes part in rounds until one has the gradients of all learners. In between asks `interrupted`, where one is set.
  // The results are means over all rows; where the rows of all learners count, they are what one learner gets from all
  // rows together, to rounding.
  //   CANCELLED            the group has ended (end() says how), or it was interrupted
  //   FAILED_PRECONDITION  a gradient of this learner is not finite; names the tensor. No round took place: Leave
  //   UNAVAILABLE          the group is broken: names the learner that took no part, in what, and for how long
  absl::Status Exchange(absl::Span<GradientPart> parts) override;
  void SetInterrupted(std::function<bool()> interrupted) { interrupted_ = std::move(interrupted); }

  // Takes part in one round without gradients. Errors as above.
  absl::Status Idle();

  // Tells the others, in a last round, that this learner leaves; with an error, also what it is, and the rows of the
  // batch that belong to it. Does nothing if the group has ended or is broken. Call it before anything that takes long.
  void Leave(Leaving why, const absl::Status& error = {}, const std::string& rows = {});

  // Set once a round has ended the group.
  const std::optional<GroupEnd>& end() const { return end_; }
  // UNAVAILABLE once the group is broken.
  const absl::Status& broken() const { return broken_; }
  // Time in all-reduces so far, most of it waiting for the slowest learner.
  absl::Duration exchanged() const { return exchanged_; }
  // Of it, the time in which one of the learners, the one that waited longest, waited for a batch. Each tells it with
  // NoteWait before a round.
  absl::Duration waited() const { return waited_; }
  void NoteWait(absl::Duration waited) { own_wait_ += waited; }
  int64_t rounds() const { return rounds_; }

 private:
  // What a learner says of itself in a round, one behind the other behind the gradients: numbers that float32 holds.
  struct Slot {
    double state = 0;          // 0: has gradients, 1: waits, others: Leaving.
    double updates = 0;        // The lowest 16 bits of its number.
    double low = 0, high = 0;  // Halves of the checksum of its parameters, in some rounds.
    double probability = 0;    // UseImportance; 0: none.
    double waited = 0;         // Seconds it waited for a batch since the round before.
  };
  static constexpr int64_t kSlotSize = 6;
  static constexpr double kReady = 0, kWaits = 1;

  // Where a part begins in the arena.
  int64_t Begin(const GradientPart& part) const;
  template <typename T>
  absl::Status Fill(absl::Span<const GradientPart> parts, double state);
  template <typename T>
  void Take(absl::Span<GradientPart> parts);
  // One round; fills slots_.
  absl::Status Round(absl::Span<const GradientPart> parts, double state);
  absl::Status ReadSlots();
  absl::Status CheckSameState();
  absl::Status NameGradient(const GradientPart& part) const;
  void End();
  // Finds out who is missing, and breaks the group.
  absl::Status Break(const absl::Status& error, const std::string& what, absl::Duration waited);
  int FindMissing();
  double Scale(const GradientPart& part, double from, double to) const;

  const LearnerGroupOptions options_;
  const std::unique_ptr<Collective> collective_;
  GroupStore& store_;
  Algorithm& algorithm_;
  const at::Tensor gradients_;   // The arena.
  const at::Tensor plain_;       // The same, or where it lies on a GPU, a copy in plain memory.
  const int64_t num_gradients_;  // Its elements.
  at::Tensor buffer_;            // [num_gradients_ + rows and mean of each part + a slot of each learner]
  std::function<bool()> interrupted_;

  std::vector<Slot> slots_;  // Of the newest round.
  double probability_ = 0, exponent_ = 0;
  double reference_ = 1;  // What weights are scaled by until the smallest probability of all is known: that of before.
  int64_t rounds_ = 0;
  absl::Duration exchanged_, waited_, own_wait_;
  std::optional<GroupEnd> end_;
  absl::Status broken_;
};

}  // namespace recbots

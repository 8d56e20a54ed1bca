// Where the gradients of one update become those of a group of learners, each of which has computed its own from rows
// of its own (learner/group/learner_group.h). An algorithm calls Exchange once per update: after its last gradient,
// before the first step of an optimiser.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace recbots {

// A mean over rows: gradients, a number (a loss), or both.
struct GradientPart {
  // [n] of the arena of gradients, contiguous; undefined: a number only.
  at::Tensor gradients = {};
  // What the sums of this learner were divided by; afterwards, of the whole group. 0: no row of this learner counts,
  // and its values are not looked at. 0 afterwards: no row of any learner counts, and nothing was changed.
  double rows = 0;
  double* mean = nullptr;
  // Whether each row's term was multiplied by its importance weight.
  bool weighted = false;
};

// Not thread-safe.
class GradientExchange {
 public:
  virtual ~GradientExchange() = default;

  // The number of this learner, from 0. Its rows are numbers rank * B and up of the rows of the group, for the random
  // draws of rows (B: rows of one learner's batch).
  virtual int rank() const = 0;

  // Replaces the means of this learner by those over the rows of all learners; the same bits in every learner. Every
  // learner calls it with the same parts in the same order. At most kMaxParts.
  // After an error nothing may be stepped, and the update did not take place:
  //   CANCELLED            the group has ended
  //   FAILED_PRECONDITION  a gradient of this learner is not finite; names the tensor
  //   UNAVAILABLE          another learner did not take part; names it
  static constexpr size_t kMaxParts = 6;
  virtual absl::Status Exchange(absl::Span<GradientPart> parts) = 0;
};

}  // namespace recbots

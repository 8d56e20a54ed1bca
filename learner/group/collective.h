// Operations on the memory of all learners of a group. All of them call the same operations in the same order with
// tensors of the same size and type.
#pragma once

#include <ATen/core/Tensor.h>

#include "absl/status/status.h"

namespace recbots {

// Not thread-safe. After an error no further operation succeeds.
class Collective {
 public:
  virtual ~Collective() = default;
  // Replaces `values`, contiguous, by the sum over all learners: the same bits in all of them.
  //   INTERNAL  another learner is gone, or did not take part within the deadline; the message is that of the transport
  virtual absl::Status AllReduce(at::Tensor& values) = 0;
  // Replaces `values` by those of rank 0. Errors as above.
  virtual absl::Status Broadcast(at::Tensor& values) = 0;
};

}  // namespace recbots

// Collective operations by LibTorch's c10d with Gloo: TCP between the learners, neither encrypted nor authenticated.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "learner/group/collective.h"
#include "learner/group/group_store.h"

namespace recbots {

struct GlooOptions {
  int rank = 0;
  int size = 1;
  // The name or address of this machine at which the others reach it; it listens there alone.
  std::string host = "127.0.0.1";
  // Of every operation, and of the connections.
  absl::Duration deadline = absl::Seconds(30);
};

// Connects all learners with each other; they find each other's addresses in `store`, which outlives the result. Needs
// 2 x size file descriptors and two threads.
//   INVALID_ARGUMENT  the host is not this machine
//   INTERNAL          another learner did not connect within the deadline; the message is that of the transport
absl::StatusOr<std::unique_ptr<Collective>> ConnectGloo(const GlooOptions& options, GroupStore& store);

}  // namespace recbots

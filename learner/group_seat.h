// The place of a learner's process in a group of learners: its flags, how the group gathers, and what pages show of it.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/algorithms/algorithm.h"
#include "common/role/role.h"
#include "learner/client/group_client.h"
#include "learner/group/group_board.h"
#include "learner/group/learner_group.h"
#include "learner/service/group_service.h"

namespace recbots {

// Form is for the thread that trains; the other functions are thread-safe after Prepare.
class GroupSeat {
 public:
  explicit GroupSeat(Role& role) : role_(role) {}

  // Reads --learners, --join, --rank, --group_host and --group_timeout.
  //   INVALID_ARGUMENT  one is malformed or out of range, or does not go with another; names it and its bound
  absl::Status ReadFlags();
  bool alone() const { return learners_ == 1; }
  bool follows() const { return !leader_.empty(); }
  // The rank that it was given, or 0.
  int rank() const { return std::max(0, rank_); }

  // INVALID_ARGUMENT: the learners' table has no room for the batches of all (common/config/group_rules.h).
  absl::Status CheckTable(size_t row_bytes) const;
  // The experiment that all learners have to have. At rank 0, where there are others, service() then serves it.
  void Prepare(v1::RunManifest run, v1::ExperimentIdentity identity);
  grpc::Service* service() { return service_.get(); }

  // Waits until all learners are there, connects them, and gives all of them what `algorithm` has learnt at rank 0. The
  // group lives as long as the seat; `algorithm` outlives it.
  //   CANCELLED          told to end
  //   DEADLINE_EXCEEDED  not all are there after --peer_timeout
  //   others             refused by rank 0 (an error of usage), or a learner that was there is there no more
  //   (WouldGoOn)
  absl::StatusOr<LearnerGroup*> Form(Algorithm& algorithm);

  StatusSection Page() const;

 private:
  absl::StatusOr<GroupPlace> Gather();
  absl::StatusOr<GroupPlace> GatherAtLeader(const RetryOptions& retry);

  Role& role_;
  int learners_ = 1;
  int rank_ = -1;       // -1: any that is free.
  std::string leader_;  // Address of rank 0; empty: this process is.
  absl::Duration deadline_;
  GroupTerms terms_;
  std::unique_ptr<GroupBoard> board_;      // At rank 0.
  std::unique_ptr<GroupService> service_;  // At rank 0.
  std::unique_ptr<GroupClient> client_;    // At other ranks.
  std::unique_ptr<LearnerGroup> group_;
  std::atomic<int> place_{-1};  // The rank, once it is known.
};

}  // namespace recbots

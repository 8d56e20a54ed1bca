// How a learner joins the group of the learner of rank 0, and reads what the others tell it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/instant.h"
#include "common/rpc/retry.h"
#include "common/rpc/security.h"
#include "learner/group/group_board.h"
#include "learner/group/group_store.h"
#include "recbots/v1/learner_group.grpc.pb.h"

namespace recbots {

// Thread-safe.
class GroupClient final : public GroupStore {
 public:
  // `address` is that of rank 0: host:port or unix:/path.
  explicit GroupClient(const std::string& address, std::shared_ptr<const Security> security = {});

  // Joins, and waits until all learners are there. `waiting` is told how many are, as often as it is asked; it returns
  // whether to go on.
  //   CANCELLED          `waiting` has ended it
  //   DEADLINE_EXCEEDED  rank 0 was away, or its group complete without this process, for retry.give_up_after
  //   others             refused, as GroupBoard::Join
  absl::StatusOr<GroupPlace> Join(const GroupHello& hello, const RetryOptions& retry,
                                  const std::function<bool(int joined)>& waiting);

  absl::Status Set(const std::string& key, const std::string& value) override;
  absl::StatusOr<std::string> Get(const std::string& key, Instant deadline) override;

 private:
  const std::string address_;
  const std::shared_ptr<const Security> security_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::LearnerGroup::StubInterface> stub_;
};

}  // namespace recbots

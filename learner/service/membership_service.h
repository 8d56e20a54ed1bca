// MembershipService (proto/recbots/v1/membership.proto): a gRPC adapter over MemberTable.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "common/base/mutex.h"
#include "common/rpc/security.h"
#include "learner/members/member_table.h"
#include "recbots/v1/membership.grpc.pb.h"

namespace recbots {

// Thread-safe. No call blocks. A stream that reports more often than kMaxReportsPerSecond is ended, and there are at
// most two streams for each place of the table: no peer can make the learner busy or large. The RpcServer must be
// stopped before the service is destroyed.
class MembershipService : public v1::MembershipService::CallbackService {
 public:
  static constexpr int kMaxReportsPerSecond = 50;

  // `table` must outlive the service. Every call must bring the token of `security`; nullptr: none.
  explicit MembershipService(MemberTable& table, std::shared_ptr<const Security> security = {});
  ~MembershipService() override;

  // Refuses new streams, and ends every stream with UNAVAILABLE. Idempotent.
  void Drain() ABSL_LOCKS_EXCLUDED(mu_);

  grpc::ServerBidiReactor<v1::RoleReport, v1::LeaseTerms>* Hold(grpc::CallbackServerContext* context) override
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  class Stream;

  MemberTable& table_;
  const std::shared_ptr<const Security> security_;

  // Guards the streams and their members.
  Mutex mu_;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  std::set<Stream*> streams_ ABSL_GUARDED_BY(mu_);            // Each deletes itself when gRPC is done with it.
  std::map<uint64_t, Stream*> holders_ ABSL_GUARDED_BY(mu_);  // Those that have reported, by instance.
};

}  // namespace recbots

// Calls of RoleService.Report: each is answered after the time that it asks for, or at once when the process leaves.
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "common/base/clock.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/rpc/unary_call.h"
#include "recbots/v1/membership.pb.h"

namespace recbots::replay {

// Thread-safe.
class ReportCalls {
 public:
  using Call = UnaryCall<v1::ReportRequest, v1::RoleReport>;
  // More calls than these do not wait.
  static constexpr size_t kMaxWaiting = 64;

  // `report` may be null: every call is answered with UNIMPLEMENTED.
  explicit ReportCalls(std::function<v1::RoleReport()> report, Clock& clock = Clock::Real())
      : report_(std::move(report)), clock_(clock) {}

  // INVALID_ARGUMENT answers a call whose time is out of bounds.
  void Add(const std::shared_ptr<Call>& call) ABSL_LOCKS_EXCLUDED(mu_);
  // Answers the calls that have waited long enough.
  void Answer() ABSL_LOCKS_EXCLUDED(mu_);
  // Answers all, and later ones at once: the process leaves.
  void Drain() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Waiting {
    std::shared_ptr<Call> call;
    Instant due;
  };

  void AnswerDue(Instant now) ABSL_LOCKS_EXCLUDED(mu_);

  const std::function<v1::RoleReport()> report_;
  Clock& clock_;

  Mutex mu_;
  std::list<Waiting> waiting_ ABSL_GUARDED_BY(mu_);
  bool leaving_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace recbots::replay

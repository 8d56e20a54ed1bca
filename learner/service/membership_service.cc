#include "learner/service/membership_service.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/rpc/grpc_status.h"

namespace recbots {
namespace {

using Reactor = grpc::ServerBidiReactor<v1::RoleReport, v1::LeaseTerms>;

const grpc::Status& Draining() {
  static const grpc::Status* const status = new grpc::Status(grpc::StatusCode::UNAVAILABLE, "the learner is draining");
  return *status;
}

// Answers a call that is refused before it becomes a stream.
class Refusal : public Reactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

// One Hold call. The service's lock guards all state; operations may be started under the lock, because gRPC never runs
// a reaction inside them.
class MembershipService::Stream : public Reactor {
 public:
  Stream(MembershipService& service, std::string peer) : service_(service), peer_(std::move(peer)) {
    terms_.set_report_every_seconds(absl::ToDoubleSeconds(service.table_.options().report_every));
  }

  void Begin() { StartRead(&report_); }

  // Ends the stream, after a write that is under way.
  void End(const grpc::Status& status) {
    if (end_.has_value()) return;
    end_ = status;
    if (!writing_) Finish(*end_);
  }

 private:
  void OnReadDone(bool ok) override {
    MutexLock lock(&service_.mu_);
    if (end_.has_value()) return;
    if (!ok) return End(left_ ? grpc::Status::OK : grpc::Status::CANCELLED);
    if (const absl::Status status = Take(); !status.ok()) return End(ToGrpcStatus(status));
    StartRead(&report_);
  }

  absl::Status Take() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const Instant now = Instant::Now();
    if (now - second_ >= absl::Seconds(1)) {
      second_ = now;
      reports_ = 0;
    }
    if (++reports_ > kMaxReportsPerSecond) {
      return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaxReportsPerSecond,
                                                       " reports within a second, want one every ",
                                                       terms_.report_every_seconds(), " s"));
    }
    if (instance_ != 0 && report_.instance() != instance_) {
      return absl::InvalidArgumentError("report: another instance than the stream began with");
    }
    left_ = report_.leaving();
    if (absl::Status kept = service_.table_.OnReport(report_, peer_); !kept.ok()) return kept;
    if (instance_ != 0) return absl::OkStatus();
    instance_ = report_.instance();
    Stream*& holder = service_.holders_[instance_];
    if (holder != nullptr) {
      holder->End({grpc::StatusCode::ABORTED, absl::StrCat("the lease is held over another stream, from ", peer_)});
    }
    holder = this;
    writing_ = true;
    StartWrite(&terms_);
    return absl::OkStatus();
  }

  void OnWriteDone(bool) override {
    MutexLock lock(&service_.mu_);
    writing_ = false;
    if (end_.has_value()) Finish(*end_);
  }

  void OnCancel() override {
    MutexLock lock(&service_.mu_);
    End(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    {
      MutexLock lock(&service_.mu_);
      service_.streams_.erase(this);
      const auto holder = service_.holders_.find(instance_);
      if (holder != service_.holders_.end() && holder->second == this) {
        service_.holders_.erase(holder);
        if (!left_ && !service_.draining_) service_.table_.OnBroken(instance_);
      }
    }
    delete this;
  }

  MembershipService& service_;
  const std::string peer_;
  v1::RoleReport report_;
  v1::LeaseTerms terms_;
  uint64_t instance_ = 0;  // 0: no report yet.
  bool left_ = false;
  bool writing_ = false;
  std::optional<grpc::Status> end_;
  Instant second_ = Instant::InfinitePast();  // When the reports began to be counted.
  int reports_ = 0;
};

MembershipService::MembershipService(MemberTable& table, std::shared_ptr<const Security> security)
    : table_(table), security_(std::move(security)) {}

MembershipService::~MembershipService() {
  MutexLock lock(&mu_);
  RECBOTS_CHECK(streams_.empty()) << "the service goes before its server was stopped";
}

void MembershipService::Drain() {
  MutexLock lock(&mu_);
  draining_ = true;
  for (Stream* stream : streams_) stream->End(Draining());
}

Reactor* MembershipService::Hold(grpc::CallbackServerContext* context) {
  if (const absl::Status status = Security::Check(security_.get(), *context); !status.ok()) {
    return new Refusal(ToGrpcStatus(status));
  }
  MutexLock lock(&mu_);
  if (draining_) return new Refusal(Draining());
  if (streams_.size() >= 2 * table_.options().max_members) {
    return new Refusal({grpc::StatusCode::RESOURCE_EXHAUSTED,
                        absl::StrCat(streams_.size(), " leases, want at most ", 2 * table_.options().max_members)});
  }
  auto* const stream = new Stream(*this, context->peer());
  streams_.insert(stream);
  stream->Begin();
  return stream;
}

}  // namespace recbots

#include "common/rpc/health.h"

#include <cstdint>
#include <memory>
#include <optional>

#include "common/rpc/unary_call.h"

namespace recbots {
namespace {

// Messages are encoded by hand, because Debian packages neither the .proto nor its generated code: a request is the
// name of a service (tag 0x0a), an answer one enum (tag 0x08).
enum ServingStatus : uint8_t { kServing = 1, kNotServing = 2, kServiceUnknown = 3 };

bool IsWholeServer(const grpc::ByteBuffer& request) {
  grpc::Slice bytes;
  if (!request.DumpToSingleSlice(&bytes).ok()) return false;
  return bytes.size() == 0 || (bytes.size() == 2 && bytes.begin()[0] == 0x0a && bytes.begin()[1] == 0);
}

grpc::ByteBuffer Answer(ServingStatus status) {
  const uint8_t bytes[] = {0x08, status};
  const grpc::Slice slice(bytes, sizeof(bytes));
  return {&slice, 1};
}

}  // namespace

// A Watch call: sends the state of the server, and again after every change, until the caller goes away.
class HealthService::Watch final : public RpcCall::Handler {
 public:
  Watch(HealthService* service, RpcCall* call) : service_(*service), call_(*call) {
    call_.SetHandler(this);
    call_.Read(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End();
    {
      MutexLock lock(&mu_);
      known_ = IsWholeServer(request_);
    }
    service_.Add(this);
  }
  void OnWriteDone(bool) override {
    MutexLock lock(&mu_);
    writing_ = false;
    ending_ ? FinishLocked() : SayLocked();
  }
  void OnCancel() override { End(); }
  void OnDone() override {
    service_.Remove(this);
    delete this;
  }

  void Say(bool serving) {
    MutexLock lock(&mu_);
    serving_ = serving;
    SayLocked();
  }

 private:
  void SayLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const ServingStatus status = !known_ ? kServiceUnknown : serving_ ? kServing : kNotServing;
    if (writing_ || ending_ || said_ == status) return;
    said_ = status;
    writing_ = true;
    out_ = Answer(status);
    call_.Write(&out_);
  }

  void End() {
    MutexLock lock(&mu_);
    ending_ = true;
    FinishLocked();
  }

  void FinishLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (writing_ || finished_) return;
    finished_ = true;
    call_.Finish(grpc::Status::CANCELLED);
  }

  HealthService& service_;
  RpcCall& call_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer out_;

  Mutex mu_;
  bool known_ ABSL_GUARDED_BY(mu_) = false;
  bool serving_ ABSL_GUARDED_BY(mu_) = false;
  std::optional<ServingStatus> said_ ABSL_GUARDED_BY(mu_);
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
};

bool HealthService::Begin(RpcCall& call) {
  if (call.method() == "/grpc.health.v1.Health/Watch") {
    new Watch(this, &call);  // Lives until OnDone.
    return true;
  }
  if (call.method() != "/grpc.health.v1.Health/Check") return false;
  using Check = UnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>;
  Check::Begin(call, [this](const std::shared_ptr<Check>& check) {
    if (!IsWholeServer(check->request())) return check->Answer(absl::NotFoundError("unknown service"));
    MutexLock lock(&mu_);
    check->Answer(Answer(serving_ ? kServing : kNotServing));
  });
  return true;
}

void HealthService::SetServing(bool serving) {
  MutexLock lock(&mu_);
  serving_ = serving;
  for (Watch* const watch : watches_) watch->Say(serving);
}

void HealthService::Add(Watch* watch) {
  MutexLock lock(&mu_);
  watches_.insert(watch);
  watch->Say(serving_);
}

void HealthService::Remove(Watch* watch) {
  MutexLock lock(&mu_);
  watches_.erase(watch);
}

}  // namespace recbots

// A call with one message each way over RpcCall; protobufs, or grpc::ByteBuffer for bytes.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <atomic>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/rpc_call.h"

namespace recbots {

// Lives until the call is over and the code that answers it has let go of it.
template <typename Request, typename Response>
class UnaryCall final : public RpcCall::Handler, public std::enable_shared_from_this<UnaryCall<Request, Response>> {
 public:
  // Told when the request is there; has to see to it that Answer is called, then or later.
  using Handle = std::function<void(const std::shared_ptr<UnaryCall>&)>;

  static void Begin(RpcCall& call, Handle handle) {
    const std::shared_ptr<UnaryCall> unary(new UnaryCall(&call, std::move(handle)));
    unary->self_ = unary;
    call.SetHandler(unary.get());
    call.Read(&unary->in_);
  }

  const Request& request() const { return request_; }

  // From any thread. The first answer counts: a call that was cancelled has one.
  void Answer(const absl::StatusOr<Response>& response) {
    if (answered_.exchange(true)) return;
    if (!response.ok()) return call_.Finish(ToGrpcStatus(response.status()));
    grpc::ByteBuffer out;
    bool owned = false;
    const grpc::Status status = grpc::SerializationTraits<Response>::Serialize(*response, &out, &owned);
    status.ok() ? call_.WriteAndFinish(out) : call_.Finish(status);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Answer(absl::InvalidArgumentError("the call brings no request"));
    if (!Parse()) return Answer(absl::InvalidArgumentError("the request cannot be parsed"));
    handle_(this->shared_from_this());
  }
  void OnWriteDone(bool) override {}
  void OnCancel() override { Answer(absl::CancelledError("the caller went away")); }
  void OnDone() override { const std::shared_ptr<UnaryCall> last = std::move(self_); }

 private:
  UnaryCall(RpcCall* call, Handle handle) : call_(*call), handle_(std::move(handle)) {}

  bool Parse() {
    if constexpr (std::is_same_v<Request, grpc::ByteBuffer>) {  // Traits would let both own the bytes.
      request_.Swap(&in_);
      return true;
    } else {
      return grpc::SerializationTraits<Request>::Deserialize(&in_, &request_).ok();
    }
  }

  RpcCall& call_;
  const Handle handle_;
  grpc::ByteBuffer in_;
  Request request_;
  std::atomic<bool> answered_{false};
  std::shared_ptr<UnaryCall> self_;  // Until OnDone.
};

}  // namespace recbots

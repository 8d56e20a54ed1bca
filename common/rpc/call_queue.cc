#include "common/rpc/call_queue.h"

#include <utility>

#include "absl/time/time.h"
#include "common/base/log.h"

namespace recbots {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

}  // namespace

CallQueue::CallQueue(grpc::ServerBuilder* builder, std::function<void(RpcCall&)> begin)
    : begin_(std::move(begin)), queue_(builder->AddCompletionQueue()) {
  builder->RegisterAsyncGenericService(&service_);
}

CallQueue::~CallQueue() { Stop(); }

void CallQueue::Start(int threads) {
  Expect();
  for (int i = 0; i < threads; ++i) threads_.push_back(std::make_unique<Thread>("rpc", [this] { Run(); }));
}

void CallQueue::Stop() {
  {
    MutexLock lock(&mu_);
    if (std::exchange(stopped_, true)) return;
    const auto over = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return calls_ == 0; };
    RECBOTS_CHECK(mu_.AwaitFor(over, kPatience)) << calls_ << " calls did not end";
  }
  queue_->Shutdown();
  if (threads_.empty()) Run();  // gRPC requires that the queue is emptied.
  threads_.clear();
}

void CallQueue::Expect() {
  {
    MutexLock lock(&mu_);
    ++calls_;
  }
  const auto begin = [this](RpcCall& call) {
    Expect();
    begin_(call);
  };
  const auto gone = [this] {
    MutexLock lock(&mu_);
    --calls_;
  };
  auto* const call = new RpcCall(begin, gone);
  service_.RequestCall(&call->context_, &call->stream_, queue_.get(), queue_.get(), &call->begun_);
}

void CallQueue::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
    const auto* const operation = static_cast<RpcCall::Operation*>(tag);
    (operation->call->*operation->over)(ok);
  }
}

}  // namespace recbots

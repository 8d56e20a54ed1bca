#include "replay/client/address_watch.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/log.h"

namespace recbots::replay {

AddressWatch::AddressWatch(std::shared_ptr<AddressResolver> resolver, Handlers handlers, absl::Duration hurried,
                           absl::Duration calm)
    : resolver_(std::move(resolver)), handlers_(std::move(handlers)), hurried_(hurried), calm_(calm) {
  if (resolver_->constant()) handlers_.on_addresses(resolver_->Resolve());
  thread_ = std::make_unique<Thread>("replay-shards", [this] { Run(); });
}

AddressWatch::~AddressWatch() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.reset();
}

void AddressWatch::Run() {
  const auto stopping = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; };
  std::optional<ScopedWait> wait;
  bool first = !resolver_->constant();
  while (true) {
    const absl::Duration pause = first ? absl::ZeroDuration() : handlers_.away() ? std::min(hurried_, calm_) : calm_;
    first = false;
    {
      // After the shorter pause, look whether a shard has gone away meanwhile.
      MutexLock lock(&mu_);
      if (mu_.AwaitFor(stopping, std::min(pause, hurried_))) return;
    }
    if (pause > hurried_ && !handlers_.away()) {
      MutexLock lock(&mu_);
      if (mu_.AwaitFor(stopping, pause - hurried_)) return;
    }
    const Resolution found = resolver_->Resolve();
    if (found.status.ok()) {
      wait.reset();
    } else if (!wait.has_value()) {
      wait.emplace(handlers_.waits, WaitFor{.thing = "the addresses behind the name of replay",
                                            .peer = handlers_.addresses,
                                            .kind = WaitKind::kBackground});
    }
    if (found.status.message() != said_) {
      said_ = std::string(found.status.message());
      if (!said_.empty()) RECBOTS_LOG(WARNING) << "cannot look replay up" << Field("error", said_);
    }
    handlers_.on_addresses(found);
  }
}

}  // namespace recbots::replay

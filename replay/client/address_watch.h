// Looks the addresses of the shards up again and again, on its own thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/base/wait_board.h"
#include "replay/client/address_resolver.h"

namespace recbots::replay {

class AddressWatch {
 public:
  struct Handlers {
    // Gets the answer of every look-up, whether it changed or not. The constructor makes the first call if
    // resolver->constant().
    std::function<void(const Resolution&)> on_addresses;
    // True if a shard is away: the next look-up is after `hurried` instead of `calm`.
    std::function<bool()> away;
    // Where it is shown, in the background, that `addresses` cannot be looked up; nullptr: nowhere.
    WaitBoard* waits = nullptr;
    std::string addresses = {};
  };

  AddressWatch(std::shared_ptr<AddressResolver> resolver, Handlers handlers, absl::Duration hurried = absl::Seconds(1),
               absl::Duration calm = absl::Seconds(5));
  // Waits for the look-up that is under way, if any.
  ~AddressWatch();

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);

  const std::shared_ptr<AddressResolver> resolver_;
  const Handlers handlers_;
  const absl::Duration hurried_;
  const absl::Duration calm_;

  std::string said_;  // The newest error that was logged. Used by the thread only.

  Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::unique_ptr<Thread> thread_;
};

}  // namespace recbots::replay

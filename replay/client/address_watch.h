// Keeps the list of shards up to date, on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "replay/client/address_resolver.h"

namespace recbots::replay {

class AddressWatch {
 public:
  struct Handlers {
    // The newest answer, whether it changed or not; the first comes from the constructor when it costs nothing.
    std::function<void(const Resolution&)> on_addresses;
    // Something is away: look again after `hurried`, otherwise after `calm`.
    std::function<bool()> away;
  };

  AddressWatch(std::shared_ptr<AddressResolver> resolver, Handlers handlers, absl::Duration hurried = absl::Seconds(1),
               absl::Duration calm = absl::Seconds(5));
  // Waits for a look-up under way.
  ~AddressWatch();

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);

  const std::shared_ptr<AddressResolver> resolver_;
  const Handlers handlers_;
  const absl::Duration hurried_;
  const absl::Duration calm_;

  std::string said_;  // The newest error. Used by the thread only.

  Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::unique_ptr<Thread> thread_;
};

}  // namespace recbots::replay

// Answers what a test says.
#pragma once

#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "replay/client/address_resolver.h"

namespace recbots::replay {

// Thread-safe.
class FakeResolver final : public AddressResolver {
 public:
  explicit FakeResolver(const std::vector<std::string>& targets) { Set(targets); }

  void Set(const std::vector<std::string>& targets) {
    MutexLock lock(&mu_);
    answer_.shards.clear();
    for (const std::string& target : targets) answer_.shards.push_back({target, ""});
  }
  Resolution Resolve() override {
    MutexLock lock(&mu_);
    return answer_;
  }
  bool constant() const override { return false; }

 private:
  Mutex mu_;
  Resolution answer_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots::replay

// A value that is computed when it is first asked for.
#pragma once

#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"

namespace recbots {

// Thread-safe. While one thread computes the value, other threads that call Get wait for it.
template <typename T>
class Lazy {
 public:
  // Returns the value, which is valid as long as this object lives. The first call computes it with `compute`, a
  // function without arguments that returns absl::StatusOr<T>. An error of `compute` is returned and not kept: the next
  // call computes again.
  template <typename Compute>
  absl::StatusOr<const T*> Get(const Compute& compute) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    if (!value_.has_value()) {
      RECBOTS_ASSIGN_OR_RETURN(T value, compute());
      value_.emplace(std::move(value));
    }
    return &*value_;
  }

 private:
  Mutex mu_;
  std::optional<T> value_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots

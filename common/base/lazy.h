// A value that is computed when it is first asked for.
#pragma once

#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"

namespace recbots {

// Thread-safe. Other threads that ask meanwhile wait for the one that computes.
template <typename T>
class Lazy {
 public:
  // The value, which is valid for as long as this lives; `compute`, a function without arguments, makes it as
  // absl::StatusOr<T> where that has not been done yet. Its error is returned and forgotten: the next call computes
  // again.
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

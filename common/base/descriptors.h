// File descriptors of this process: how many it may have open, and what to do when there are none left.
#pragma once

#include <functional>

#include "absl/status/status.h"

namespace recbots {

// Raises the number of descriptors that the process may have open to what the system allows, at most 65,536.
void RaiseDescriptorLimit();

// INVALID_ARGUMENT: fewer than `want` descriptors may be open; the message names both numbers and the source of the
// bound.
absl::Status CheckDescriptorLimit(int want);

// As long as a DescriptorWatch lives, `handler` is called when a part of the process that cannot return an error (a
// library that accepts connections) finds no descriptor left: the process can serve no new connection from then on.
// `handler` is called at most once, from any thread. A process has at most one DescriptorWatch at a time.
class DescriptorWatch {
 public:
  explicit DescriptorWatch(std::function<void(const absl::Status&)> handler);
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  // Calls the handler of the current watch, if there is one: "too few file descriptors: N may be open (ulimit -n):
  // WHAT". Thread-safe.
  static void Report(const char* what);
};

}  // namespace recbots

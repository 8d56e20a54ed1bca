// File descriptors of this process: how many it may have open, and what to do when there are none left.
#pragma once

#include <functional>

#include "absl/status/status.h"

namespace recbots {

// Lets the process have as many open as the system allows it, at most 65,536.
void RaiseDescriptorLimit();

// INVALID_ARGUMENT: fewer than `want` may be open; says both, and where the bound comes from.
absl::Status CheckDescriptorLimit(int want);

// While one lives, `handler` is called when a part of the process that cannot return an error (a library that accepts
// connections) has met the bound: nothing new can be served from then on. Called at most once, from any thread. One at
// a time per process.
class DescriptorWatch {
 public:
  explicit DescriptorWatch(std::function<void(const absl::Status&)> handler);
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  // Tells the watch that lives, if one does: "too few file descriptors: N may be open (ulimit -n): WHAT". Thread-safe.
  static void Report(const char* what);
};

}  // namespace recbots

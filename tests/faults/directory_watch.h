// Tells at once when a file appears in a directory: to kill a server in the midst of what it does.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/instant.h"

namespace recbots::faults {

// Knows of what happens after Open. Movable. Not thread-safe.
class DirectoryWatch {
 public:
  // UNAVAILABLE: the directory cannot be watched; names it.
  static absl::StatusOr<DirectoryWatch> Open(const std::string& directory);

  DirectoryWatch(DirectoryWatch&& other) noexcept;
  DirectoryWatch& operator=(DirectoryWatch&&) = delete;
  ~DirectoryWatch();

  // Waits until a file is made, or renamed into the directory, whose name `matches`; false: not until the deadline.
  bool Await(const std::function<bool(absl::string_view name)>& matches, Instant deadline);

 private:
  explicit DirectoryWatch(int fd) : fd_(fd) {}
  // Reads what came; true when a name matched.
  bool ReadEvents(const std::function<bool(absl::string_view)>& matches);

  int fd_;
};

}  // namespace recbots::faults

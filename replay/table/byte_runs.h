// Reads bytes that the network delivered in several pieces, from front to back, without joining the pieces first. A row
// may begin in one piece and end in another.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace recbots::replay {

// Borrows the pieces and the span that lists them. A copy continues to read independently. Not thread-safe.
class ByteRuns {
 public:
  ByteRuns() = default;
  explicit ByteRuns(absl::Span<const absl::string_view> pieces) : pieces_(pieces) {}

  // The rest of the piece being read; empty at the end.
  absl::string_view Front() {
    while (!pieces_.empty() && used_ == pieces_.front().size()) {
      pieces_.remove_prefix(1);
      used_ = 0;
    }
    return pieces_.empty() ? absl::string_view() : pieces_.front().substr(used_);
  }

  // Read copies the next `bytes` bytes, Skip skips them. At least this many must be left.
  void Read(char* to, size_t bytes) {
    ForEach(bytes, [&to](absl::string_view part) {
      std::memcpy(to, part.data(), part.size());
      to += part.size();
    });
  }
  void Skip(size_t bytes) {
    ForEach(bytes, [](absl::string_view) {});
  }

 private:
  template <typename Use>
  void ForEach(size_t bytes, Use use) {
    while (bytes > 0) {
      const absl::string_view part = Front().substr(0, bytes);
      use(part);
      used_ += part.size();
      bytes -= part.size();
    }
  }

  absl::Span<const absl::string_view> pieces_;
  size_t used_ = 0;  // Bytes of the first piece already read.
};

}  // namespace recbots::replay

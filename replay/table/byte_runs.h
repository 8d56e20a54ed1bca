// Bytes in order, in as many pieces as they came from the network: read from front to back, without putting them
// together first. Rows may straddle pieces.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace recbots::replay {

// Borrows the pieces and the list of them. Copies read on independently. Not thread-safe.
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

  // Copies the next `bytes`, or skips them. There must be as many.
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
  size_t used_ = 0;  // Of the first piece.
};

}  // namespace recbots::replay

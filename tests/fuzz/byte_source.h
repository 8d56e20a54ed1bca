// Numbers out of the first bytes of a fuzzer's input; zeros behind its end.
#pragma once

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/string_view.h"

namespace recbots {

// Protobuf writes a line for every string that is not UTF-8.
inline void SilenceProtobuf() { [[maybe_unused]] static auto* const before = google::protobuf::SetLogHandler(nullptr); }

class ByteSource {
 public:
  explicit ByteSource(absl::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T Take() {
    T value = {};
    const size_t size = std::min(sizeof(T), rest_.size());
    if (size > 0) std::memcpy(&value, rest_.data(), size);
    rest_.remove_prefix(size);
    return value;
  }
  // As many as there are, at most `size`.
  absl::string_view TakeBytes(size_t size) {
    const absl::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }
  absl::string_view rest() const { return rest_; }

 private:
  absl::string_view rest_;
};

}  // namespace recbots

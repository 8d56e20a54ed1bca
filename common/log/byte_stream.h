// The bytes of a file or of standard input, decompressed on the way where they are gzip or Zstandard.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

// Compression is told by the first bytes and not by the name. Concatenated gzip members or Zstandard frames are one
// stream. Memory is bounded: a Zstandard frame may ask for a window of at most 128 MiB. Not thread-safe.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // "-" is standard input.
  //   errors of opening a file (FileError in common/base/file_descriptor.h)
  static absl::StatusOr<std::unique_ptr<ByteStream>> Open(const std::string& path);
  // The bytes of `content`, which may be compressed, for tests.
  static std::unique_ptr<ByteStream> Of(std::string content);

  // Reads up to `size` > 0 bytes to `out`; returns how many, and 0 at the end.
  //   INVALID_ARGUMENT  compressed bytes are damaged or end early (half a file)
  //   others            the file cannot be read
  virtual absl::StatusOr<size_t> Read(char* out, size_t size) = 0;
};

}  // namespace recbots

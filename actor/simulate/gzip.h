// Compression of log blocks.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace recbots {

// Compresses texts to gzip members (RFC 1952). Concatenated members are a valid gzip file, so every thread can compress
// its own blocks. The bytes of a member depend only on its text and on the version of zlib. Not thread-safe; keeps
// about 256 KiB from one member to the next.
class GzipCompressor {
 public:
  GzipCompressor();
  ~GzipCompressor();
  GzipCompressor(const GzipCompressor&) = delete;
  GzipCompressor& operator=(const GzipCompressor&) = delete;

  // Sets `member` to the compressed `text`; an empty text becomes an empty member.
  void Compress(absl::string_view text, std::string& member);

 private:
  struct Stream;
  const std::unique_ptr<Stream> stream_;
};

}  // namespace recbots

// Compression of log blocks.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace recbots {

// Compresses texts to gzip members (RFC 1952); members one after the other are a valid gzip file, so that threads
// compress blocks on their own. The bytes of a member depend on its text and on zlib's version alone. Not thread-safe;
// keeps about 256 KiB from one member to the next.
class GzipCompressor {
 public:
  GzipCompressor();
  ~GzipCompressor();
  GzipCompressor(const GzipCompressor&) = delete;
  GzipCompressor& operator=(const GzipCompressor&) = delete;

  // Replaces `member` by `text` compressed; an empty text is an empty member.
  void Compress(absl::string_view text, std::string& member);

 private:
  struct Stream;
  const std::unique_ptr<Stream> stream_;
};

}  // namespace recbots

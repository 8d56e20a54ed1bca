// Lines of a text of any length.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/log/byte_stream.h"

namespace recbots {

// Lines end with LF or CRLF; the last one may lack it. A byte order mark of UTF-8 at the start is passed over. Memory
// is bounded by the longest line. Not thread-safe.
class TextLines {
 public:
  static constexpr size_t kMaxLineBytes = size_t{1} << 24;

  explicit TextLines(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)), buffer_(size_t{1} << 18) {}

  // Sets `line` to the next line, without its end, valid until the next call. False: there is none.
  //   INVALID_ARGUMENT  the line is longer than kMaxLineBytes; errors of ByteStream::Read
  absl::StatusOr<bool> Next(absl::string_view& line);
  // The number of the last line, from 1.
  int64_t number() const { return number_; }

 private:
  absl::Status Fill();

  std::unique_ptr<ByteStream> stream_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // What of buffer_ is not yet used.
  bool ended_ = false;
  int64_t number_ = 0;
};

}  // namespace recbots

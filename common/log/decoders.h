// Decompression in pieces.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

// Not thread-safe.
class Decoder {
 public:
  virtual ~Decoder() = default;

  virtual const char* name() const = 0;  // "gzip", for messages
  // Decodes from the front of `input`, from which it removes what it used, to at most `size` bytes at `out`; returns
  // how many it wrote. Uses input or writes something if there is input.
  //   INVALID_ARGUMENT  the bytes are damaged
  virtual absl::StatusOr<size_t> Decode(absl::string_view& input, char* out, size_t size) = 0;
  // Whether what was decoded so far ends with a whole member or frame, so that the stream may end here.
  virtual bool at_boundary() const = 0;
};

// The decoder for a stream that begins with these bytes; nullptr if it is not compressed.
std::unique_ptr<Decoder> MakeDecoder(absl::string_view first_bytes);

}  // namespace recbots

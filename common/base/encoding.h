// Encodings that begin with a frame: a magic word, a format version and the CRC-32C of all bytes behind the frame.
//
// Numbers are uint32, little-endian, as in memory. docs/formats.md specifies each encoding.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace recbots {

// Size of a frame: magic word, version and checksum, 4 bytes each.
inline constexpr size_t kFrameBytes = 12;

// Appends a number that fits in 32 bits.
void AppendNumber(size_t value, std::string* out);

// `body` with its frame in front.
std::string Framed(absl::string_view magic, uint32_t version, absl::string_view body);

// Reads an encoding part by part from its front. Every error is INVALID_ARGUMENT, with a message that begins with
// "SUBJECT: ". Not thread-safe.
class ByteReader {
 public:
  // Borrows both arguments. `subject` says what the bytes are: "weights".
  ByteReader(absl::string_view subject, absl::string_view data) : subject_(subject), data_(data) {}

  size_t left() const { return data_.size(); }

  // Reads the frame and returns its version, which is one of `versions`. Refuses another magic word, another version,
  // and a checksum that does not match the bytes behind the frame.
  absl::StatusOr<uint32_t> Frame(absl::string_view magic, absl::Span<const uint32_t> versions);

  // `what` names the part in error messages. The bytes returned live as long as the encoding.
  absl::StatusOr<absl::string_view> Bytes(size_t size, absl::string_view what);
  absl::StatusOr<uint32_t> Number(absl::string_view what);
  absl::StatusOr<uint32_t> NumberUpTo(size_t max, absl::string_view what);

  template <typename... Parts>
  absl::Status Invalid(const Parts&... parts) const {
    return absl::InvalidArgumentError(absl::StrCat(subject_, ": ", parts...));
  }

 private:
  const absl::string_view subject_;
  absl::string_view data_;
};

}  // namespace recbots

// Encodings that begin with a frame: a magic word, a format version and the CRC-32C of all that follows.
//
// Numbers are uint32, little-endian, as in memory. Which bytes an encoding has: docs/formats.md.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace recbots {

// Bytes of a frame around a magic word of four.
inline constexpr size_t kFrameBytes = 12;

// Appends a number that fits in 32 bits.
void AppendNumber(size_t value, std::string* out);

// `body` with its frame in front.
std::string Framed(absl::string_view magic, uint32_t version, absl::string_view body);

// Takes parts off the front of an encoding. What is wrong with it is INVALID_ARGUMENT, and the message begins with
// "SUBJECT: ". Not thread-safe.
class ByteReader {
 public:
  // Borrows both. `subject` is what the bytes are: "weights".
  ByteReader(absl::string_view subject, absl::string_view data) : subject_(subject), data_(data) {}

  size_t left() const { return data_.size(); }

  // Takes the frame and returns its version, one of `versions`. Refused: another magic word, another version, a
  // checksum that is not that of the rest.
  absl::StatusOr<uint32_t> Frame(absl::string_view magic, absl::Span<const uint32_t> versions);

  // `what` names the part in a message. The bytes live as long as the encoding.
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

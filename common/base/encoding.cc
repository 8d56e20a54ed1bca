#include "common/base/encoding.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "absl/strings/str_join.h"
#include "common/base/crc32c.h"
#include "common/base/status_macros.h"

namespace recbots {

static_assert(std::endian::native == std::endian::little, "numbers are copied from memory as they are");

void AppendNumber(size_t value, std::string* out) {
  const auto number = static_cast<uint32_t>(value);
  out->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

std::string Framed(absl::string_view magic, uint32_t version, absl::string_view body) {
  std::string encoded;
  encoded.reserve(kFrameBytes + body.size());
  absl::StrAppend(&encoded, magic);
  AppendNumber(version, &encoded);
  AppendNumber(Crc32c(body), &encoded);
  absl::StrAppend(&encoded, body);
  return encoded;
}

absl::StatusOr<uint32_t> ByteReader::Frame(absl::string_view magic, absl::Span<const uint32_t> versions) {
  RECBOTS_ASSIGN_OR_RETURN(const absl::string_view found, Bytes(magic.size(), "the magic"));
  if (found != magic) return Invalid("magic is not '", magic, "'");
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t version, Number("the format version"));
  if (std::find(versions.begin(), versions.end(), version) == versions.end()) {
    return Invalid("format version ", version, ", want ", absl::StrJoin(versions, " or "));
  }
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t crc, Number("the checksum"));
  const uint32_t computed = Crc32c(data_);
  if (computed != crc) return Invalid("checksum ", computed, ", want ", crc, " as the header says");
  return version;
}

absl::StatusOr<absl::string_view> ByteReader::Bytes(size_t size, absl::string_view what) {
  if (data_.size() < size) return Invalid("cut short: ", data_.size(), " bytes left, ", what, " needs ", size);
  const absl::string_view bytes = data_.substr(0, size);
  data_.remove_prefix(size);
  return bytes;
}

absl::StatusOr<uint32_t> ByteReader::Number(absl::string_view what) {
  RECBOTS_ASSIGN_OR_RETURN(const absl::string_view bytes, Bytes(sizeof(uint32_t), what));
  uint32_t number;
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

absl::StatusOr<uint32_t> ByteReader::NumberUpTo(size_t max, absl::string_view what) {
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t number, Number(what));
  if (number > max) return Invalid(what, " ", number, ", want at most ", max);
  return number;
}

}  // namespace recbots

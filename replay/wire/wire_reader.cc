#include "replay/wire/wire_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "common/base/crc32c.h"
#include "common/base/status_macros.h"

namespace recbots::replay {

size_t SizeOf(absl::Span<const absl::string_view> pieces) {
  size_t size = 0;
  for (const absl::string_view piece : pieces) size += piece.size();
  return size;
}

uint32_t Crc32cOf(absl::Span<const absl::string_view> pieces, uint32_t crc) {
  for (const absl::string_view piece : pieces) crc = Crc32c(piece, crc);
  return crc;
}

WireReader::WireReader(const char* name, absl::Span<const absl::string_view> pieces)
    : name_(name), pieces_(pieces), left_(SizeOf(pieces)) {}

absl::string_view WireReader::Front() {
  while (used_ == pieces_.front().size()) {
    pieces_.remove_prefix(1);
    used_ = 0;
  }
  return pieces_.front().substr(used_, left_);
}

template <typename Use>
void WireReader::Take(size_t bytes, Use use) {
  while (bytes > 0) {
    const absl::string_view part = Front().substr(0, bytes);
    use(part);
    Advance(part.size());
    bytes -= part.size();
  }
}

absl::Status WireReader::Need(size_t bytes) const {
  if (bytes <= left_) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name_, ": ends within a field: ", left_, " bytes, want ", bytes));
}

absl::StatusOr<uint64_t> WireReader::ReadVarint(int max_bytes) {
  uint64_t value = 0;
  for (int i = 0; i < max_bytes; ++i) {
    RECBOTS_RETURN_IF_ERROR(Need(1));
    const auto byte = static_cast<uint8_t>(Front().front());
    Advance(1);
    value |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) return value;
  }
  return absl::InvalidArgumentError(absl::StrCat(name_, ": number of over ", max_bytes, " bytes"));
}

absl::StatusOr<WireTag> WireReader::ReadTag() {
  RECBOTS_ASSIGN_OR_RETURN(const uint64_t tag, ReadVarint(5));
  const uint64_t type = tag & 7;
  const bool known = type <= 2 || type == 5;
  if (tag > std::numeric_limits<uint32_t>::max() || tag >> 3 == 0 || !known) {
    return absl::InvalidArgumentError(
        absl::StrCat(name_, ": field ", tag >> 3, " of wire type ", type, ", want field 1..536870911 of 0, 1, 2 or 5"));
  }
  return WireTag{static_cast<uint32_t>(tag >> 3), static_cast<WireType>(type)};
}

absl::Status WireReader::Expect(WireTag tag, WireType type) const {
  if (tag.type == type) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name_, ": field ", tag.field, " of wire type ",
                                                 static_cast<int>(tag.type), ", want ", static_cast<int>(type)));
}

absl::StatusOr<uint32_t> WireReader::ReadFixed32() {
  RECBOTS_RETURN_IF_ERROR(Need(4));
  uint32_t value = 0;
  int shift = 0;
  Take(4, [&](absl::string_view part) {
    for (const char byte : part) {
      value |= uint32_t{static_cast<uint8_t>(byte)} << shift;
      shift += 8;
    }
  });
  return value;
}

absl::StatusOr<size_t> WireReader::ReadLength(WireTag tag) {
  RECBOTS_RETURN_IF_ERROR(Expect(tag, WireType::kBytes));
  RECBOTS_ASSIGN_OR_RETURN(const uint64_t length, ReadVarint(5));
  if (length <= left_) return length;
  return absl::InvalidArgumentError(
      absl::StrCat(name_, ": field ", tag.field, " of ", length, " bytes, only ", left_, " are left"));
}

absl::Status WireReader::ReadBytes(WireTag tag, Pieces& out) {
  RECBOTS_ASSIGN_OR_RETURN(const size_t length, ReadLength(tag));
  out.clear();
  Take(length, [&out](absl::string_view part) { out.push_back(part); });
  return absl::OkStatus();
}

absl::Status WireReader::ReadString(WireTag tag, size_t max_bytes, std::string& out) {
  RECBOTS_ASSIGN_OR_RETURN(const size_t length, ReadLength(tag));
  if (length > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(name_, ": field ", tag.field, " of ", length, " bytes, want at most ", max_bytes));
  }
  out.clear();
  Take(length, [&out](absl::string_view part) { out.append(part.data(), part.size()); });
  return absl::OkStatus();
}

absl::StatusOr<WireReader> WireReader::ReadMessage(WireTag tag, const char* name) {
  RECBOTS_ASSIGN_OR_RETURN(const size_t length, ReadLength(tag));
  WireReader inner = *this;
  inner.name_ = name;
  inner.left_ = length;
  Take(length, [](absl::string_view) {});
  return inner;
}

absl::Status WireReader::Skip(WireTag tag) {
  switch (tag.type) {
    case WireType::kVarint:
      return ReadVarint().status();
    case WireType::kFixed64:
    case WireType::kFixed32: {
      const size_t bytes = tag.type == WireType::kFixed64 ? 8 : 4;
      RECBOTS_RETURN_IF_ERROR(Need(bytes));
      Take(bytes, [](absl::string_view) {});
      return absl::OkStatus();
    }
    case WireType::kBytes: {
      RECBOTS_ASSIGN_OR_RETURN(const size_t length, ReadLength(tag));
      Take(length, [](absl::string_view) {});
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

}  // namespace recbots::replay

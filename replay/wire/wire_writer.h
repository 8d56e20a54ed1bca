// Writes the few bytes of protobuf's wire format that stand around a payload, so that the payload itself is sent
// without a copy. Fields with their default value are left out, so that the result is what protobuf would have written.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace recbots::replay {

constexpr size_t VarintBytes(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

// Room for the fields before, between and behind payloads.
class WireWriter {
 public:
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) Byte(static_cast<uint8_t>(value | 0x80));
    Byte(static_cast<uint8_t>(value));
  }
  // For int32, int64 and bool fields; the sign of an int32 must be extended.
  void Number(int field, int64_t value) {
    if (value == 0) return;
    Varint(static_cast<uint64_t>(field) << 3);
    Varint(static_cast<uint64_t>(value));
  }
  void Fixed32(int field, uint32_t value) {
    if (value == 0) return;
    Varint(static_cast<uint64_t>(field) << 3 | 5);
    for (int shift = 0; shift < 32; shift += 8) Byte(static_cast<uint8_t>(value >> shift));
  }
  // The bytes before an embedded message of `length` bytes.
  void Message(int field, uint64_t length) {
    Varint(static_cast<uint64_t>(field) << 3 | 2);
    Varint(length);
  }
  // The bytes before a field of `length` bytes, which is left out if it is empty.
  void Bytes(int field, uint64_t length) {
    if (length > 0) Message(field, length);
  }

  absl::string_view written() const { return {bytes_, size_}; }

 private:
  void Byte(uint8_t byte) { bytes_[size_++] = static_cast<char>(byte); }

  char bytes_[96];  // Room for all fields of one of our messages, whatever their values.
  size_t size_ = 0;
};

}  // namespace recbots::replay

// Crc32c without ISA-L, byte by byte: takes the place of crc32c.cc where that library is not at hand
// (RECBOTS_TRAINING_ONLY), and some ten times as long.
#include <array>

#include "common/base/crc32c.h"

namespace recbots {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;  // Castagnoli's, with the lowest bit first.

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table = {};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ ((rest & 1) != 0 ? kPolynomial : 0);
    table[byte] = rest;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kTable = MakeTable();

}  // namespace

uint32_t Crc32c(absl::string_view data, uint32_t crc) {
  crc = ~crc;
  for (const char byte : data) crc = crc >> 8 ^ kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~crc;
}

}  // namespace recbots

// Bytes cut into pieces in ways that the network might.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/base/random.h"
#include "replay/wire/wire_reader.h"

namespace recbots::replay {

// Pieces of 0 to `max_piece` bytes.
inline Pieces Cut(absl::string_view bytes, Rng& rng, uint32_t max_piece) {
  Pieces pieces;
  while (!bytes.empty()) {
    pieces.push_back(bytes.substr(0, rng.Index(max_piece + 1)));
    bytes.remove_prefix(pieces.back().size());
  }
  return pieces;
}

inline grpc::ByteBuffer ToBuffer(const Pieces& pieces) {
  std::vector<grpc::Slice> slices;
  for (const absl::string_view piece : pieces) slices.emplace_back(piece.data(), piece.size());
  return grpc::ByteBuffer(slices.data(), slices.size());
}

inline std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string all;
  for (const grpc::Slice& slice : slices) all.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return all;
}

inline std::string Joined(const Pieces& pieces) {
  std::string all;
  for (const absl::string_view piece : pieces) all.append(piece.data(), piece.size());
  return all;
}

inline std::string RandomBytes(Rng& rng, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(rng.Index(256));
  return bytes;
}

}  // namespace recbots::replay

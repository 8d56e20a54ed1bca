// Named float32 tensors <-> bytes: the encoding of weights on the wire and on disk.
//
//   bytes  0..3   magic "RBWT"
//          4..7   format version, 1 or 2
//          8..11  CRC-32C of everything from byte 12
//         12..15  number of tensors
//   then each tensor: bytes of the name, name, rank, extents, values in row-major order
//   version 2: then what the weights were trained for: number of bytes, and a v1.ExperimentIdentity
//              (weights_identity.h, which alone looks into it)
// All integers are uint32, all numbers little-endian. Version 1 is sent on the wire, because a process that joins a run
// has compared identities before. Files have version 2; a file of version 1 does not say what it was trained for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace recbots {

struct NamedTensor {
  std::string name;
  std::vector<int32_t> shape;  // Empty for a scalar.
  std::vector<float> values;   // In row-major order.

  friend bool operator==(const NamedTensor&, const NamedTensor&) = default;
};

// Bounds of an encoding.
inline constexpr size_t kMaxWeightTensors = 4096;
inline constexpr size_t kMaxWeightNameBytes = 128;
inline constexpr size_t kMaxWeightRank = 4;
inline constexpr size_t kMaxWeightElements = size_t{1} << 28;  // Per tensor.
inline constexpr size_t kMaxWeightIdentityBytes = size_t{32} << 10;

// The tensors must keep the bounds above.
std::string EncodeTensors(absl::Span<const NamedTensor> tensors);
// Adds what the tensors were trained for, the bytes of an identity, to `encoded`, a result of EncodeTensors.
std::string WithIdentityBytes(absl::string_view encoded, absl::string_view identity);

// INVALID_ARGUMENT: not such an encoding, cut short or too long, a wrong checksum, a bound exceeded, or a value that is
// not finite; the message says which. Allocates little more than the size of the input.
absl::StatusOr<std::vector<NamedTensor>> DecodeTensors(absl::string_view encoded);
// The bytes of what the tensors were trained for; none if the encoding does not tell (version 1). Errors as
// DecodeTensors.
absl::StatusOr<std::string> DecodeIdentityBytes(absl::string_view encoded);

// Returns the encoding if it can be decoded again: weights that have diverged are useless. Errors as DecodeTensors.
absl::StatusOr<std::string> FiniteWeights(std::string encoded);

}  // namespace recbots

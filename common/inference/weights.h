// Named float32 tensors <-> bytes: how weights travel and lie on disk.
//
//   bytes  0..3   magic "RBWT"
//          4..7   format version, 1 or 2
//          8..11  CRC-32C of everything from byte 12
//         12..15  number of tensors
//   then each tensor: bytes of the name, name, rank, extents, values in row-major order
//   version 2: then what the weights were trained for: bytes of it, and a v1.ExperimentIdentity
// All integers are uint32, all numbers little-endian. What travels is version 1: who joins a run compared before. A
// file is version 2; one of version 1 does not say what it is for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "recbots/v1/identity.pb.h"

namespace recbots {

struct NamedTensor {
  std::string name;
  std::vector<int32_t> shape;  // Empty for a scalar.
  std::vector<float> values;   // As many as the shape says.

  friend bool operator==(const NamedTensor&, const NamedTensor&) = default;
};

// Bounds of what an encoding may hold.
inline constexpr size_t kMaxWeightTensors = 4096;
inline constexpr size_t kMaxWeightNameBytes = 128;
inline constexpr size_t kMaxWeightRank = 4;
inline constexpr size_t kMaxWeightElements = size_t{1} << 28;  // Per tensor.

// The tensors must keep the bounds above.
std::string EncodeTensors(absl::Span<const NamedTensor> tensors);
// The same tensors with what they were trained for. `encoded`: of EncodeTensors.
std::string WithIdentity(absl::string_view encoded, const v1::ExperimentIdentity& identity);

// INVALID_ARGUMENT: not such an encoding, cut short or too long, checksum wrong, a bound exceeded, a value that is not
// finite; says which. Allocates no more than the input's size.
absl::StatusOr<std::vector<NamedTensor>> DecodeTensors(absl::string_view encoded);
// What they were trained for; without fields where they do not say it (version 1). Errors as DecodeTensors.
absl::StatusOr<v1::ExperimentIdentity> DecodeIdentity(absl::string_view encoded);

// The encoding, if it is one that can be decoded again: weights that have diverged are worth nothing to anyone. Errors
// as DecodeTensors.
absl::StatusOr<std::string> FiniteWeights(std::string encoded);

}  // namespace recbots

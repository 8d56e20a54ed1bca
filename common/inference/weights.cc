#include "common/inference/weights.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "common/base/encoding.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr absl::string_view kMagic = "RBWT";
constexpr uint32_t kPlainVersion = 1;
constexpr uint32_t kVersionWithIdentity = 2;

absl::Status ReadValues(ByteReader& reader, NamedTensor* tensor) {
  size_t elements = 1;
  for (const int32_t extent : tensor->shape) elements *= static_cast<size_t>(extent);
  RECBOTS_ASSIGN_OR_RETURN(const absl::string_view bytes, reader.Bytes(elements * sizeof(float), tensor->name));
  tensor->values.resize(elements);
  std::memcpy(tensor->values.data(), bytes.data(), bytes.size());
  for (size_t i = 0; i < elements; ++i) {
    if (!std::isfinite(tensor->values[i])) {
      return reader.Invalid(tensor->name, "[", i, "] is ", tensor->values[i], ", want a finite number");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<NamedTensor> ReadTensor(ByteReader& reader) {
  NamedTensor tensor;
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t name_bytes, reader.NumberUpTo(kMaxWeightNameBytes, "length of a name"));
  RECBOTS_ASSIGN_OR_RETURN(const absl::string_view name, reader.Bytes(name_bytes, "a name"));
  tensor.name = std::string(name);
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t rank, reader.NumberUpTo(kMaxWeightRank, "rank"));
  size_t elements = 1;
  for (uint32_t i = 0; i < rank; ++i) {
    RECBOTS_ASSIGN_OR_RETURN(const uint32_t extent, reader.NumberUpTo(kMaxWeightElements, "extent"));
    if (extent < 1) return reader.Invalid(tensor.name, " has extent 0, want at least 1");
    elements *= extent;  // Below 2^56: both factors are bounded.
    if (elements > kMaxWeightElements) {
      return reader.Invalid(tensor.name, " has ", elements, " elements or more, want at most ", kMaxWeightElements);
    }
    tensor.shape.push_back(static_cast<int32_t>(extent));
  }
  RECBOTS_RETURN_IF_ERROR(ReadValues(reader, &tensor));
  return tensor;
}

struct Content {
  std::vector<NamedTensor> tensors;
  std::string identity;  // Its bytes.
};

absl::StatusOr<Content> Decode(absl::string_view encoded) {
  ByteReader reader("weights", encoded);
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t version, reader.Frame(kMagic, {kPlainVersion, kVersionWithIdentity}));
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t num_tensors, reader.NumberUpTo(kMaxWeightTensors, "number of tensors"));
  Content content;
  for (uint32_t i = 0; i < num_tensors; ++i) {
    RECBOTS_ASSIGN_OR_RETURN(NamedTensor tensor, ReadTensor(reader));
    content.tensors.push_back(std::move(tensor));
  }
  if (version == kVersionWithIdentity) {
    RECBOTS_ASSIGN_OR_RETURN(const uint32_t size, reader.NumberUpTo(kMaxWeightIdentityBytes, "length of the identity"));
    RECBOTS_ASSIGN_OR_RETURN(const absl::string_view bytes, reader.Bytes(size, "the identity"));
    content.identity = std::string(bytes);
  }
  if (reader.left() != 0) return reader.Invalid(reader.left(), " bytes after the last part, want 0");
  return content;
}

}  // namespace

std::string EncodeTensors(absl::Span<const NamedTensor> tensors) {
  std::string body;
  AppendNumber(tensors.size(), &body);
  for (const NamedTensor& tensor : tensors) {
    AppendNumber(tensor.name.size(), &body);
    body += tensor.name;
    AppendNumber(tensor.shape.size(), &body);
    size_t elements = 1;
    for (const int32_t extent : tensor.shape) {
      AppendNumber(static_cast<size_t>(extent), &body);
      elements *= static_cast<size_t>(extent);
    }
    RECBOTS_CHECK(elements == tensor.values.size()) << tensor.name << " has " << tensor.values.size() << " values";
    body.append(reinterpret_cast<const char*>(tensor.values.data()), elements * sizeof(float));
  }
  return Framed(kMagic, kPlainVersion, body);
}

std::string WithIdentityBytes(absl::string_view encoded, absl::string_view identity) {
  RECBOTS_CHECK(encoded.size() > kFrameBytes);
  std::string body(encoded.substr(kFrameBytes));
  AppendNumber(identity.size(), &body);
  body.append(identity.data(), identity.size());
  return Framed(kMagic, kVersionWithIdentity, body);
}

absl::StatusOr<std::vector<NamedTensor>> DecodeTensors(absl::string_view encoded) {
  RECBOTS_ASSIGN_OR_RETURN(Content content, Decode(encoded));
  return std::move(content.tensors);
}

absl::StatusOr<std::string> DecodeIdentityBytes(absl::string_view encoded) {
  RECBOTS_ASSIGN_OR_RETURN(Content content, Decode(encoded));
  return std::move(content.identity);
}

absl::StatusOr<std::string> FiniteWeights(std::string encoded) {
  RECBOTS_RETURN_IF_ERROR(DecodeTensors(encoded).status());
  return encoded;
}

}  // namespace recbots

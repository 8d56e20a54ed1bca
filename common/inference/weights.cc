#include "common/inference/weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/crc32c.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/wire/experiment_identity.h"

namespace recbots {
namespace {

static_assert(std::endian::native == std::endian::little, "the encoding is copied from memory as it is");

constexpr absl::string_view kMagic = "RBWT";
constexpr uint32_t kPlainVersion = 1;
constexpr uint32_t kVersionWithIdentity = 2;
constexpr size_t kCheckedFrom = 12;
constexpr size_t kCrcBytesAtOnce = size_t{1} << 30;

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat("weights: ", parts...));
}

uint32_t Checksum(absl::string_view data) {
  uint32_t crc = 0;
  for (; !data.empty(); data.remove_prefix(std::min(data.size(), kCrcBytesAtOnce))) {
    crc = Crc32c(data.substr(0, kCrcBytesAtOnce), crc);
  }
  return crc;
}

void Append(size_t value, std::string* out) {
  const auto number = static_cast<uint32_t>(value);
  out->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

// Takes parts off the front of an encoding.
class Reader {
 public:
  explicit Reader(absl::string_view data) : data_(data) {}

  size_t left() const { return data_.size(); }

  absl::StatusOr<absl::string_view> Bytes(size_t size, absl::string_view what) {
    if (data_.size() < size) return Invalid("cut short: ", data_.size(), " bytes left, ", what, " needs ", size);
    const absl::string_view bytes = data_.substr(0, size);
    data_.remove_prefix(size);
    return bytes;
  }

  absl::StatusOr<uint32_t> Number(absl::string_view what) {
    RECBOTS_ASSIGN_OR_RETURN(const absl::string_view bytes, Bytes(sizeof(uint32_t), what));
    uint32_t number;
    std::memcpy(&number, bytes.data(), sizeof(number));
    return number;
  }

  absl::StatusOr<uint32_t> NumberUpTo(size_t max, absl::string_view what) {
    RECBOTS_ASSIGN_OR_RETURN(const uint32_t number, Number(what));
    if (number > max) return Invalid(what, " ", number, ", want at most ", max);
    return number;
  }

 private:
  absl::string_view data_;
};

absl::Status ReadValues(Reader& reader, NamedTensor* tensor) {
  size_t elements = 1;
  for (const int32_t extent : tensor->shape) elements *= static_cast<size_t>(extent);
  RECBOTS_ASSIGN_OR_RETURN(const absl::string_view bytes, reader.Bytes(elements * sizeof(float), tensor->name));
  tensor->values.resize(elements);
  std::memcpy(tensor->values.data(), bytes.data(), bytes.size());
  for (size_t i = 0; i < elements; ++i) {
    if (!std::isfinite(tensor->values[i])) {
      return Invalid(tensor->name, "[", i, "] is ", tensor->values[i], ", want a finite number");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<NamedTensor> ReadTensor(Reader& reader) {
  NamedTensor tensor;
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t name_bytes, reader.NumberUpTo(kMaxWeightNameBytes, "length of a name"));
  RECBOTS_ASSIGN_OR_RETURN(const absl::string_view name, reader.Bytes(name_bytes, "a name"));
  tensor.name = std::string(name);
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t rank, reader.NumberUpTo(kMaxWeightRank, "rank"));
  size_t elements = 1;
  for (uint32_t i = 0; i < rank; ++i) {
    RECBOTS_ASSIGN_OR_RETURN(const uint32_t extent, reader.NumberUpTo(kMaxWeightElements, "extent"));
    if (extent < 1) return Invalid(tensor.name, " has extent 0, want at least 1");
    elements *= extent;  // Below 2^56: both factors are bounded.
    if (elements > kMaxWeightElements) {
      return Invalid(tensor.name, " has ", elements, " elements or more, want at most ", kMaxWeightElements);
    }
    tensor.shape.push_back(static_cast<int32_t>(extent));
  }
  RECBOTS_RETURN_IF_ERROR(ReadValues(reader, &tensor));
  return tensor;
}

std::string Framed(uint32_t version, const std::string& body) {
  std::string encoded(kMagic);
  Append(version, &encoded);
  Append(Checksum(body), &encoded);
  return encoded + body;
}

struct Content {
  std::vector<NamedTensor> tensors;
  v1::ExperimentIdentity identity;
};

absl::StatusOr<v1::ExperimentIdentity> ReadIdentity(Reader& reader) {
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t size, reader.NumberUpTo(kMaxIdentityBytes, "length of the identity"));
  RECBOTS_ASSIGN_OR_RETURN(const absl::string_view bytes, reader.Bytes(size, "the identity"));
  v1::ExperimentIdentity identity;
  if (!identity.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Invalid("no identity");
  if (const absl::Status status = CheckIdentity(identity); !status.ok()) return Invalid(status.message());
  return identity;
}

absl::StatusOr<Content> Decode(absl::string_view encoded) {
  Reader reader(encoded);
  RECBOTS_ASSIGN_OR_RETURN(const absl::string_view magic, reader.Bytes(kMagic.size(), "the magic"));
  if (magic != kMagic) return Invalid("magic is not '", kMagic, "'");
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t version, reader.Number("the format version"));
  if (version != kPlainVersion && version != kVersionWithIdentity) {
    return Invalid("format version ", version, ", want ", kPlainVersion, " or ", kVersionWithIdentity);
  }
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t crc, reader.Number("the checksum"));
  const uint32_t computed = Checksum(encoded.substr(kCheckedFrom));
  if (computed != crc) return Invalid("checksum ", computed, ", want ", crc, " as the header says");
  RECBOTS_ASSIGN_OR_RETURN(const uint32_t num_tensors, reader.NumberUpTo(kMaxWeightTensors, "number of tensors"));
  Content content;
  for (uint32_t i = 0; i < num_tensors; ++i) {
    RECBOTS_ASSIGN_OR_RETURN(NamedTensor tensor, ReadTensor(reader));
    content.tensors.push_back(std::move(tensor));
  }
  if (version == kVersionWithIdentity) {
    RECBOTS_ASSIGN_OR_RETURN(content.identity, ReadIdentity(reader));
  }
  if (reader.left() != 0) return Invalid(reader.left(), " bytes after the last part, want 0");
  return content;
}

}  // namespace

std::string EncodeTensors(absl::Span<const NamedTensor> tensors) {
  std::string body;
  Append(tensors.size(), &body);
  for (const NamedTensor& tensor : tensors) {
    Append(tensor.name.size(), &body);
    body += tensor.name;
    Append(tensor.shape.size(), &body);
    size_t elements = 1;
    for (const int32_t extent : tensor.shape) {
      Append(static_cast<size_t>(extent), &body);
      elements *= static_cast<size_t>(extent);
    }
    RECBOTS_CHECK(elements == tensor.values.size()) << tensor.name << " has " << tensor.values.size() << " values";
    body.append(reinterpret_cast<const char*>(tensor.values.data()), elements * sizeof(float));
  }
  return Framed(kPlainVersion, body);
}

std::string WithIdentity(absl::string_view encoded, const v1::ExperimentIdentity& identity) {
  RECBOTS_CHECK(encoded.size() > kCheckedFrom);
  std::string body(encoded.substr(kCheckedFrom));
  const std::string message = identity.SerializeAsString();
  Append(message.size(), &body);
  body += message;
  return Framed(kVersionWithIdentity, body);
}

absl::StatusOr<std::vector<NamedTensor>> DecodeTensors(absl::string_view encoded) {
  RECBOTS_ASSIGN_OR_RETURN(Content content, Decode(encoded));
  return std::move(content.tensors);
}

absl::StatusOr<v1::ExperimentIdentity> DecodeIdentity(absl::string_view encoded) {
  RECBOTS_ASSIGN_OR_RETURN(Content content, Decode(encoded));
  return std::move(content.identity);
}

absl::StatusOr<std::string> FiniteWeights(std::string encoded) {
  RECBOTS_RETURN_IF_ERROR(DecodeTensors(encoded).status());
  return encoded;
}

}  // namespace recbots

#include "learner/client/weights_assembler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/crc32c.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// Streams of actors (actor/loop/streams.h).
constexpr int64_t kMaxStream = int64_t{1} << 31;
// The most memory to reserve because a header announces it.
constexpr int64_t kMaxReserveBytes = int64_t{64} << 20;

std::string Hex(uint32_t crc) { return absl::StrCat(absl::Hex(crc, absl::kZeroPad8)); }

}  // namespace

absl::Status WeightsAssembler::Begin(const v1::WeightsHeader& header) {
  if (header.version() < 1) {
    return absl::InternalError(absl::StrCat("weights version ", header.version(), ", want at least 1"));
  }
  if (header.payload_bytes() < 0 || header.payload_bytes() > max_payload_bytes_) {
    return absl::InternalError(absl::StrCat("weights version ", header.version(), " announces ", header.payload_bytes(),
                                            " bytes, want 0..", max_payload_bytes_));
  }
  begun_ = true;
  if (header.has_first_stream() && (header.first_stream() < 0 || header.first_stream() >= kMaxStream)) {
    return absl::InternalError(absl::StrCat("weights version ", header.version(), " comes with first_stream ",
                                            header.first_stream(), ", want 0..", kMaxStream - 1));
  }
  version_.header = header;
  version_.payload.clear();
  version_.payload.reserve(static_cast<size_t>(std::min(header.payload_bytes(), kMaxReserveBytes)));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<WeightsAssembler::Complete>> WeightsAssembler::Add(const v1::WeightsChunk& chunk) {
  if (chunk.has_header() == begun_) {
    return absl::InternalError(begun_ ? "a header in the middle of weights" : "weights without a header");
  }
  if (!begun_) RECBOTS_RETURN_IF_ERROR(Begin(chunk.header()));
  version_.payload.append(chunk.payload());
  const auto bytes = static_cast<int64_t>(version_.payload.size());
  const int64_t announced = version_.header.payload_bytes();
  if (bytes > announced || (chunk.last_part() && bytes != announced)) {
    return absl::InternalError(
        absl::StrCat("weights version ", version_.header.version(), " has ", bytes, " bytes, want ", announced));
  }
  if (!chunk.last_part()) return std::optional<Complete>();
  const uint32_t crc = Crc32c(version_.payload);
  if (crc != version_.header.crc32c()) {
    return absl::InternalError(absl::StrCat("weights version ", version_.header.version(), " has checksum ", Hex(crc),
                                            ", want ", Hex(version_.header.crc32c())));
  }
  begun_ = false;
  return std::optional<Complete>(std::move(version_));
}

}  // namespace recbots

#include "common/inference/weights_identity.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/inference/weights.h"
#include "common/wire/experiment_identity.h"

namespace recbots {

static_assert(kMaxWeightIdentityBytes == kMaxIdentityBytes);

std::string WithIdentity(absl::string_view encoded, const v1::ExperimentIdentity& identity) {
  return WithIdentityBytes(encoded, identity.SerializeAsString());
}

absl::StatusOr<v1::ExperimentIdentity> DecodeIdentity(absl::string_view encoded) {
  RECBOTS_ASSIGN_OR_RETURN(const std::string bytes, DecodeIdentityBytes(encoded));
  v1::ExperimentIdentity identity;
  if (!identity.ParseFromString(bytes)) return absl::InvalidArgumentError("weights: no identity");
  if (const absl::Status status = CheckIdentity(identity); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("weights: ", status.message()));
  }
  return identity;
}

}  // namespace recbots

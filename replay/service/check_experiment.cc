#include "replay/service/check_experiment.h"

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/wire/experiment_identity.h"

namespace recbots::replay {

absl::Status CheckExperiment(absl::string_view caller, absl::string_view client, const std::string& peer,
                             const v1::ExperimentIdentity& theirs, bool adopt, Table& table, StreamHub& hub) {
  if (!Says(theirs)) return absl::OkStatus();
  if (const absl::Status status = CheckIdentity(theirs); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(caller, ": ", status.message()));
  }
  if (adopt) table.AdoptIdentity(theirs);
  const v1::ExperimentIdentity ours = table.identity();
  if (!Says(ours)) return absl::OkStatus();
  const std::string difference =
      IdentityDifference(theirs, absl::StrCat("of ", client), ours, absl::StrCat("of table '", table.name(), "'"));
  if (difference.empty()) return absl::OkStatus();
  if (!hub.allow_other_experiment()) {
    return absl::FailedPreconditionError(
        absl::StrCat(caller, ": ", client, " is of another experiment than the table: ", difference,
                     ". Give both the same configuration, or start replay with --allow_other_experiment"));
  }
  if (hub.MayLog()) {
    RECBOTS_LOG(WARNING) << client << " is of another experiment, taken all the same" << Field("peer", peer)
                         << Field("difference", difference);
  }
  return absl::OkStatus();
}

}  // namespace recbots::replay

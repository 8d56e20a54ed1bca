#include "replay/service/check_rows.h"

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/wire/experiment_identity.h"

namespace recbots::replay {
namespace {

// Makes the table if there is none.
absl::Status MakeTable(const ClientRows& theirs, StreamHub& hub) {
  const absl::StatusOr<bool> made = hub.store().MakeTransitions(theirs.schema, theirs.identity);
  if (!made.ok()) {
    return absl::Status(made.status().code(), absl::StrCat(theirs.caller, ": no table can be made for the ",
                                                           theirs.client, "'s rows: ", made.status().message()));
  }
  if (!*made) return absl::OkStatus();
  for (const std::unique_ptr<TablePlace>& place : hub.store().places()) {
    if (!place->of_transitions()) continue;
    RECBOTS_LOG(INFO) << "the schema is known" << Field("table", place->name()) << Field("from", theirs.client)
                      << Field("peer", theirs.peer) << Field("row_bytes", place->table()->schema().row_bytes())
                      << Field("capacity_rows", place->table()->capacity())
                      << Field("experiment", FingerprintText(theirs.identity.fingerprint()));
  }
  return absl::OkStatus();
}

absl::Status CheckExperiment(const ClientRows& theirs, Table& table, StreamHub& hub) {
  if (!Says(theirs.identity)) return absl::OkStatus();
  if (theirs.writes) table.AdoptIdentity(theirs.identity);
  const v1::ExperimentIdentity ours = table.identity();
  if (!Says(ours)) return absl::OkStatus();
  const std::string difference = IdentityDifference(theirs.identity, absl::StrCat("of the ", theirs.client), ours,
                                                    absl::StrCat("of table '", table.name(), "'"));
  if (!difference.empty() && !hub.allow_other_experiment()) {
    return absl::FailedPreconditionError(
        absl::StrCat(theirs.caller, ": the ", theirs.client, " is of another experiment than the table: ", difference,
                     ". Give both the same configuration, or start replay with --allow_other_experiment"));
  }
  const bool taken_over = !theirs.observes && table.TakeOver(theirs.identity);
  if (difference.empty()) return absl::OkStatus();
  if (taken_over) {
    RECBOTS_LOG(WARNING) << "rows of another experiment, taken over from the checkpoint" << Field("table", table.name())
                         << Field("by", theirs.client) << Field("peer", theirs.peer) << Field("difference", difference);
  } else if (hub.MayLog()) {
    RECBOTS_LOG(WARNING) << "the " << theirs.client << " is of another experiment, taken all the same"
                         << Field("peer", theirs.peer) << Field("difference", difference);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRows(const ClientRows& theirs, const TableHub& table, StreamHub& hub) {
  if (const absl::Status status = CheckIdentity(theirs.identity); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(theirs.caller, ": ", status.message()));
  }
  if (table.place.table() == nullptr) {
    if (theirs.observes) {
      return absl::FailedPreconditionError(absl::StrCat(theirs.caller, ": the schema of table '", table.place.name(),
                                                        "' is not known yet, want a writer or reader that states it"));
    }
    RECBOTS_RETURN_IF_ERROR(MakeTable(theirs, hub));
  }
  if (const std::string difference = table.table().schema().DifferenceTo(theirs.schema); !difference.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(theirs.caller, ": the ", theirs.client,
                                                      "'s rows are not those of table '", table.place.name(),
                                                      "': ", difference));
  }
  return CheckExperiment(theirs, table.table(), hub);
}

}  // namespace recbots::replay

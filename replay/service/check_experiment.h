// Checks that a client's rows mean the same as the rows of a table.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/identity.pb.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {

// Compares the meaning of rows that the client states with the table's; if one of the two is not known, the result is
// OK. With `adopt`, a table that does not know the meaning of its rows learns it from this client. `caller` begins the
// message, `client` names the client in it ("the writer"), and `peer` is for the log.
//   INVALID_ARGUMENT     `theirs` is no valid identity (common/wire/experiment_identity.h)
//   FAILED_PRECONDITION  the experiments differ; the message names the fields. With
//                        ReplayServiceOptions::allow_other_experiment this is a warning and the result is OK
absl::Status CheckExperiment(absl::string_view caller, absl::string_view client, const std::string& peer,
                             const v1::ExperimentIdentity& theirs, bool adopt, Table& table, StreamHub& hub);

}  // namespace recbots::replay

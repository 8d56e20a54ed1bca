// Whether a client's rows belong to those of a table.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/identity.pb.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {

// Compares what a client says that rows mean with what the table knows; where one of them knows nothing, there is
// nothing to compare. `adopt`: a table that knows nothing learns it from this client. `caller` begins the message,
// `client` says in it who differs ("the writer"), `peer` is for the log.
//   INVALID_ARGUMENT     no identity (common/wire/experiment_identity.h)
//   FAILED_PRECONDITION  another experiment, named field by field; with ReplayServiceOptions::allow_other_experiment a
//                        warning instead
absl::Status CheckExperiment(absl::string_view caller, absl::string_view client, const std::string& peer,
                             const v1::ExperimentIdentity& theirs, bool adopt, Table& table, StreamHub& hub);

}  // namespace recbots::replay

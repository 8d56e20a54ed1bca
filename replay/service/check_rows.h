// Checks that a client's rows are those of a table: the same columns, and the same meaning.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/base/row_schema.h"
#include "recbots/v1/identity.pb.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {

// What a client states when its stream begins.
struct ClientRows {
  absl::string_view caller;  // Begins messages: "insert".
  absl::string_view client;  // Names the client in messages: "writer".
  std::string peer;          // For the log.
  const RowSchema& schema;
  const v1::ExperimentIdentity& identity;
  bool writes = false;
  // It changes nothing: it decides no schema, and takes no rows over.
  bool observes = false;
};

// Compares schema and meaning with those of the table; a meaning that one of the two does not know is not compared. If
// the table does not exist because its schema is not known yet, the client decides what it is: the table is made for
// the client's rows and their meaning (Store::MakeTransitions); an observer is refused instead. A table that exists,
// and does not know the meaning of its rows, learns it from the first writer that states one. After OK the table
// exists.
//   INVALID_ARGUMENT     the identity is no valid one (common/wire/experiment_identity.h)
//   FAILED_PRECONDITION  an observer's table does not exist yet, the tables cannot have such rows, the schemas differ,
//   or the experiments differ; the message
//                        names setting and bound, or the first difference, or the fields. With
//                        ReplayServiceOptions::allow_other_experiment another experiment is a warning and the result is
//                        OK; the first one takes over rows that came from a checkpoint (Table::TakeOver)
absl::Status CheckRows(const ClientRows& theirs, const TableHub& table, StreamHub& hub);

}  // namespace recbots::replay

// Makes the tables that a configuration describes.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/identity.pb.h"
#include "replay/table/store.h"

namespace recbots::replay {

// `transitions` is the schema of tables that list no columns, and `identity` is the meaning of their rows; other tables
// learn the meaning of theirs from the first writer. `seed` is the seed of the run; each table draws from its own
// stream. Errors are those of Table::Create, and INVALID_ARGUMENT if two tables have one name; messages name the table.
absl::StatusOr<std::unique_ptr<Table>> MakeTable(const v1::TableConfig& config, const RowSchema& transitions,
                                                 uint64_t seed);
absl::StatusOr<std::unique_ptr<Store>> MakeStore(const v1::ReplayConfig& config, const RowSchema& transitions,
                                                 const v1::ExperimentIdentity& identity, uint64_t seed);

}  // namespace recbots::replay

// Makes the tables that a configuration describes.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "recbots/v1/config.pb.h"
#include "replay/table/store.h"

namespace recbots::replay {

// `transitions` is the schema of a table that lists no columns. `seed` is the seed of the run; each table draws from
// its own stream. Errors are those of Table::Create; messages name the table.
absl::StatusOr<std::unique_ptr<Table>> MakeTable(const v1::TableConfig& config, const RowSchema& transitions,
                                                 uint64_t seed);

// A store in which the tables that list no columns do not exist yet (Store::MakeTransitions). What their settings allow
// to check without a schema is checked now. Errors are those of Table::Create, and INVALID_ARGUMENT if two tables have
// one name.
absl::StatusOr<std::unique_ptr<Store>> MakeStore(const v1::ReplayConfig& config, uint64_t seed,
                                                 Store::SchemaCheck check_schema);

}  // namespace recbots::replay

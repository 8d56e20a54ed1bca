// The tables that a configuration describes.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/identity.pb.h"
#include "replay/table/store.h"

namespace recbots::replay {

// `transitions` is the schema of tables that list no columns, `identity` what rows of these mean; the others do not
// know it until a writer says it. `seed` is the run's; tables draw from streams of their own.
//   errors as Table::Create, and INVALID_ARGUMENT for two tables of one name; messages name the table
absl::StatusOr<std::unique_ptr<Table>> MakeTable(const v1::TableConfig& config, const RowSchema& transitions,
                                                 uint64_t seed);
absl::StatusOr<std::unique_ptr<Store>> MakeStore(const v1::ReplayConfig& config, const RowSchema& transitions,
                                                 const v1::ExperimentIdentity& identity, uint64_t seed);

}  // namespace recbots::replay

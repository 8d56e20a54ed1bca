// The table that a configuration describes.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "recbots/v1/config.pb.h"
#include "replay/table/table.h"

namespace recbots::replay {

// Errors as Table::Create.
inline absl::StatusOr<std::unique_ptr<Table>> MakeTable(const v1::ReplayConfig& config, RowSchema schema) {
  TableOptions options;
  options.capacity_rows = config.capacity_rows();
  options.capacity_bytes = config.capacity_bytes();
  options.rate_limiter.min_size = config.rate_limiter().min_size();
  options.rate_limiter.samples_per_insert = config.rate_limiter().samples_per_insert();
  options.rate_limiter.error_buffer = config.rate_limiter().error_buffer();
  return Table::Create(std::move(schema), options);
}

}  // namespace recbots::replay

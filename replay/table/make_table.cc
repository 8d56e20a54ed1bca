#include "replay/table/make_table.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/wire/experiment_identity.h"

namespace recbots::replay {
namespace {

// Each table of a run draws from its own stream, which does not depend on the table's place in the configuration.
uint64_t SeedOf(absl::string_view name, uint64_t seed) {
  const uint64_t hash = Fnv1a(name);
  const auto block = Philox4x32({static_cast<uint32_t>(hash), static_cast<uint32_t>(hash >> 32), 0, 0}, seed);
  return uint64_t{block[0]} << 32 | block[1];
}

absl::StatusOr<RowSchema> ListedColumns(const v1::TableConfig& config) {
  std::vector<Column> columns;
  for (const v1::ColumnConfig& column : config.columns()) {
    if (column.type() == v1::ColumnConfig::TYPE_UNSPECIFIED) {
      return absl::InvalidArgumentError(absl::StrCat("column '", column.name(), "' has no type"));
    }
    columns.push_back({column.name(),
                       static_cast<DType>(column.type()),  // The same numbers on both sides.
                       {column.shape().begin(), column.shape().end()}});
  }
  return RowSchema::Create(std::move(columns));
}

RateLimiterOptions LimiterOf(const v1::RateLimiterConfig& config) {
  return {.kind = config.kind() == v1::RateLimiterConfig::QUEUE ? RateLimiterOptions::Kind::kQueue
                                                                : RateLimiterOptions::Kind::kRatio,
          .queue_size = config.queue_size(),
          .min_size = config.min_size(),
          .samples_per_insert = config.samples_per_insert(),
          .error_buffer = config.error_buffer()};
}

SelectorKind RemoverOf(v1::TableConfig::Remover remover) {
  switch (remover) {
    case v1::TableConfig::REMOVE_NEWEST:
      return SelectorKind::kNewest;
    case v1::TableConfig::REMOVE_LOWEST_PRIORITY:
      return SelectorKind::kLowestPriority;
    default:
      return SelectorKind::kOldest;
  }
}

TableOptions OptionsOf(const v1::TableConfig& config, uint64_t seed) {
  TableOptions options;
  options.name = config.name();
  options.capacity_rows = config.capacity_rows();
  options.capacity_bytes = config.capacity_bytes();
  options.sampler = static_cast<SelectorKind>(config.sampler());
  options.remover = RemoverOf(config.remover());
  options.priority_exponent = config.priority_exponent();
  options.max_times_sampled = config.max_times_sampled();
  options.rate_limiter = LimiterOf(config.rate_limiter());
  options.seed = SeedOf(options.name, seed);
  return options;
}

// Empty if the table lists no columns.
absl::StatusOr<std::unique_ptr<TablePlace>> MakePlace(const v1::TableConfig& config, uint64_t seed) {
  if (config.columns().empty()) {
    TableOptions options = OptionsOf(config, seed);
    RECBOTS_RETURN_IF_ERROR(CheckTableOptions(options));
    return std::make_unique<TablePlace>(std::move(options));
  }
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Table> table, MakeTable(config, RowSchema(), seed));
  return std::make_unique<TablePlace>(std::move(table));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Table>> MakeTable(const v1::TableConfig& config, const RowSchema& transitions,
                                                 uint64_t seed) {
  const absl::StatusOr<RowSchema> schema = config.columns().empty() ? transitions : ListedColumns(config);
  if (!schema.ok()) {
    return absl::Status(schema.status().code(),
                        absl::StrCat("replay table '", config.name(), "': ", schema.status().message()));
  }
  return Table::Create(*schema, OptionsOf(config, seed));
}

absl::StatusOr<std::unique_ptr<Store>> MakeStore(const v1::ReplayConfig& config, uint64_t seed,
                                                 Store::SchemaCheck check_schema) {
  std::vector<std::unique_ptr<TablePlace>> places;
  RECBOTS_ASSIGN_OR_RETURN(places.emplace_back(), MakePlace(config.table(), seed));
  for (const v1::TableConfig& more : config.more_tables()) {
    RECBOTS_ASSIGN_OR_RETURN(places.emplace_back(), MakePlace(more, seed));
  }
  return Store::CreateWithPlaces(std::move(places), std::move(check_schema));
}

}  // namespace recbots::replay

// What ties the fields of replay's tables together. Every rule keeps a run from standing still, or from doing something
// else than its settings say.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/row_schema.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/field_path.h"
#include "common/config/validate.h"

namespace recbots {
namespace {

// What a table may need for a row besides its bytes (Table: slots, sampler and remover of the largest kinds).
constexpr int64_t kBookkeepingBytes = 64;

// A table and how it is called.
struct NamedTable {
  const v1::TableConfig& config;
  std::string path;

  std::string limiter() const { return path + ".rate_limiter"; }
  bool is_queue() const { return config.rate_limiter().kind() == v1::RateLimiterConfig::QUEUE; }
};

std::vector<NamedTable> AllTables(const v1::ReplayConfig& config) {
  std::vector<NamedTable> tables = {{config.table(), "replay.table"}};
  for (int i = 0; i < config.more_tables_size(); ++i) {
    tables.push_back({config.more_tables(i), absl::StrCat("replay.more_tables[", i, "]")});
  }
  return tables;
}

template <typename... Args>
absl::Status Refuse(const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat(args...));
}

// As the text proto has it.
std::string TextOf(const google::protobuf::Message& message, const char* field) {
  return ValueText(message, *message.GetDescriptor()->FindFieldByName(field));
}

absl::Status CheckNames(const std::vector<NamedTable>& tables) {
  std::map<std::string, std::string> paths;
  for (const NamedTable& table : tables) {
    const std::string& name = table.config.name();
    const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
    });
    if (name.empty() || name.size() > 64 || !plain) {
      return Refuse(table.path, ".name \"", name, "\", want 1..64 of lower case letters, digits, underscores");
    }
    const auto [other, is_new] = paths.emplace(name, table.path);
    if (!is_new) return Refuse(table.path, ".name \"", name, "\", want another one: it is that of ", other->second);
  }
  return absl::OkStatus();
}

DType TypeOf(v1::ColumnConfig::Type type) {
  switch (type) {
    case v1::ColumnConfig::INT32:
      return DType::kInt32;
    case v1::ColumnConfig::INT64:
      return DType::kInt64;
    default:
      return DType::kFloat32;
  }
}

// Under a smaller error_buffer no row could be inserted.
double SmallestBuffer(const v1::RateLimiterConfig& limiter) { return 2 * std::max(1.0, limiter.samples_per_insert()); }

absl::Status CheckLimiter(const NamedTable& table) {
  const v1::RateLimiterConfig& limiter = table.config.rate_limiter();
  const double ratio = limiter.samples_per_insert();
  const int32_t times = table.config.max_times_sampled();
  if (table.is_queue()) {
    // Rows that were sampled would stay, and nothing makes room.
    if (times == 1) return absl::OkStatus();
    return Refuse(table.path, ".max_times_sampled ", times, ", want 1 with rate_limiter.kind QUEUE");
  }
  if (ratio == 0) return absl::OkStatus();
  if (ratio < 1e-6) return Refuse(table.limiter(), ".samples_per_insert ", ratio, ", want 0 or at least 1e-06");
  if (times > 0 && ratio > times) {
    return Refuse(table.limiter(), ".samples_per_insert ", ratio, ", want at most max_times_sampled ", times,
                  ", else rows are gone before they were sampled so often, and inserts wait for ever");
  }
  const double want = SmallestBuffer(limiter);
  if (limiter.error_buffer() >= want) return absl::OkStatus();
  return Refuse(table.limiter(), ".error_buffer ", TextOf(limiter, "error_buffer"), ", want at least ", want,
                " (2 x samples_per_insert ", ratio, ", else no row could be inserted)");
}

// The table has to hold this many rows. `what` is the field that asks for them.
struct Need {
  std::string what;
  int64_t rows = 0;
};
Need NeedOf(const NamedTable& table) {
  const v1::RateLimiterConfig& limiter = table.config.rate_limiter();
  if (table.is_queue()) return {table.limiter() + ".queue_size", limiter.queue_size()};
  return {table.limiter() + ".min_size", limiter.min_size()};
}

absl::Status CheckRows(const NamedTable& table, const Need& need) {
  if (need.rows <= table.config.capacity_rows()) return absl::OkStatus();
  return Refuse(need.what, " ", need.rows, ", want at most ", table.path, ".capacity_rows ",
                table.config.capacity_rows());
}

absl::Status CheckBytes(const NamedTable& table, const Need& need, int64_t row_bytes) {
  const int64_t row = row_bytes + kBookkeepingBytes;
  if (need.rows <= table.config.capacity_bytes() / row) return absl::OkStatus();
  return Refuse(table.path, ".capacity_bytes ", table.config.capacity_bytes(), ", want at least ", need.rows * row,
                " (", need.what, " ", need.rows, " rows of ", row_bytes, " bytes and up to ", kBookkeepingBytes,
                " of bookkeeping)");
}

// The learner's batches have to pass the limiter of its table.
absl::Status CheckBatches(const v1::LearnerConfig& learner, const NamedTable& table) {
  const v1::RateLimiterConfig& limiter = table.config.rate_limiter();
  if (table.is_queue()) {
    if (learner.batch_size() <= limiter.queue_size()) return absl::OkStatus();
    return Refuse("learner.batch_size ", learner.batch_size(), ", want at most ", table.limiter(), ".queue_size ",
                  limiter.queue_size(), ", else no batch could ever be sampled");
  }
  if (limiter.samples_per_insert() == 0) return absl::OkStatus();  // No ratio is held.
  const int64_t in_flight = int64_t{learner.batch_size()} * learner.batches_in_flight();
  // Of two bounds the larger one is named: CheckLimiter has the other.
  const bool larger = static_cast<double>(in_flight) >= SmallestBuffer(limiter);
  if (!larger || limiter.error_buffer() >= static_cast<double>(in_flight)) return absl::OkStatus();
  return Refuse(table.limiter(), ".error_buffer ", TextOf(limiter, "error_buffer"), ", want at least ", in_flight,
                " (learner.batch_size ", learner.batch_size(), " x learner.batches_in_flight ",
                learner.batches_in_flight(), ", else no batch could ever be sampled)");
}

// Samplers and removers that mean something for rows that actors write and a learner gives priorities to.
absl::Status CheckSelectors(const NamedTable& table, const v1::LearnerConfig& learner) {
  using Table = v1::TableConfig;
  const Table& config = table.config;
  const std::string sampler = absl::StrCat(table.path, ".sampler ", Table::Sampler_Name(config.sampler()));
  switch (config.sampler()) {
    case Table::PRIORITIZED:
      if (config.max_times_sampled() == 1) {
        return Refuse(table.path,
                      ".max_times_sampled 1, want 0 or at least 2 with sampler PRIORITIZED, else a row is "
                      "gone before its priority comes");
      }
      if (learner.priority_offset() == 0) {
        return Refuse("learner.priority_offset 0, want more with ", sampler,
                      ", else rows without an error are never drawn again");
      }
      return absl::OkStatus();
    case Table::HIGHEST_PRIORITY:
    case Table::LOWEST_PRIORITY:
      return Refuse(sampler,
                    ", want UNIFORM, PRIORITIZED, OLDEST or NEWEST: priorities of the learner's rows change "
                    "with PRIORITIZED only");
    case Table::OLDEST:
    case Table::NEWEST:
      if (config.max_times_sampled() > 0) break;
      return Refuse(table.path, ".max_times_sampled 0, want at least 1 with ", sampler,
                    ", else every batch is one row over and over");
    default:
      break;
  }
  if (config.remover() == Table::REMOVE_LOWEST_PRIORITY) {
    return Refuse(table.path,
                  ".remover REMOVE_LOWEST_PRIORITY, want REMOVE_OLDEST or REMOVE_NEWEST, or sampler "
                  "PRIORITIZED: without it all priorities are the same");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int64_t> RowBytesOf(const v1::TableConfig& table) {
  std::vector<Column> columns;
  for (const v1::ColumnConfig& column : table.columns()) {
    columns.push_back({column.name(), TypeOf(column.type()), {column.shape().begin(), column.shape().end()}});
  }
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, RowSchema::Create(std::move(columns)));
  return static_cast<int64_t>(schema.row_bytes());
}

absl::Status CheckReplay(const v1::ExperimentConfig& config) {
  const v1::ReplayConfig& replay = config.replay();
  const std::vector<NamedTable> tables = AllTables(replay);
  RECBOTS_RETURN_IF_ERROR(CheckNames(tables));
  // A table with columns of its own is not the learner's.
  if (tables[0].config.columns().empty()) RECBOTS_RETURN_IF_ERROR(CheckBatches(config.learner(), tables[0]));
  for (const NamedTable& table : tables) {
    RECBOTS_RETURN_IF_ERROR(CheckLimiter(table));
    RECBOTS_RETURN_IF_ERROR(CheckRows(table, NeedOf(table)));
    if (table.config.columns().empty()) continue;
    const absl::StatusOr<int64_t> row_bytes = RowBytesOf(table.config);
    if (!row_bytes.ok()) return Refuse(table.path, ".columns: ", row_bytes.status().message());
    RECBOTS_RETURN_IF_ERROR(CheckBytes(table, NeedOf(table), *row_bytes));
  }
  if (replay.insert_budget_bytes() < replay.insert_window_bytes()) {
    return Refuse("replay.insert_budget_bytes ", replay.insert_budget_bytes(), ", want at least insert_window_bytes ",
                  replay.insert_window_bytes());
  }
  return absl::OkStatus();
}

absl::Status CheckLimiterChange(const v1::ExperimentConfig& config, absl::string_view table,
                                const v1::RateLimiterConfig& limiter) {
  v1::ExperimentConfig changed = config;
  v1::ReplayConfig& replay = *changed.mutable_replay();
  std::vector<v1::TableConfig*> tables = {replay.mutable_table()};
  for (v1::TableConfig& more : *replay.mutable_more_tables()) tables.push_back(&more);
  for (v1::TableConfig* const one : tables) {
    if (one->name() != table) continue;
    *one->mutable_rate_limiter() = limiter;
    return ValidateExperimentConfig(changed);
  }
  return absl::NotFoundError(absl::StrCat("no table '", table, "' in the configuration"));
}

bool HoldsTransitions(const v1::ReplayConfig& config) {
  const auto lists_none = [](const v1::TableConfig& table) { return table.columns().empty(); };
  return lists_none(config.table()) ||
         std::any_of(config.more_tables().begin(), config.more_tables().end(), lists_none);
}

absl::Status CheckReplayOfTransitions(const v1::ExperimentConfig& config, int64_t row_bytes) {
  const std::vector<NamedTable> tables = AllTables(config.replay());
  const NamedTable& learners = tables[0];
  if (!learners.config.columns().empty()) {
    return Refuse(learners.path, ".columns has ", learners.config.columns_size(),
                  ", want none: actors write transitions of the run's environment (see replay.more_tables)");
  }
  RECBOTS_RETURN_IF_ERROR(CheckSelectors(learners, config.learner()));
  for (const NamedTable& table : tables) {
    if (table.config.columns().empty()) RECBOTS_RETURN_IF_ERROR(CheckBytes(table, NeedOf(table), row_bytes));
  }
  const Need batch = {"learner.batch_size", config.learner().batch_size()};
  RECBOTS_RETURN_IF_ERROR(CheckRows(learners, batch));
  return CheckBytes(learners, batch, row_bytes);
}

}  // namespace recbots

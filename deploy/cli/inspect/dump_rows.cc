#include "deploy/cli/inspect/dump_rows.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "common/base/row_json.h"
#include "common/base/status_macros.h"
#include "common/wire/row_schema_proto.h"
#include "replay/checkpoint/row_files.h"
#include "replay/table/table.h"

namespace recbots {
namespace {

// A table that restores the newest `rows` rows of a frozen one.
absl::StatusOr<std::unique_ptr<replay::Table>> TableFor(const v1::FrozenTable& frozen, const RowSchema& schema,
                                                        int64_t rows) {
  replay::TableOptions options;
  options.name = frozen.name();
  options.capacity_rows = rows;
  options.capacity_bytes = std::numeric_limits<int64_t>::max();
  options.max_writers = std::max(1, frozen.writers_size());
  return replay::Table::Create(schema, options);
}

}  // namespace

absl::Status DumpRows(const replay::Folder& folder, const v1::CheckpointTable& saved, int64_t num_rows,
                      std::ostream& out) {
  constexpr int64_t kAtOnce = 1024;
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, RowSchemaFromProto(saved.frozen().schema()));
  const int64_t used = std::max<int64_t>(1, saved.frozen().used_slots());
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<replay::Table> table,
                           TableFor(saved.frozen(), schema, num_rows < 0 ? used : std::min(num_rows, used)));
  replay::FrozenTable frozen;
  frozen.header = saved.frozen();
  RECBOTS_ASSIGN_OR_RETURN(frozen.arrays, replay::ReadContent(folder, saved.arrays()));
  replay::RowFiles files(&folder, &saved, schema.row_bytes());
  std::vector<std::string> differences;
  RECBOTS_RETURN_IF_ERROR(table->Restore(
      frozen, [&](int64_t first, int64_t count, char* to) { return files.Read(first, count, to); }, differences));
  std::vector<char> rows(kAtOnce * schema.row_bytes());
  std::string json;
  for (int64_t first = 0; const int64_t count = table->CopyRows(first, kAtOnce, rows.data()); first += count) {
    json.clear();
    for (int64_t i = 0; i < count; ++i) {
      AppendRowJson(schema, rows.data() + static_cast<size_t>(i) * schema.row_bytes(), json);
      json += '\n';
    }
    out << json;
    // A reader that has seen enough closes the pipe; the caller, which has opened `out`, finds out about a full disk.
    if (!out.flush()) break;
  }
  return absl::OkStatus();
}

}  // namespace recbots

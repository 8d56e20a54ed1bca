#include "replay/checkpoint/restore.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/wire/experiment_identity.h"
#include "common/wire/row_schema_proto.h"
#include "replay/checkpoint/checkpoint_directory.h"
#include "replay/checkpoint/file_names.h"
#include "replay/checkpoint/manifest.h"
#include "replay/checkpoint/row_files.h"

namespace recbots::replay {
namespace {

// A table of a checkpoint, and the table of the store that it is restored into.
struct Pair {
  const v1::CheckpointTable* saved;
  Table* table;
};

// The table that takes the rows of `saved`. A place of transitions takes the schema of the checkpoint.
absl::StatusOr<Table*> FindTable(const v1::CheckpointManifest& manifest, const v1::FrozenTable& saved, Store& store) {
  const std::string& name = saved.name();
  TablePlace* const place = store.FindPlace(name);
  if (place == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("checkpoint ", manifest.sequence(), " has a table '", name,
                                                      "' that the configuration lacks: add it, or move the "
                                                      "checkpoints away"));
  }
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, RowSchemaFromProto(saved.schema()));
  if (place->table() == nullptr) {
    // The identity of each table is restored with its rows.
    const absl::Status made = store.MakeTransitions(schema, v1::ExperimentIdentity()).status();
    if (!made.ok()) {
      return absl::Status(made.code(),
                          absl::StrCat("table '", name, "': the configuration has no room for the rows of checkpoint ",
                                       manifest.sequence(), ": ", made.message()));
    }
  }
  if (const std::string difference = place->table()->schema().DifferenceTo(schema); !difference.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("table '", name, "': the rows of checkpoint ",
                                                      manifest.sequence(), " have another schema: ", difference));
  }
  return place->table();
}

// Finds the store's table for each table of the checkpoint. FAILED_PRECONDITION: the configuration has to change, not
// the checkpoint.
absl::StatusOr<std::vector<Pair>> Match(const v1::CheckpointManifest& manifest, Store& store,
                                        std::vector<std::string>& differences) {
  std::vector<Pair> pairs;
  for (const v1::CheckpointTable& saved : manifest.tables()) {
    RECBOTS_ASSIGN_OR_RETURN(Table* const table, FindTable(manifest, saved.frozen(), store));
    if (store.FindPlace(table->name())->of_transitions() && !Says(saved.frozen().identity())) {
      differences.push_back(
          absl::StrCat("table '", table->name(), "': the checkpoint does not say of which experiment its rows are"));
    }
    pairs.push_back({&saved, table});
  }
  // The table with the most bytes comes first: see RestoreNewest.
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return ContentBytes(*a.saved) > ContentBytes(*b.saved); });
  return pairs;
}

absl::Status RestoreTable(const Folder& folder, const Pair& pair, const StopQuestion& stop,
                          std::vector<std::string>& differences) {
  FrozenTable frozen;
  frozen.header = pair.saved->frozen();
  RECBOTS_ASSIGN_OR_RETURN(frozen.arrays, ReadContent(folder, pair.saved->arrays(), stop));
  RowFiles rows(&folder, pair.saved, pair.table->schema().row_bytes(), stop);
  std::vector<std::string> own;
  RECBOTS_RETURN_IF_ERROR(pair.table->Restore(
      frozen, [&rows](int64_t first, int64_t count, char* to) { return rows.Read(first, count, to); }, own));
  pair.table->SetDurable(frozen.header);
  for (const std::string& text : own) differences.push_back(absl::StrCat("table '", pair.table->name(), "': ", text));
  return absl::OkStatus();
}

void NoteNewTables(const v1::CheckpointManifest& manifest, const Store& store, std::vector<std::string>& differences) {
  for (const Table* const table : store.tables()) {
    const bool there = std::any_of(manifest.tables().begin(), manifest.tables().end(),
                                   [&](const auto& saved) { return saved.frozen().name() == table->name(); });
    if (!there) differences.push_back(absl::StrCat("table '", table->name(), "': not in the checkpoint, starts empty"));
  }
}

// Sets `touched` once a table is restored; then no other checkpoint can be tried.
absl::Status Restore(const Folder& folder, const v1::CheckpointManifest& manifest, Store& store,
                     const StopQuestion& stop, RestoreReport& report, bool& touched) {
  std::vector<std::string> differences;
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<Pair> pairs, Match(manifest, store, differences));
  std::vector<const v1::CheckpointFile*> files;
  for (size_t i = 1; i < pairs.size(); ++i) {
    const std::vector<const v1::CheckpointFile*> more = FilesOf(*pairs[i].saved);
    files.insert(files.end(), more.begin(), more.end());
  }
  if (!files.empty()) RECBOTS_RETURN_IF_ERROR(VerifyFiles(folder, files, stop));
  for (const Pair& pair : pairs) {
    const absl::Status status = RestoreTable(folder, pair, stop, differences);
    if (!status.ok()) {
      return absl::Status(status.code(), absl::StrCat("table '", pair.table->name(), "': ", status.message()));
    }
    touched = true;
    report.rows += pair.table->state().rows;
  }
  NoteNewTables(manifest, store, differences);
  store.set_id(manifest.store_id());
  report.sequence = manifest.sequence();
  report.differences = std::move(differences);
  return absl::OkStatus();
}

absl::Status NoneChecks(const Folder& folder, const std::vector<std::string>& refused) {
  return absl::DataLossError(absl::StrCat("none of the ", refused.size(), " checkpoints in '", folder.path(),
                                          "' checks; the newest: ", refused.front(), ". Move '", folder.path(),
                                          "' away to begin with an empty store"));
}

}  // namespace

std::vector<const v1::CheckpointFile*> FilesOf(const v1::CheckpointTable& table) {
  std::vector<const v1::CheckpointFile*> files = {&table.arrays()};
  for (const v1::CheckpointFile& file : table.segments()) files.push_back(&file);
  return files;
}

absl::StatusOr<Restored> RestoreNewest(const Folder& folder, Store& store, const StopQuestion& stop,
                                       std::optional<int64_t> wanted) {
  const Instant start = Instant::Now();
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<int64_t> sequences, ListManifests(folder));
  Restored result;
  for (const int64_t sequence : sequences) {
    if (wanted.has_value() && sequence > *wanted) {
      result.refused.insert(sequence);
      continue;
    }
    if (wanted.has_value() && sequence < *wanted) break;
    absl::StatusOr<v1::CheckpointManifest> manifest = ReadManifest(folder, sequence);
    bool touched = false;
    const absl::Status status =
        manifest.ok() ? Restore(folder, *manifest, store, stop, result.report, touched) : manifest.status();
    if (status.ok()) {
      result.manifest = *std::move(manifest);
      result.report.took = Instant::Now() - start;
      return result;
    }
    if (absl::IsFailedPrecondition(status) || absl::IsCancelled(status)) return status;
    if (touched) {
      // The files are undamaged but contradict each other, which no failing disk causes.
      return absl::Status(status.code(),
                          absl::StrCat("checkpoint ", sequence, ": ", status.message(), ". Move '",
                                       folder.PathOf(ManifestName(sequence)), "' away to try the one before"));
    }
    store.ForgetTransitions();
    result.refused.insert(sequence);
    result.report.refused.push_back(absl::StrCat("checkpoint ", sequence, ": ", status.message()));
  }
  if (wanted.has_value() && *wanted > 0 && result.report.refused.empty()) {
    result.report.refused.push_back(absl::StrCat("checkpoint ", *wanted, " is missing"));
  }
  if (!result.report.refused.empty()) return NoneChecks(folder, result.report.refused);
  return result;
}

}  // namespace recbots::replay

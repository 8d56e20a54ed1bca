#include "deploy/cli/inspect/checkpoint_report.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/wire/experiment_identity.h"
#include "common/wire/row_schema_proto.h"
#include "replay/checkpoint/file_names.h"
#include "replay/checkpoint/manifest.h"
#include "replay/table/frozen_arrays.h"

namespace recbots {
namespace {

std::string TimeOf(const v1::CheckpointManifest& manifest) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMicros(manifest.written_unix_micros()),
                          absl::UTCTimeZone());
}

int64_t RowsOf(const v1::FrozenTable& frozen) {
  int64_t free = 0;
  for (const v1::FrozenArray& array : frozen.arrays()) {
    if (array.name() == replay::kFreeArray) free = array.bytes() / static_cast<int64_t>(sizeof(uint32_t));
  }
  return frozen.used_slots() - free;
}

std::string Verdict(const absl::Status& status) {
  return status.ok() ? "checks" : absl::StrCat("DOES NOT CHECK: ", status.message());
}

const v1::CheckpointTable* Find(const v1::CheckpointManifest& manifest, const std::string& table) {
  for (const v1::CheckpointTable& saved : manifest.tables()) {
    if (saved.frozen().name() == table) return &saved;
  }
  return nullptr;
}

void WriteManifests(const DirectoryFound& found, std::ostream& out) {
  const ManifestFound* const newest = found.Newest();
  for (const ManifestFound& one : found.manifests) {
    out << "  " << replay::ManifestName(one.sequence) << "  ";
    if (!one.manifest.tables().empty()) {
      int64_t rows = 0;
      int64_t bytes = 0;
      for (const v1::CheckpointTable& table : one.manifest.tables()) {
        rows += RowsOf(table.frozen());
        bytes += replay::ContentBytes(table);
      }
      out << absl::StreamFormat("%s, %d tables, %d rows, %.1f MB: ", TimeOf(one.manifest), one.manifest.tables_size(),
                                rows, static_cast<double>(bytes) / 1e6);
    }
    out << Verdict(one.status) << (&one == newest ? "; this one would be restored" : "") << '\n';
  }
  for (const std::string& name : found.strays) out << "  " << name << "  no manifest names it\n";
  if (found.foreign > 0) out << "  " << found.foreign << " files or directories of others\n";
}

void WriteSettings(const v1::FrozenTable& frozen, std::ostream& out) {
  const absl::StatusOr<RowSchema> schema = RowSchemaFromProto(frozen.schema());
  out << "  schema: " << (schema.ok() ? schema->ToString() : std::string(schema.status().message())) << '\n'
      << absl::StreamFormat("  rows: %d in %d slots, %d of them used", RowsOf(frozen), frozen.num_slots(),
                            frozen.used_slots());
  if (schema.ok()) out << ", " << schema->row_bytes() << " bytes each";
  out << absl::StreamFormat("\n  settings: sampler %s, remover %s, priority_exponent %g, max_times_sampled %d\n",
                            frozen.sampler(), frozen.remover(), frozen.priority_exponent(), frozen.max_times_sampled());
}

void WriteExperiment(const v1::FrozenTable& frozen, std::ostream& out) {
  out << "  experiment: " << (Says(frozen.identity()) ? FingerprintText(frozen.identity().fingerprint()) : "not said")
      << ", random streams given away below " << frozen.streams_below() << '\n';
  for (const v1::IdentityField& field : frozen.identity().fields()) {
    out << "    " << field.path() << ": " << absl::CHexEscape(field.value()) << '\n';
  }
}

void WriteCounters(const v1::FrozenTable& frozen, std::ostream& out) {
  out << absl::StreamFormat(
      "  counters: inserted %d, sampled %d, refunded %d, duplicates %d, consumed %d, evicted %d\n", frozen.inserted(),
      frozen.sampled(), frozen.refunded(), frozen.duplicates(), frozen.consumed(), frozen.evicted());
  for (const auto& [name, value] : std::map<std::string, int64_t>(frozen.counters().begin(), frozen.counters().end())) {
    out << "  " << name << ": " << value << '\n';
  }
  out << absl::StreamFormat("  priorities: updated %d, stale %d, refused %d, highest %g\n", frozen.priorities_updated(),
                            frozen.priorities_stale(), frozen.priorities_refused(),
                            static_cast<double>(frozen.highest_priority()))
      << absl::StreamFormat("  limiter: inserted %d, sampled %d; draws: seed %d, batches %d\n",
                            frozen.limiter_inserted(), frozen.limiter_sampled(), frozen.seed(), frozen.batches_drawn())
      << "  writers: " << frozen.writers_size() << '\n';
  for (const v1::FrozenWriter& writer : frozen.writers()) {
    out << absl::StreamFormat("    %s  %d rows, %s\n", absl::BytesToHexString(writer.writer_id()), writer.rows(),
                              writer.closed_at() == 0 ? "was open" : "was closed");
  }
}

void WriteFiles(const v1::CheckpointTable& table, const std::map<std::string, absl::Status>& files, std::ostream& out) {
  out << "  files: " << table.segments_size() << " segments, 1 of arrays\n";
  const auto write = [&](const v1::CheckpointFile& file) {
    out << absl::StreamFormat("    %s  %d bytes: %s\n", file.name(), file.bytes(), Verdict(files.at(file.name())));
  };
  for (const v1::CheckpointFile& file : table.segments()) write(file);
  write(table.arrays());
}

template <typename T>
void WriteChange(absl::string_view what, const T& before, const T& now, std::ostream& out) {
  if (before != now) out << "    " << what << ": " << before << " before, " << now << " now\n";
}

void WriteDifferences(const v1::CheckpointManifest& before, const v1::CheckpointTable& table, std::ostream& out) {
  const v1::CheckpointTable* const old = Find(before, table.frozen().name());
  if (old == nullptr) {
    out << "  since checkpoint " << before.sequence() << ": the table is new\n";
    return;
  }
  std::set<std::string> names;
  for (const v1::CheckpointFile& file : old->segments()) names.insert(file.name());
  const auto fresh = std::count_if(table.segments().begin(), table.segments().end(),
                                   [&](const auto& file) { return !names.contains(file.name()); });
  const v1::FrozenTable& a = old->frozen();
  const v1::FrozenTable& b = table.frozen();
  out << absl::StreamFormat(
      "  since checkpoint %d: %d rows inserted, %d sampled, %d priorities updated; %d of %d segments written anew\n",
      before.sequence(), b.inserted() - a.inserted(), b.sampled() - a.sampled(),
      b.priorities_updated() - a.priorities_updated(), fresh, table.segments_size());
  WriteChange("num_slots", a.num_slots(), b.num_slots(), out);
  WriteChange("sampler", a.sampler(), b.sampler(), out);
  WriteChange("remover", a.remover(), b.remover(), out);
  WriteChange("priority_exponent", a.priority_exponent(), b.priority_exponent(), out);
  WriteChange("max_times_sampled", a.max_times_sampled(), b.max_times_sampled(), out);
}

}  // namespace

void WriteReport(const replay::Folder& folder, const DirectoryFound& found, const std::string& table,
                 std::ostream& out) {
  out << folder.path() << ": " << found.manifests.size() << " checkpoints, "
      << (found.in_use ? "a server uses it" : "no server uses it") << '\n';
  WriteManifests(found, out);
  const ManifestFound* const newest = found.Newest();
  if (newest == nullptr) return;
  const v1::CheckpointManifest& manifest = newest->manifest;
  const auto before = std::find_if(found.manifests.begin(), found.manifests.end(), [&](const ManifestFound& one) {
    return one.sequence < newest->sequence && one.status.ok();
  });
  out << absl::StreamFormat("checkpoint %d of store %016x, written %s by %s\n", manifest.sequence(),
                            manifest.store_id(), TimeOf(manifest), manifest.version());
  for (const v1::CheckpointTable& saved : manifest.tables()) {
    if (!table.empty() && saved.frozen().name() != table) continue;
    out << "table " << absl::CHexEscape(saved.frozen().name()) << '\n';
    WriteSettings(saved.frozen(), out);
    WriteExperiment(saved.frozen(), out);
    WriteCounters(saved.frozen(), out);
    WriteFiles(saved, found.files, out);
    if (before != found.manifests.end()) WriteDifferences(before->manifest, saved, out);
  }
}

}  // namespace recbots

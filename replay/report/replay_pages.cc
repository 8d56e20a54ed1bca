#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/wire/experiment_identity.h"
#include "common/wire/row_schema_proto.h"
#include "replay/report/replay_report.h"

namespace recbots::replay {
namespace {

std::string ReasonName(v1::BlockedOn reason) { return std::string(NameOf(static_cast<BlockedOn>(reason))); }

std::string Bytes(int64_t bytes) {
  if (bytes < 10'000) return absl::StrCat(bytes, " bytes");
  if (bytes < 10'000'000) return absl::StrFormat("%.1f kB", static_cast<double>(bytes) / 1e3);
  return absl::StrFormat("%.1f MB", static_cast<double>(bytes) / 1e6);
}

std::string SchemaText(const v1::TableInfo& table) {
  if (!table.has_schema()) return "schema not known yet: the first writer, reader or checkpoint states it";
  const absl::StatusOr<RowSchema> schema = RowSchemaFromProto(table.schema());
  return schema.ok() ? absl::StrCat(schema->row_bytes(), " bytes: ", schema->ToString()) : "";
}

std::string LimiterText(const v1::TableInfo& table) {
  if (table.samples_per_insert() == 0) return absl::StrCat("samples from ", table.min_size(), " rows on");
  const v1::TableState& state = table.state();
  const double difference =
      static_cast<double>(state.inserted()) * table.samples_per_insert() - static_cast<double>(state.sampled());
  return absl::StrFormat("%g samples per insert from %d rows on; inserts x ratio - samples is %.0f, want %.0f..%.0f",
                         table.samples_per_insert(), table.min_size(), difference, table.min_diff(), table.max_diff());
}

std::string ExperimentText(const v1::TableInfo& table) {
  if (!Says(table.identity())) return "not known of which one the rows are";
  return absl::StrCat(FingerprintText(table.identity().fingerprint()), "; random streams given away: below ",
                      table.state().streams_below());
}

StatusSection TableSection(const v1::TableInfo& table) {
  const v1::TableState& state = table.state();
  StatusSection section{
      absl::StrCat("Table ", table.name()),
      {{"rows", absl::StrCat(state.rows(), " of ", table.capacity_rows())},
       {"memory", absl::StrCat(Bytes(table.bytes()), " of ", Bytes(table.capacity_bytes()))},
       {"row", SchemaText(table)},
       {"sampler, remover", absl::StrCat(table.sampler(), ", ", table.remover())},
       {"rate limiter", LimiterText(table)},
       {"rows that writers may have", table.max_waiting_rows() == 0
                                          ? "any number"
                                          : absl::StrCat("at most ", table.max_waiting_rows(),
                                                         " together: what the limiter admits at once and what may "
                                                         "wait")},
       {"inserted", absl::StrCat(state.inserted(), " (twice and skipped ", table.duplicates(), ")")},
       {"sampled", absl::StrCat(state.sampled(), " (and given back ", table.refunded(), ")")},
       {"gone", absl::StrCat("evicted ", table.evicted(), ", consumed ", table.consumed())},
       {"drawn and not acknowledged", absl::StrCat(table.leased())},
       {"priorities", absl::StrCat("used ", state.priorities_updated(), ", of rows gone ", state.priorities_stale(),
                                   ", refused ", state.priorities_refused())},
       {"newest weights", absl::StrCat("version ", table.weights_version())},
       {"experiment", ExperimentText(table)}}};
  for (const auto& [name, value] : std::map<std::string, int64_t>(table.counters().begin(), table.counters().end())) {
    section.rows.emplace_back(name, absl::StrCat(value));
  }
  return section;
}

void AddFlow(const v1::TableInfo& table, StatusSection& section) {
  std::string waited;
  for (const v1::BlockedTime& blocked : table.blocked()) {
    absl::StrAppendFormat(&waited, "%s%s %.1f s", waited.empty() ? "" : ", ", ReasonName(blocked.reason()),
                          blocked.seconds());
  }
  section.rows.emplace_back(table.name(), absl::StrCat("writers ", table.state().writers(), "; inserts wait for ",
                                                       ReasonName(table.inserts_blocked_on()), ", samples for ",
                                                       ReasonName(table.samples_blocked_on()),
                                                       "; waited so far: ", waited.empty() ? "never" : waited,
                                                       "; blocks refused ", table.refused_blocks()));
}

StatusSection CheckpointSection(const v1::InfoResponse& info) {
  StatusSection section{"Checkpoints", {}};
  if (info.checkpoint_directory().empty()) {
    section.rows.emplace_back("kept in", "nowhere (--checkpoint_dir)");
    return section;
  }
  section.rows.emplace_back("kept in", info.checkpoint_directory());
  const double age = info.checkpoint_age_seconds();
  section.rows.emplace_back("newest", info.checkpoint_sequence() == 0
                                          ? "none yet"
                                          : absl::StrCat("number ", info.checkpoint_sequence(),
                                                         age < 0 ? ", from before this process began"
                                                                 : absl::StrFormat(", %.1f s ago", age)));
  if (!info.checkpoint_error().empty()) section.rows.emplace_back("last attempt", info.checkpoint_error());
  return section;
}

StatusSection WriterSection(const v1::InfoResponse& info) {
  std::vector<const v1::WriterInfo*> writers;
  for (const v1::WriterInfo& writer : info.writers()) writers.push_back(&writer);
  const auto order = [](const v1::WriterInfo* a, const v1::WriterInfo* b) {
    if (a->blocked_seconds() != b->blocked_seconds()) return a->blocked_seconds() > b->blocked_seconds();
    return a->name() < b->name();
  };
  std::sort(writers.begin(), writers.end(), order);
  StatusSection section{absl::StrCat("Writers (", writers.size(), ")"), {}};
  for (const v1::WriterInfo* writer : writers) {
    if (section.rows.size() == kMaxWritersListed) {
      section.rows.emplace_back("...", absl::StrCat(writers.size() - kMaxWritersListed, " more"));
      break;
    }
    section.rows.emplace_back(
        writer->name().empty() ? writer->peer() : absl::StrCat(writer->name(), " at ", writer->peer()),
        absl::StrFormat("%s: %d rows, %d durable, weights %d, waits for %s (%.1f s), last block %.1f s ago",
                        writer->table(), writer->acknowledged_rows(), writer->durable_rows(), writer->weights_version(),
                        ReasonName(writer->blocked_on()), writer->blocked_seconds(), writer->idle_seconds()));
  }
  return section;
}

}  // namespace

std::vector<StatusSection> ReplayPages(const v1::InfoResponse& info) {
  std::vector<StatusSection> pages;
  StatusSection flow{"Flow", {{"readers", absl::StrCat(info.readers())}}};
  for (const v1::TableInfo& table : info.tables()) {
    pages.push_back(TableSection(table));
    AddFlow(table, flow);
  }
  pages.push_back(std::move(flow));
  pages.push_back(CheckpointSection(info));
  pages.push_back(WriterSection(info));
  return pages;
}

}  // namespace recbots::replay

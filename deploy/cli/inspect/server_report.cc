#include "deploy/cli/inspect/server_report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "common/base/format_count.h"
#include "common/base/status_macros.h"
#include "common/wire/experiment_identity.h"
#include "common/wire/row_schema_proto.h"
#include "deploy/cli/inspect/limiter_change.h"
#include "deploy/cli/inspect/message_json.h"

namespace recbots {
namespace {

// Rows per second between two answers.
struct Rates {
  double inserted = 0;
  double sampled = 0;
  double priorities = 0;
  double evicted = 0;
};

std::optional<Rates> RatesOf(const ServerReport& report, const v1::TableInfo& now) {
  const double seconds = report.now.uptime_seconds() - report.before.uptime_seconds();
  const absl::StatusOr<v1::TableInfo> before = FindTable(report.before, now.name());
  if (!before.ok() || before->state().incarnation() != now.state().incarnation() || !(seconds > 0)) {
    return std::nullopt;
  }
  const auto rate = [seconds](int64_t from, int64_t to) { return static_cast<double>(to - from) / seconds; };
  return Rates{rate(before->state().inserted(), now.state().inserted()),
               rate(before->state().sampled(), now.state().sampled()),
               rate(before->state().priorities_updated(), now.state().priorities_updated()),
               rate(before->evicted(), now.evicted())};
}

double LimiterPosition(const v1::TableInfo& table) {
  return static_cast<double>(table.state().inserted()) * table.samples_per_insert() -
         static_cast<double>(table.state().sampled());
}

std::string Count(int64_t count) { return FormatCount(static_cast<double>(count)); }

std::string Seconds(double seconds) {
  return absl::FormatDuration(absl::Trunc(absl::Seconds(seconds), absl::Milliseconds(seconds < 60 ? 100 : 1000)));
}

std::string Bytes(int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  return bytes < 10'000'000 ? absl::StrFormat("%.1f kB", value / 1e3) : absl::StrFormat("%.1f MB", value / 1e6);
}

// "spi_insert", or "nothing".
std::string Reason(v1::BlockedOn reason) {
  if (reason == v1::BLOCKED_ON_NONE || reason == v1::BLOCKED_ON_UNSPECIFIED) return "nothing";
  return absl::AsciiStrToLower(v1::BlockedOn_Name(reason).substr(sizeof("BLOCKED_ON_") - 1));
}

std::string Rate(const std::optional<Rates>& rates, double Rates::*which) {
  return rates.has_value() ? absl::StrCat(" (", FormatCount((*rates).*which), "/s)") : "";
}

std::string LimiterText(const v1::TableInfo& table) {
  const std::string from = absl::StrCat("samples from ", table.min_size(), " rows on");
  if (table.samples_per_insert() <= 0) return absl::StrCat("no ratio, ", from);
  const double position = LimiterPosition(table), width = table.max_diff() - table.min_diff();
  std::string text = absl::StrFormat("%g samples per insert, at %.6g of %.6g..%.6g", table.samples_per_insert(),
                                     position, table.min_diff(), table.max_diff());
  if (width > 0 && std::isfinite(width)) {
    absl::StrAppendFormat(&text, " (%.0f %%: 0 samples wait, 100 inserts wait)",
                          100 * (position - table.min_diff()) / width);
  }
  return absl::StrCat(text, ", ", from);
}

std::string RowText(const v1::TableInfo& table) {
  if (!table.has_schema()) return "schema not known yet: the first writer, reader or checkpoint states it";
  const absl::StatusOr<RowSchema> schema = RowSchemaFromProto(table.schema());
  return schema.ok() ? absl::StrCat(schema->row_bytes(), " bytes: ", schema->ToString()) : "not a valid schema";
}

std::string BlockedText(const v1::TableInfo& table) {
  std::string text = absl::StrCat("inserts wait for ", Reason(table.inserts_blocked_on()), ", samples for ",
                                  Reason(table.samples_blocked_on()));
  for (const v1::BlockedTime& time : table.blocked()) {
    if (time.seconds() > 0)
      absl::StrAppend(&text, "; ", Reason(time.reason()), " ", Seconds(time.seconds()), " so far");
  }
  return text;
}

void AppendLine(std::string& text, absl::string_view name, const std::string& value) {
  absl::StrAppendFormat(&text, "  %-11s %s\n", name, value);
}

void AppendTable(const ServerReport& report, const v1::TableInfo& table, std::string& text) {
  const v1::TableState& state = table.state();
  const std::optional<Rates> rates = RatesOf(report, table);
  const double fill = table.capacity_rows() > 0
                          ? 100.0 * static_cast<double>(state.rows()) / static_cast<double>(table.capacity_rows())
                          : 0;
  absl::StrAppendFormat(&text, "table %s: %s of %s rows (%.1f %%), %s%s\n", table.name(), Count(state.rows()),
                        Count(table.capacity_rows()), fill, Bytes(table.bytes()),
                        table.capacity_bytes() > 0 ? absl::StrCat(" of ", Bytes(table.capacity_bytes())) : "");
  AppendLine(text, "row", RowText(table));
  AppendLine(text, "order",
             absl::StrCat("sampler ", table.sampler(), ", remover ", table.remover(),
                          table.max_times_sampled() > 0
                              ? absl::StrCat(", each row at most ", table.max_times_sampled(), " times")
                              : ""));
  AppendLine(text, "inserted",
             absl::StrCat(Count(state.inserted()), Rate(rates, &Rates::inserted), ", duplicates ",
                          Count(table.duplicates()), ", refused blocks ", table.refused_blocks()));
  AppendLine(text, "sampled",
             absl::StrCat(Count(state.sampled()), Rate(rates, &Rates::sampled), ", in flight ", Count(table.leased()),
                          ", refunded ", Count(table.refunded())));
  AppendLine(text, "priorities",
             absl::StrCat(Count(state.priorities_updated()), Rate(rates, &Rates::priorities), ", of rows gone ",
                          Count(state.priorities_stale()), ", refused ", state.priorities_refused()));
  AppendLine(text, "left",
             absl::StrCat("to make room ", Count(table.evicted()), Rate(rates, &Rates::evicted), ", sampled out ",
                          Count(table.consumed())));
  for (const auto& [name, value] : std::map<std::string, int64_t>(table.counters().begin(), table.counters().end())) {
    AppendLine(text, name, Count(value));
  }
  AppendLine(text, "limiter", LimiterText(table));
  AppendLine(text, "waiting", BlockedText(table));
  AppendLine(text, "weights", absl::StrCat("newest version ", table.weights_version()));
  AppendLine(text, "experiment",
             absl::StrCat(Says(table.identity()) ? FingerprintText(table.identity().fingerprint()) : "not said",
                          ", random streams given away below ", state.streams_below()));
}

void AppendWriter(const v1::WriterInfo& writer, std::string& text) {
  absl::StrAppendFormat(&text, "writer %s (%s): table %s, %s rows, %s not yet durable, version %d, ", writer.name(),
                        writer.peer(), writer.table(), Count(writer.acknowledged_rows()),
                        Count(writer.acknowledged_rows() - writer.durable_rows()), writer.weights_version());
  const bool waits = writer.blocked_on() != v1::BLOCKED_ON_NONE && writer.blocked_on() != v1::BLOCKED_ON_UNSPECIFIED;
  if (waits) {
    absl::StrAppend(&text, "waits for ", Reason(writer.blocked_on()), " since ", Seconds(writer.blocked_seconds()),
                    ", ");
  }
  absl::StrAppend(&text, "last block ", Seconds(writer.idle_seconds()), " ago\n");
}

std::string CheckpointText(const v1::InfoResponse& info) {
  if (info.checkpoint_directory().empty()) return "none kept (no --checkpoint_dir)";
  std::string text = info.checkpoint_directory();
  if (info.checkpoint_age_seconds() < 0) {
    absl::StrAppend(&text, ", none yet");
  } else {
    absl::StrAppend(&text, ", number ", info.checkpoint_sequence(), ", ", Seconds(info.checkpoint_age_seconds()),
                    " old");
  }
  if (!info.checkpoint_error().empty()) absl::StrAppend(&text, "; THE LAST ONE FAILED: ", info.checkpoint_error());
  return text;
}

}  // namespace

absl::Status KeepTable(const std::string& name, ServerReport& report) {
  if (name.empty()) return absl::OkStatus();
  for (v1::InfoResponse* info : {&report.before, &report.now}) {
    RECBOTS_ASSIGN_OR_RETURN(v1::TableInfo kept, FindTable(*info, name));
    info->clear_tables();
    *info->add_tables() = std::move(kept);
    auto* writers = info->mutable_writers();
    writers->erase(std::remove_if(writers->begin(), writers->end(),
                                  [&name](const v1::WriterInfo& writer) { return writer.table() != name; }),
                   writers->end());
  }
  return absl::OkStatus();
}

std::string ReportText(const ServerReport& report) {
  const v1::InfoResponse& info = report.now;
  std::string text =
      absl::StrCat("replay at ", report.address, ": version ", info.version(), ", up ", Seconds(info.uptime_seconds()),
                   ", store ", absl::Hex(info.store_id(), absl::kZeroPad16), "\n");
  absl::StrAppend(&text, "checkpoints: ", CheckpointText(info), "\n");
  absl::StrAppend(&text, "readers: ", info.readers(), ", writers: ", info.writers_size(), "\n");
  for (const v1::TableInfo& table : info.tables()) AppendTable(report, table, text);
  for (const v1::WriterInfo& writer : info.writers()) AppendWriter(writer, text);
  return text;
}

nlohmann::ordered_json ReportJson(const ServerReport& report) {
  nlohmann::ordered_json json = {{"address", report.address}};
  json.update(MessageToJson(report.now));
  for (int i = 0; i < report.now.tables_size(); ++i) {
    const v1::TableInfo& table = report.now.tables(i);
    const std::optional<Rates> rates = RatesOf(report, table);
    json["tables"][static_cast<size_t>(i)]["limiter_position"] = LimiterPosition(table);
    nlohmann::ordered_json& target = json["tables"][static_cast<size_t>(i)]["rates"];
    if (!rates.has_value()) continue;  // null
    target = {{"inserted", rates->inserted},
              {"sampled", rates->sampled},
              {"priorities_updated", rates->priorities},
              {"evicted", rates->evicted}};
  }
  for (int i = 0; i < report.now.writers_size(); ++i) {
    const v1::WriterInfo& writer = report.now.writers(i);
    json["writers"][static_cast<size_t>(i)]["durable_lag"] = writer.acknowledged_rows() - writer.durable_rows();
  }
  return json;
}

}  // namespace recbots

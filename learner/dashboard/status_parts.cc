#include "learner/dashboard/status_parts.h"

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace recbots {
namespace {

using Json = nlohmann::ordered_json;

// "min_size"; null: it does not wait.
Json BlockedJson(v1::BlockedOn reason) {
  if (reason == v1::BLOCKED_ON_UNSPECIFIED || reason == v1::BLOCKED_ON_NONE) return nullptr;
  const std::string& name = v1::BlockedOn_Name(reason);
  return absl::AsciiStrToLower(absl::StripPrefix(name, "BLOCKED_ON_"));
}

Json TableJson(const std::string& shard, const v1::TableInfo& table) {
  const v1::TableState& state = table.state();
  // Rows of a checkpoint were counted by an earlier process.
  const int64_t inserted = state.inserted() - state.restored();
  Json json;
  json["shard"] = shard;
  json["table"] = table.name();
  json["rows"] = state.rows();
  json["capacity_rows"] = table.capacity_rows();
  json["bytes"] = table.bytes();
  json["capacity_bytes"] = table.capacity_bytes();
  json["inserted"] = state.inserted();
  json["sampled"] = state.sampled();
  json["samples_per_insert"] =
      inserted <= 0 ? Json(nullptr) : Json(static_cast<double>(state.sampled()) / static_cast<double>(inserted));
  json["samples_per_insert_target"] = table.samples_per_insert();
  json["min_size"] = table.min_size();
  json["writers"] = state.writers();
  json["inserts_wait_for"] = BlockedJson(table.inserts_blocked_on());
  json["samples_wait_for"] = BlockedJson(table.samples_blocked_on());
  return json;
}

}  // namespace

Json LagJson(const LagHistogram& histogram) {
  return {{"up_to", Json(histogram.bounds)}, {"counts", Json(histogram.counts)}};
}

Json TablesJson(const std::vector<ShardTables>& shards) {
  Json list = Json::array();
  for (const ShardTables& shard : shards) {
    for (const v1::TableInfo& table : shard.info.tables()) list.push_back(TableJson(shard.shard, table));
  }
  return list;
}

}  // namespace recbots

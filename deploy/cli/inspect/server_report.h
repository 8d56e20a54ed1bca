// What a running replay server holds and waits for, as a page and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "recbots/v1/replay.pb.h"

namespace recbots {

// Two answers of one server, from which rates are computed.
struct ServerReport {
  std::string address;
  v1::InfoResponse before;
  v1::InfoResponse now;
};

// Removes all tables except the one of that name (empty: keeps all). NOT_FOUND: there is none; the message lists the
// tables.
absl::Status KeepTable(const std::string& name, ServerReport& report);

// For people. Shows tables with size, rates, limiter (its bounds and position), what each side waits for and how long
// it has waited so far; and writers with their marks, the rows that no checkpoint contains yet, and how long they have
// been silent.
std::string ReportText(const ServerReport& report);

// For scripts: InfoResponse in the form of MessageToJson, and
//   address                     string
//   tables[].rates              rows per second: inserted, sampled, priorities_updated, evicted; null if the server was
//                               restarted in between
//   tables[].limiter_position   inserted x samples_per_insert - sampled, between min_diff and max_diff
//   writers[].durable_lag       rows that no checkpoint contains
nlohmann::ordered_json ReportJson(const ServerReport& report);

}  // namespace recbots

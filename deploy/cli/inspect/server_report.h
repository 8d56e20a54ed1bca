// What a running replay server holds and whom it waits for, as a page and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "recbots/v1/replay.pb.h"

namespace recbots {

// Two answers of one server, so that there are rates.
struct ServerReport {
  std::string address;
  v1::InfoResponse before;
  v1::InfoResponse now;
};

// Only the table of that name stays (empty: all). NOT_FOUND: none; the message lists those there are.
absl::Status KeepTable(const std::string& name, ServerReport& report);

// For people. Tables with size, rates, limiter (its bounds and where it stands), what each side waits for and how long
// it has waited so far; writers with their marks, what a checkpoint does not hold yet, and how long they are silent.
std::string ReportText(const ServerReport& report);

// For scripts: InfoResponse as of MessageToJson, and
//   address                     string
//   tables[].rates              rows a second: inserted, sampled, priorities_updated, evicted; null when the server was
//                               restarted in between
//   tables[].limiter_position   inserted x samples_per_insert - sampled, between min_diff and max_diff
//   writers[].durable_lag       rows that no checkpoint holds
nlohmann::ordered_json ReportJson(const ServerReport& report);

}  // namespace recbots

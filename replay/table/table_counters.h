// The counters of a table, from its first row on; restarts from checkpoints continue them.
//
// A new counter needs a member, a row of kTableCounters, and the line that counts. Checkpoints, the table's info, the
// status page, metrics and `recbots inspect` then show it by its name. Some older counters have fields in the protos
// instead.
#pragma once

#include <cstdint>
#include <string>

namespace recbots::replay {

struct TableCounters {
  int64_t inserted = 0;    // Rows ever inserted.
  int64_t sampled = 0;     // Rows ever drawn, refunded draws included.
  int64_t refunded = 0;    // Draws ever given back.
  int64_t duplicates = 0;  // Rows that were sent again and skipped.
  int64_t consumed = 0;    // Rows removed because they were sampled max_times_sampled times.
  int64_t evicted = 0;     // Rows removed to make room.
  int64_t priorities_updated = 0;
  int64_t priorities_stale = 0;  // For rows that are gone.
  int64_t priorities_refused = 0;
};

struct TableCounter {
  const char* name;
  int64_t TableCounters::*member;
};

inline constexpr TableCounter kTableCounters[] = {
    {"inserted", &TableCounters::inserted},
    {"sampled", &TableCounters::sampled},
    {"refunded", &TableCounters::refunded},
    {"duplicates", &TableCounters::duplicates},
    {"consumed", &TableCounters::consumed},
    {"evicted", &TableCounters::evicted},
    {"priorities_updated", &TableCounters::priorities_updated},
    {"priorities_stale", &TableCounters::priorities_stale},
    {"priorities_refused", &TableCounters::priorities_refused},
};

// Writes and reads a counter in a message: in its int64 field of that name, or, where it has none, in its map
// `counters`. What is not there reads as 0. Looks fields up by name: not for every batch.
template <typename Message>
void SetCounter(const std::string& name, int64_t value, Message& message) {
  if (const auto* const field = Message::descriptor()->FindFieldByName(name); field != nullptr) {
    message.GetReflection()->SetInt64(&message, field, value);
  } else {
    (*message.mutable_counters())[name] = value;
  }
}

template <typename Message>
TableCounters ReadCounters(const Message& message) {
  TableCounters counters;
  for (const auto& [name, member] : kTableCounters) {
    if (const auto* const field = Message::descriptor()->FindFieldByName(name); field != nullptr) {
      counters.*member = message.GetReflection()->GetInt64(message, field);
    } else if (const auto found = message.counters().find(name); found != message.counters().end()) {
      counters.*member = found->second;
    }
  }
  return counters;
}

}  // namespace recbots::replay

// The tables of one server, by name, with one identity that outlives restarts from a checkpoint.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "replay/table/table.h"

namespace recbots::replay {

// Thread-safe; the set of tables is constant.
class Store {
 public:
  // INVALID_ARGUMENT: no table, or two of one name.
  static absl::StatusOr<std::unique_ptr<Store>> Create(std::vector<std::unique_ptr<Table>> tables);

  // The table of that name, or the first one for ""; nullptr: there is none.
  Table* Find(absl::string_view name) const;
  const std::vector<std::unique_ptr<Table>>& tables() const { return tables_; }

  // One cut over all tables, writers included; `frozen` gets one entry per table, in order. Returns for how long the
  // tables stood still.
  absl::Duration Freeze(std::vector<FrozenTable>& frozen);

  uint64_t id() const { return id_; }
  // For restoring.
  void set_id(uint64_t id) { id_ = id; }

 private:
  explicit Store(std::vector<std::unique_ptr<Table>> tables);

  std::vector<std::unique_ptr<Table>> tables_;
  uint64_t id_;
};

}  // namespace recbots::replay

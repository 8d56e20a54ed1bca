// The tables of one server, by name, and the store's id, which survives restarts from a checkpoint.
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
  // INVALID_ARGUMENT: there is no table, or two tables have the same name.
  static absl::StatusOr<std::unique_ptr<Store>> Create(std::vector<std::unique_ptr<Table>> tables);

  // The table of that name, or the first table for ""; nullptr if there is none.
  Table* Find(absl::string_view name) const;
  const std::vector<std::unique_ptr<Table>>& tables() const { return tables_; }

  // Makes one cut over all tables, writers included; `frozen` gets one entry per table, in their order. Returns how
  // long the tables stood still.
  absl::Duration Freeze(std::vector<FrozenTable>& frozen);

  uint64_t id() const { return id_; }
  // For restoring a checkpoint.
  void set_id(uint64_t id) { id_ = id; }

 private:
  explicit Store(std::vector<std::unique_ptr<Table>> tables);

  std::vector<std::unique_ptr<Table>> tables_;
  uint64_t id_;
};

}  // namespace recbots::replay

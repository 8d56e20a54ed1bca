// The tables of one server, by name, and the store's id, which survives restarts from a checkpoint.
//
// The set of places is constant. Tables of transitions are made when the schema of their rows becomes known: all of
// them at one moment, because all of them hold the rows of one experiment.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "replay/table/table_place.h"

namespace recbots::replay {

// Thread-safe.
class Store {
 public:
  // Decides whether tables of transitions may be made for rows of this schema: whether their sizes fit the memory.
  using SchemaCheck = std::function<absl::Status(const RowSchema&)>;

  // A store of tables that exist, and one of places that may be empty.
  // INVALID_ARGUMENT: there is no table, or two tables have the same name.
  static absl::StatusOr<std::unique_ptr<Store>> Create(std::vector<std::unique_ptr<Table>> tables);
  static absl::StatusOr<std::unique_ptr<Store>> CreateWithPlaces(std::vector<std::unique_ptr<TablePlace>> places,
                                                                 SchemaCheck check_schema);

  // The place of that name, or the first place for ""; nullptr if there is none.
  TablePlace* FindPlace(absl::string_view name) const;
  const std::vector<std::unique_ptr<TablePlace>>& places() const { return places_; }
  // The same for tables that exist.
  Table* Find(absl::string_view name) const;
  std::vector<Table*> tables() const;

  // Makes the tables of transitions for rows of `schema`, which mean `identity` (no fields: not known). Returns whether
  // this call made them: of several callers only the first one makes tables, and the others find them made, for rows of
  // any schema. After an error no table was made, and a later call may succeed.
  //   FAILED_PRECONDITION  the tables cannot have such rows: SchemaCheck or Table::Create refuse them; the message
  //                        names setting, value and bound
  absl::StatusOr<bool> MakeTransitions(const RowSchema& schema, const v1::ExperimentIdentity& identity)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Forgets the tables that MakeTransitions made. Only before other threads use the store.
  void ForgetTransitions() ABSL_LOCKS_EXCLUDED(mu_);

  // Tables share this memory for copies (Table::SetCopyPool), also those that are made later.
  void SetCopyPool(std::shared_ptr<CopyPool> pool) ABSL_LOCKS_EXCLUDED(mu_);

  // The tables that existed at the cut, and how long they stood still.
  struct Cut {
    std::vector<Table*> tables;
    absl::Duration pause;
  };
  // Makes one cut over all tables, writers included; `frozen` gets one entry for each table of the cut, in its order.
  Cut Freeze(std::vector<FrozenTable>& frozen);

  uint64_t id() const { return id_; }
  // For restoring a checkpoint.
  void set_id(uint64_t id) { id_ = id; }

 private:
  Store(std::vector<std::unique_ptr<TablePlace>> places, SchemaCheck check_schema);

  const std::vector<std::unique_ptr<TablePlace>> places_;
  const SchemaCheck check_schema_;
  uint64_t id_;

  Mutex mu_;  // Held while places are filled.
  std::shared_ptr<CopyPool> copy_pool_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots::replay

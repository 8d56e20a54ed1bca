// The place of a table in a store. The place has a name and settings from the start; the table exists as soon as the
// schema of its rows is known. For tables that list their columns that is at once, for tables of transitions when a
// peer or a checkpoint states the schema (Store::MakeTransitions).
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "replay/table/table.h"

namespace recbots::replay {

// Thread-safe: Fill may be called while others read. A table that exists stays until the place is destroyed or Clear is
// called.
class TablePlace {
 public:
  explicit TablePlace(TableOptions options) : options_(std::move(options)), of_transitions_(true) {}
  explicit TablePlace(std::unique_ptr<Table> table)
      : options_(table->options()), of_transitions_(false), owned_(std::move(table)), table_(owned_.get()) {}

  const std::string& name() const { return options_.name; }
  const TableOptions& options() const { return options_; }
  // Whether the schema of the rows comes from a peer or a checkpoint.
  bool of_transitions() const { return of_transitions_; }
  // nullptr while the schema is not known.
  Table* table() const { return table_.load(std::memory_order_acquire); }
  // The state of the table; without one, that of an empty table with these settings.
  TableState state() const;

  // Puts the table into an empty place. One thread at a time; Store sees to that.
  void Fill(std::unique_ptr<Table> table) {
    owned_ = std::move(table);
    table_.store(owned_.get(), std::memory_order_release);
  }
  // Empties the place of a table of transitions. Only before any other thread knows of the table.
  void Clear() {
    table_.store(nullptr, std::memory_order_release);
    owned_.reset();
  }

 private:
  const TableOptions options_;
  const bool of_transitions_;
  std::unique_ptr<Table> owned_;
  std::atomic<Table*> table_{nullptr};
};

}  // namespace recbots::replay

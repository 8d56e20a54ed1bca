#include "replay/table/store.h"

#include <random>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"

namespace recbots::replay {

absl::StatusOr<std::unique_ptr<Store>> Store::Create(std::vector<std::unique_ptr<Table>> tables) {
  if (tables.empty()) return absl::InvalidArgumentError("replay store: no table, want at least 1");
  std::set<std::string> names;
  for (const auto& table : tables) {
    if (!names.insert(table->name()).second) {
      return absl::InvalidArgumentError(absl::StrCat("replay store: table '", table->name(), "' twice"));
    }
  }
  return std::unique_ptr<Store>(new Store(std::move(tables)));
}

Store::Store(std::vector<std::unique_ptr<Table>> tables) : tables_(std::move(tables)) {
  std::random_device device;
  id_ = uint64_t{device()} << 32 | device();
}

Table* Store::Find(absl::string_view name) const {
  if (name.empty()) return tables_.front().get();
  for (const auto& table : tables_) {
    if (absl::string_view(table->name()) == name) return table.get();
  }
  return nullptr;
}

// The analysis knows no locks in a loop. Their order is that of the tables; no other code takes two.
absl::Duration Store::Freeze(std::vector<FrozenTable>& frozen) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  frozen.resize(tables_.size());
  for (size_t i = 0; i < tables_.size(); ++i) tables_[i]->PrepareFreeze(frozen[i]);
  tables_.front()->Lock();
  const Instant start = Instant::Now();
  for (size_t i = 1; i < tables_.size(); ++i) tables_[i]->Lock();
  for (size_t i = 0; i < tables_.size(); ++i) tables_[i]->FreezeLocked(frozen[i]);
  const absl::Duration pause = Instant::Now() - start;
  for (const auto& table : tables_) table->Unlock();
  return pause;
}

}  // namespace recbots::replay

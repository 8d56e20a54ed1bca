#include "replay/table/store.h"

#include <random>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"

namespace recbots::replay {
namespace {

bool Awaited(const TablePlace& place) { return place.of_transitions() && place.table() == nullptr; }

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> Store::Create(std::vector<std::unique_ptr<Table>> tables) {
  std::vector<std::unique_ptr<TablePlace>> places;
  for (std::unique_ptr<Table>& table : tables) places.push_back(std::make_unique<TablePlace>(std::move(table)));
  return CreateWithPlaces(std::move(places), nullptr);
}

absl::StatusOr<std::unique_ptr<Store>> Store::CreateWithPlaces(std::vector<std::unique_ptr<TablePlace>> places,
                                                               SchemaCheck check_schema) {
  if (places.empty()) return absl::InvalidArgumentError("replay store: no table, want at least 1");
  std::set<std::string> names;
  for (const auto& place : places) {
    if (!names.insert(place->name()).second) {
      return absl::InvalidArgumentError(absl::StrCat("replay store: table '", place->name(), "' twice"));
    }
  }
  return std::unique_ptr<Store>(new Store(std::move(places), std::move(check_schema)));
}

Store::Store(std::vector<std::unique_ptr<TablePlace>> places, SchemaCheck check_schema)
    : places_(std::move(places)), check_schema_(std::move(check_schema)) {
  std::random_device device;
  id_ = uint64_t{device()} << 32 | device();
}

TablePlace* Store::FindPlace(absl::string_view name) const {
  if (name.empty()) return places_.front().get();
  for (const auto& place : places_) {
    if (absl::string_view(place->name()) == name) return place.get();
  }
  return nullptr;
}

Table* Store::Find(absl::string_view name) const {
  const TablePlace* const place = FindPlace(name);
  return place == nullptr ? nullptr : place->table();
}

std::vector<Table*> Store::tables() const {
  std::vector<Table*> tables;
  for (const auto& place : places_) {
    if (Table* const table = place->table(); table != nullptr) tables.push_back(table);
  }
  return tables;
}

absl::StatusOr<bool> Store::MakeTransitions(const RowSchema& schema, const v1::ExperimentIdentity& identity) {
  MutexLock lock(&mu_);
  std::vector<std::pair<TablePlace*, std::unique_ptr<Table>>> made;
  for (const auto& place : places_) {
    if (Awaited(*place)) made.emplace_back(place.get(), nullptr);
  }
  if (made.empty()) return false;
  const auto refusal = [](const absl::Status& status) { return absl::FailedPreconditionError(status.message()); };
  if (check_schema_) {
    if (const absl::Status status = check_schema_(schema); !status.ok()) return refusal(status);
  }
  for (auto& [place, table] : made) {
    absl::StatusOr<std::unique_ptr<Table>> created = Table::Create(schema, place->options());
    if (!created.ok()) return refusal(created.status());
    table = *std::move(created);
    table->AdoptIdentity(identity);
    if (copy_pool_ != nullptr) table->SetCopyPool(copy_pool_);
  }
  for (auto& [place, table] : made) place->Fill(std::move(table));
  return true;
}

void Store::ForgetTransitions() {
  MutexLock lock(&mu_);
  for (const auto& place : places_) {
    if (place->of_transitions()) place->Clear();
  }
}

void Store::SetCopyPool(std::shared_ptr<CopyPool> pool) {
  MutexLock lock(&mu_);
  copy_pool_ = std::move(pool);
  for (Table* const table : tables()) table->SetCopyPool(copy_pool_);
}

// Thread safety analysis does not understand locks in a loop. The locks are taken in the order of the tables, and no
// other code takes two of them.
Store::Cut Store::Freeze(std::vector<FrozenTable>& frozen) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  Cut cut{tables(), absl::ZeroDuration()};
  frozen.resize(cut.tables.size());
  for (size_t i = 0; i < cut.tables.size(); ++i) cut.tables[i]->PrepareFreeze(frozen[i]);
  Instant start;
  for (size_t i = 0; i < cut.tables.size(); ++i) {
    cut.tables[i]->Lock();
    if (i == 0) start = Instant::Now();
  }
  for (size_t i = 0; i < cut.tables.size(); ++i) cut.tables[i]->FreezeLocked(frozen[i]);
  if (!cut.tables.empty()) cut.pause = Instant::Now() - start;
  for (Table* const table : cut.tables) table->Unlock();
  return cut;
}

}  // namespace recbots::replay

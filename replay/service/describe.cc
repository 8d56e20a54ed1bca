#include "replay/service/describe.h"

#include <string>
#include <utility>

#include "common/wire/experiment_identity.h"
#include "common/wire/row_schema_proto.h"

namespace recbots::replay {
namespace {

void FillLimiter(const RateLimiterOptions& limiter, v1::TableInfo& out) {
  out.set_min_size(limiter.min_size);
  out.set_samples_per_insert(limiter.samples_per_insert);
  const double middle = static_cast<double>(limiter.min_size) * limiter.samples_per_insert;
  out.set_min_diff(middle - limiter.error_buffer);
  out.set_max_diff(middle + limiter.error_buffer);
  if (limiter.kind != RateLimiterOptions::Kind::kQueue) return;
  out.set_min_size(1);
  out.set_samples_per_insert(1);
  out.set_min_diff(0);
  out.set_max_diff(static_cast<double>(limiter.queue_size));
}

void FillBlocked(const ParkingLot::BlockedTimes& times, v1::TableInfo& out) {
  for (size_t i = 0; i < times.size(); ++i) {
    if (times[i] == absl::ZeroDuration()) continue;
    v1::BlockedTime& blocked = *out.add_blocked();
    blocked.set_reason(static_cast<v1::BlockedOn>(i));
    blocked.set_seconds(absl::ToDoubleSeconds(times[i]));
  }
}

}  // namespace

void FillTableState(const TableHub& hub, const TableState& state, v1::TableState& out) {
  out.set_rows(state.rows);
  out.set_inserted(state.inserted);
  out.set_restored(state.restored);
  out.set_sampled(state.sampled - state.refunded);
  out.set_writers(hub.writers.load());
  if (const Table* const table = hub.place.table(); table != nullptr) out.set_incarnation(table->incarnation());
  out.set_total_weight(state.total_weight);
  out.set_priorities_updated(state.priorities_updated);
  out.set_priorities_stale(state.priorities_stale);
  out.set_priorities_refused(state.priorities_refused);
  out.set_streams_below(state.streams_below);
  out.set_age_seconds(absl::ToDoubleSeconds(Instant::Now() - hub.start));
}

void FillTableInfo(TableHub& hub, v1::TableInfo& out) {
  const TableOptions& options = hub.place.options();
  const Table* const table = hub.place.table();
  const TableState state = hub.place.state();
  out.set_name(hub.place.name());
  FillTableState(hub, state, *out.mutable_state());
  out.set_capacity_rows(table == nullptr ? options.capacity_rows : table->capacity());
  out.set_capacity_bytes(options.capacity_bytes);
  out.set_bytes(state.bytes);
  out.set_sampler(std::string(NameOf(options.sampler)));
  out.set_remover(std::string(NameOf(options.remover)));
  out.set_max_times_sampled(options.max_times_sampled);
  FillLimiter(table == nullptr ? options.rate_limiter : table->rate_limiter(), out);
  out.set_inserts_blocked_on(static_cast<v1::BlockedOn>(state.inserts_blocked_on));
  out.set_samples_blocked_on(static_cast<v1::BlockedOn>(state.samples_blocked_on));
  FillBlocked(hub.lot.blocked_times(), out);
  out.set_leased(state.leased);
  for (const auto& [name, member] : kTableCounters) {
    const bool said = v1::TableState::descriptor()->FindFieldByName(name) != nullptr;
    if (!said) SetCounter(name, state.*member, out);
  }
  if (const int64_t observed = hub.observed_rows.load(); observed > 0) (*out.mutable_counters())["observed"] = observed;
  out.set_refused_blocks(hub.refused_blocks.load());
  out.set_weights_version(hub.weights_version.load());
  if (table == nullptr) return;
  *out.mutable_schema() = RowSchemaToProto(table->schema());
  out.set_max_waiting_rows(hub.waiting.Bound(table->insert_room(), hub.writers.load(), Instant::Now()));
  if (v1::ExperimentIdentity identity = table->identity(); Says(identity)) {
    *out.mutable_identity() = std::move(identity);
  }
}

}  // namespace recbots::replay

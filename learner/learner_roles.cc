#include "learner/learner_roles.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/log.h"
#include "common/base/version.h"
#include "common/role/roles.h"

namespace recbots {

LearnerRoles::LearnerRoles(Role& role, const RunState& run, WeightStore& store)
    : role_(role),
      run_(run),
      store_(store),
      ages_(store),
      members_({.age_of = [this](const v1::RoleReport& report) { return ages_.Of(report, run_.updates()); }}),
      service_(members_, role.security()) {}

void LearnerRoles::Watch(WeightsService& weights, replay::ReplaySampler& sampler) {
  roles_watch_ = std::make_unique<RolesWatch>(
      members_, role_.metrics(), [this] { return OwnReport(); }, [&weights] { weights.Wake(); });
  shard_reports_ = std::make_unique<replay::ShardReports>(replay::ShardReportsOptions{
      .shards = [&sampler] { return sampler.connected_shards(); },
      .on_report = [this](const std::string& address, const v1::RoleReport& report) { OnShard(address, report); },
      .security = role_.security(),
      .period = members_.options().report_every});
}

void LearnerRoles::StopWatching() {
  shard_reports_ = nullptr;
  roles_watch_ = nullptr;
}

JsonPage LearnerRoles::Page() const {
  return {kRolesPath, [this] { return RolesJson(members_.members(), absl::Now()); }};
}

JsonPage LearnerRoles::TargetsPage() const {
  const std::string folder = std::filesystem::path(role_.run_dir()).filename().string();
  return {kTargetsPath, [this, run = folder.empty() ? role_.config().name() : folder] {
            return TargetsJson(members_.members(), run);
          }};
}

v1::RoleReport LearnerRoles::OwnReport() const {
  v1::RoleReport report = role_.Report();
  report.set_weights_version(store_.version());
  report.set_weights_updates(run_.updates());
  report.set_weights_incarnation(store_.incarnation());
  return report;
}

void LearnerRoles::OnShard(const std::string& address, const v1::RoleReport& report) {
  const absl::Status kept = members_.OnReport(report, address);
  if (kept.ok() || shard_refused_.exchange(true)) return;
  RECBOTS_LOG(WARNING) << "a shard is not in the table of roles: " << kept.message();
}

StatusSection WatchersSection(const WeightsService& service) {
  StatusSection section{"Actors and evaluators", {}};
  for (const WatcherInfo& watcher : service.watchers()) {
    const std::string index = watcher.worker_index < 0 ? "(new)" : absl::StrCat(watcher.worker_index);
    section.rows.push_back(
        {absl::StrCat(FindWorker(watcher.role)->name, " ", index),
         absl::StrCat(watcher.worker_name, " (", watcher.peer, "), version ", watcher.sent_version)});
  }
  return section;
}

DashboardOptions DashboardOptionsOf(const Role& role, const WeightStore& store) {
  const v1::ExperimentConfig& config = role.config();
  const auto* algorithm =
      config.algorithm().GetDescriptor()->FindFieldByNumber(static_cast<int>(config.algorithm().algorithm_case()));
  const std::string& shards = role.flags().value("replay");
  const int64_t num_shards = 1 + std::count(shards.begin(), shards.end(), ',');
  return {.experiment = config.name(),
          .algorithm = algorithm == nullptr ? "" : algorithm->name(),
          .version = kVersion,
          .incarnation = store.incarnation(),
          .status_seconds = config.learner().status_seconds(),
          .capacity_rows = num_shards * config.replay().table().capacity_rows(),
          .goal = config.goal()};
}

}  // namespace recbots

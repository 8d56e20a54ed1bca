#include "learner/learner_pages.h"

#include <optional>
#include <utility>

#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "learner/dashboard/policy_json.h"
#include "learner/dashboard/policy_picture.h"
#include "learner/learner_roles.h"
#include "learner/run/run_history.h"

namespace recbots {
namespace {

std::string NoEvaluation(const WeightsService* weights) {
  return weights != nullptr && weights->num_watchers(v1::WORKER_ROLE_EVALUATOR) > 0 ? "" : "no evaluator is connected";
}

std::string NoCheckpoint(const std::string& run_dir) { return run_dir.empty() ? "the learner has no --run_dir" : ""; }

}  // namespace

LearnerPages::LearnerPages(Role& role, RunRecord& record, WeightStore& store,
                           std::function<const WeightsService*()> weights)
    : role_(role),
      record_(record),
      store_(store),
      dashboard_(DashboardOptionsOf(role, store), record.state(),
                 {.doing = [this] { return role_.Report().doing(); },
                  .tables = [this] { return Tables(); },
                  .controls = {.controls = &controls_,
                               .no_evaluation = [weights = std::move(weights)] { return NoEvaluation(weights()); },
                               .no_checkpoint = [this] { return NoCheckpoint(role_.run_dir()); }}}) {}

void LearnerPages::SetScenario(std::unique_ptr<const Scenario> scenario) {
  spec_ = scenario->spec();
  if (IsSmallEnoughToView(spec_)) scenario_ = std::move(scenario);
}

void LearnerPages::Start(replay::ReplaySampler& sampler) {
  shard_infos_ = std::make_unique<replay::ShardInfos>(replay::ShardInfosOptions{
      .shards = [&sampler] { return sampler.connected_shards(); }, .security = role_.security()});
  absl::StatusOr<std::unique_ptr<PolicyViewer>> viewer = PolicyViewer::Create(role_.config(), spec_, scenario_, [this] {
    return stopping_.load(std::memory_order_relaxed) || role_.shutdown().requested();
  });
  if (!viewer.ok()) {
    RECBOTS_LOG(WARNING) << "the dashboard does not show what the policy recommends: " << viewer.status().message();
    return;
  }
  viewer_ = *std::move(viewer);
  policy_watch_ = std::make_unique<PolicyWatch>(PolicyWatchHooks{
      .newest = [this] { return Newest(); },
      .look = [this](absl::string_view weights) { return viewer_->Look(weights); },
      .look_at_references = [this] { return viewer_->LookAtReferences(); },
      .on_view = [this](const PublishedWeights& weights, const PolicyView& view) { OnView(weights, view); }});
  policy_watch_->Wake();
}

void LearnerPages::Stop() {
  stopping_ = true;
  policy_watch_.reset();
  shard_infos_.reset();
}

void LearnerPages::OnStatus(const StatusLine& line, HttpServer* http) {
  record_.OnStatus(line);
  dashboard_.OnStatus(line);
  if (http != nullptr && http->viewers() > 0) http->SendEvent("status", dashboard_.StatusJson());
}

void LearnerPages::OnEvaluation(const v1::Evaluation& evaluation) {
  if (!record_.OnEvaluation(evaluation)) return;
  dashboard_.OnEvaluation(evaluation, record_.state().wall_seconds());
  if (policy_watch_ != nullptr) policy_watch_->Wake();
}

absl::StatusOr<PublishedWeights> LearnerPages::Newest() const {
  const std::shared_ptr<const WeightsSnapshot> newest = store_.newest();
  if (newest == nullptr) return absl::NotFoundError("nothing was published yet");
  PublishedWeights weights{newest->header, {}};
  for (const std::string& part : newest->parts) {
    v1::WeightsChunk chunk;
    if (!chunk.ParseFromString(part)) return absl::InternalError("a published part cannot be read");
    weights.payload += chunk.payload();
  }
  return weights;
}

std::vector<ShardTables> LearnerPages::Tables() const {
  std::vector<ShardTables> tables;
  if (shard_infos_ == nullptr) return tables;
  for (replay::ShardInfo& shard : shard_infos_->newest()) {
    tables.push_back({std::move(shard.address), std::move(shard.info)});
  }
  return tables;
}

void LearnerPages::AddPicture(const PublishedWeights& weights, const PolicyView& view) {
  if (!record_.WantsPicture(weights.header.updates())) return;
  const absl::StatusOr<std::vector<NamedTensor>> tensors = DecodeTensors(weights.payload);
  if (!tensors.ok()) return;
  std::optional<Picture> picture;
  if (view.map.has_value()) picture = PictureOf(*view.map);
  record_.OnWeights(weights.header.updates(), *tensors, picture.has_value() ? &*picture : nullptr);
}

void LearnerPages::AddHistory(int64_t curve_bytes, int64_t updates) {
  dashboard_.AddHistory(ReadRunHistory(role_.run_dir(), curve_bytes, updates));
}

void LearnerPages::OnView(const PublishedWeights& weights, const PolicyView& view) {
  const ViewedWeights viewed = {weights.header.version(), weights.header.updates(), weights.header.env_steps(),
                                ++views_, store_.incarnation()};
  AddPicture(weights, view);
  dashboard_.OnPolicy(PolicyJson(viewed, view, /*with_fixed=*/true), PolicyJson(viewed, view, /*with_fixed=*/false));
}

}  // namespace recbots

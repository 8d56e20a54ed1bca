// Updates per second of the learning algorithm alone, on one core or a GPU, on a prepared batch. On a core also their
// share of what the core can do (core_limit.h); and plain autograd beside them, by turns, in the configurations that
// compare (autograd_learners.h).
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/algorithms/wolpertinger/wolpertinger.h"
#include "common/base/status_macros.h"
#include "common/networks/torch_device.h"
#include "deploy/cli/bench/autograd_learners.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/browsing_batch.h"
#include "deploy/cli/bench/core_limit.h"

namespace recbots {
namespace {

constexpr int kItems = BrowsingBatch::kItems;
constexpr int64_t kDefaultRows = 32;  // Rows of a batch.

// The defaults of the configuration.
WolpertingerOptions DefaultOptions(int num_units = 64) {
  const EnvironmentSpec spec = BrowsingBatch::Spec();
  WolpertingerOptions options;
  options.shape.num_user_features = spec.num_user_features;
  options.shape.num_items = spec.num_candidates;
  options.shape.hidden_units = num_units;
  return options;
}
WolpertingerOptions NotebookOptions(int k, int num_units = 64) {
  WolpertingerOptions options = DefaultOptions(num_units);
  options.shape.k = k;
  options.shape.search_space = SearchSpace::kRaw;
  options.random_candidates = 0;
  options.actor_objective = ActorObjective::kClimbCritic;
  return options;
}

// Floating-point operations of an update: those of the layers' products, forwards and backwards, on rows that count.
// What rows that end an episode would be worth next is not asked.
double Operations(const WolpertingerOptions& learner, double rows, double rows_that_go_on) {
  const WolpertingerShape& shape = learner.shape;
  const double users = kItems, items = kItems, embedding = shape.embedding_size, units = shape.hidden_units;
  const bool all = shape.k == kItems;
  // Drawn ones count once, and not if they are among the nearest: in the mean.
  const double drawn = (items - shape.k) * (1 - std::pow(1 - 1 / items, learner.random_candidates));
  const double candidates = all ? items : shape.k + drawn;
  const double critic = (users + embedding) * units + units * units + units;  // One row forwards.
  const double actor = users * units + units * units + units * embedding;
  const double score = candidates * (units * units + units);
  const bool climbs = learner.actor_objective != ActorObjective::kRegressToBest;
  const bool regresses = learner.actor_objective != ActorObjective::kClimbCritic;
  double products = rows * users * units + rows_that_go_on * score + (all ? 0 : rows * actor);  // Targets.
  products += rows * (critic + units * units + embedding * units + critic);                     // Critic.
  products += rows * (actor + embedding * units + units * units + actor);                       // Actor.
  if (climbs) products += rows * (2 * embedding * units + 2 * units * units + units);
  if (regresses) products += rows * score;
  return 2 * products;
}

absl::StatusOr<std::vector<BenchResult>> Measure(const std::string& name, WolpertingerOptions learner, int64_t num_rows,
                                                 const BenchOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(const DeviceChoice choice, ChooseDevice(options.device, /*multiply_adds_of_an_update=*/0));
  learner.device = choice.device;
  learner.with_libtorch = options.operators;
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Algorithm> algorithm, Wolpertinger::Create(learner));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<BrowsingBatch> rows, BrowsingBatch::Make(num_rows));
  absl::Status status;
  const auto update = [&] {
    status.Update(rows->Learn(*algorithm));
    return 1.0;
  };
  const Rate rate = MedianRate(options, update);
  BenchResult result{.bench = name, .metric = "updates_per_second", .value = rate.per_second, .unit = "updates/s"};
  result.cores_used = rate.cores_used;
  if (choice.device.cuda) {
    RECBOTS_RETURN_IF_ERROR(status);
    return std::vector<BenchResult>{result};
  }
  const double operations =
      Operations(learner, static_cast<double>(num_rows), static_cast<double>(rows->rows_that_go_on()));
  const CoreShare share = MeasureCoreShare(options, [&] { return operations * update(); });
  std::vector<BenchResult> results = {result, {name, "share_of_core", share.ratio, "ratio"}};
  if (learner.actor_objective == ActorObjective::kClimbCritic) {
    RECBOTS_ASSIGN_OR_RETURN(const TransitionBatch batch, rows->Wrap());
    AutogradWolpertinger plain(learner.shape);
    const AutogradWolpertinger::Batch same = {batch.observation, batch.next_observation,
                                              batch.slate.view({-1}).to(at::kLong), batch.reward, batch.discount};
    const Comparison comparison = CompareByTurns(options, update, [&] { return plain.Update(same), 1.0; });
    results.push_back({name, "autograd_updates_per_second", comparison.other_per_second, "updates/s"});
    results.push_back({name, "times_autograd", comparison.ratio, "ratio"});
  }
  RECBOTS_RETURN_IF_ERROR(status);
  return results;
}

Bench MakeBench(const std::string& name, const WolpertingerOptions& learner, int64_t num_rows) {
  return {name, [=](const BenchOptions& options) { return Measure(name, learner, num_rows, options); },
          "drawing and receiving batches, publishing weights"};
}

}  // namespace

std::vector<Bench> UpdatesBenches() {
  std::vector<Bench> benches = {MakeBench("updates", DefaultOptions(), kDefaultRows),
                                MakeBench("updates/notebook", NotebookOptions(5), kDefaultRows),
                                MakeBench("updates/k10", NotebookOptions(10), kDefaultRows),
                                MakeBench("updates/k10_256x64", NotebookOptions(10), 256),
                                MakeBench("updates/k10_256x256", NotebookOptions(10, /*num_units=*/256), 256)};
  // Sizes that users have: rows per batch, and units per hidden layer.
  for (const int64_t num_rows : {32, 256, 1024}) {
    for (const int num_units : {64, 256}) {
      benches.push_back(
          MakeBench(absl::StrCat("updates/", num_rows, "x", num_units), DefaultOptions(num_units), num_rows));
    }
  }
  return benches;
}

}  // namespace recbots

// SlateQ in interest evolution, with 10 candidates and slates of 3, on one core: updates, with drawing their batches,
// and alone (updates/slate_q) beside what the core can do and beside plain autograd (core_limit.h,
// autograd_learners.h); and acting (simulating users, valuing candidates, showing slates) without the stream to replay.
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/zeros.h>

#include <memory>
#include <string>
#include <vector>

#include "actor/client/make_scenario.h"
#include "actor/loop/environment_loop.h"
#include "actor/recsim/catalogue_of.h"
#include "common/algorithms/make_algorithm.h"
#include "common/algorithms/make_policy.h"
#include "common/algorithms/transition_options.h"
#include "common/base/status_macros.h"
#include "common/inference/network_config.h"
#include "common/rl/transition.h"
#include "deploy/cli/bench/autograd_learners.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/core_limit.h"
#include "replay/table/column_batch.h"
#include "replay/table/make_table.h"

namespace recbots {
namespace {

constexpr int kUsers = 64;
constexpr int kRows = 64;

v1::ExperimentConfig MakeConfig(int num_candidates, bool learned_clicks) {
  v1::ExperimentConfig config;
  config.mutable_environment()->mutable_interest_evolution()->set_num_candidates(num_candidates);
  config.mutable_environment()->mutable_history()->add_trace_decay(1);
  v1::SlateQConfig& slate_q = *config.mutable_algorithm()->mutable_slate_q();
  slate_q.mutable_q()->set_discount(1);
  slate_q.mutable_q()->set_dueling(true);
  slate_q.mutable_click_model()->set_learned(learned_clicks);
  config.mutable_replay()->mutable_table()->set_capacity_rows(20 * kRows);
  config.mutable_replay()->mutable_table()->mutable_rate_limiter()->set_samples_per_insert(0);
  config.mutable_replay()->mutable_table()->mutable_rate_limiter()->set_min_size(kRows);
  return config;
}

class TableSink final : public RowSink {
 public:
  explicit TableSink(replay::Table& table) : table_(table) {}
  absl::Status Append(absl::string_view rows, int num_rows, int64_t) override {
    table_.Append(rows.data(), num_rows);
    return absl::OkStatus();
  }

 private:
  replay::Table& table_;
};

// Users who act, rows in replay, and a learner.
struct Parts {
  std::unique_ptr<Scenario> scenario;
  RowSchema schema;
  std::unique_ptr<replay::Table> table;
  std::unique_ptr<Algorithm> algorithm;
  std::unique_ptr<NetworkPolicy> policy;
  std::unique_ptr<Environment> environment;
  std::shared_ptr<const Catalogue> catalogue;
};

absl::StatusOr<Parts> MakeParts(const v1::ExperimentConfig& config) {
  Parts parts;
  RECBOTS_ASSIGN_OR_RETURN(parts.scenario, MakeScenario(config.environment(), /*seed=*/1));
  const EnvironmentSpec& spec = parts.scenario->spec();
  RECBOTS_ASSIGN_OR_RETURN(parts.schema, TransitionSchema(spec, TransitionOptionsOf(config.algorithm())));
  RECBOTS_ASSIGN_OR_RETURN(parts.table, replay::MakeTable(config.replay().table(), parts.schema, /*seed=*/1));
  RECBOTS_ASSIGN_OR_RETURN(parts.algorithm, MakeAlgorithm(config.algorithm(), spec, {.seed = 1}));
  RECBOTS_ASSIGN_OR_RETURN(parts.policy, MakePolicy(config.algorithm(), spec, kUsers, 1));
  RECBOTS_RETURN_IF_ERROR(parts.policy->SetWeights(parts.algorithm->EncodeWeights()));
  parts.environment = parts.scenario->MakeEnvironment(kUsers, 0);
  parts.catalogue = CatalogueOf(*parts.scenario);
  return parts;
}

// Draws rows from the table as a learner does.
class Draws {
 public:
  explicit Draws(const Parts& parts)
      : table_(*parts.table),
        schema_(parts.schema),
        batch_(std::make_shared<const RowSchema>(parts.schema), kRows),
        keys_(kRows),
        probabilities_(kRows) {}
  void Draw() {
    table_.Sample(kRows, batch_.data(), keys_.data(), probabilities_.data());
    table_.Acknowledge(keys_);
  }
  absl::StatusOr<TransitionBatch> Wrap(const at::Tensor& items) {
    return WrapTransitions(schema_, {batch_.data(), batch_.size()}, kRows, items);
  }

 private:
  replay::Table& table_;
  const RowSchema& schema_;
  replay::ColumnBatch batch_;
  std::vector<replay::ItemKey> keys_;
  std::vector<float> probabilities_;
};

absl::StatusOr<std::vector<BenchResult>> Measure(const BenchOptions& options, const std::string& name,
                                                 const v1::ExperimentConfig& config) {
  RECBOTS_ASSIGN_OR_RETURN(const Parts parts, MakeParts(config));
  TableSink sink(*parts.table);
  EnvironmentLoop loop(*parts.environment, *parts.policy, parts.schema, TransitionOptionsOf(config.algorithm()), sink);
  absl::Status status;
  const Rate acting = MedianRate(options, [&] {
    if (status.ok()) status = loop.Step({1, 0});
    return static_cast<double>(kUsers);
  });
  RECBOTS_ASSIGN_OR_RETURN(const at::Tensor items, WrapCatalogue(parts.catalogue.get()));
  Draws draws(parts);
  const Rate updates = MedianRate(options, [&] {
    draws.Draw();
    const absl::StatusOr<TransitionBatch> batch = draws.Wrap(items);
    status.Update(batch.ok() ? parts.algorithm->Update(*batch, {}) : batch.status());
    return 1.0;
  });
  RECBOTS_RETURN_IF_ERROR(status);
  std::vector<BenchResult> results = {{name, "acting_steps_per_second", acting.per_second, "steps/s"},
                                      {name, "updates_per_second", updates.per_second, "updates/s"}};
  results[0].cores_used = acting.cores_used;
  results[1].cores_used = updates.cores_used;
  return results;
}

// Floating-point operations of an update: those of the layers' products, forwards and backwards, that its result needs.
double Operations(const QShape& shape, double rows, double rows_that_go_on, double candidates, double slate_size) {
  const double users = shape.action.num_user_features, action = shape.action.inputs() - users;
  const double first = shape.action.hidden1, second = shape.action.hidden2;
  const double tail = first * second + second, value = users * first + tail;
  double products = rows_that_go_on * (users * first + (candidates + 1) * (action * first + tail));  // Choosing.
  products += rows_that_go_on * (users * first + (slate_size + 1) * (action * first + tail) + value);
  products += rows * (2 * (value + action * first + tail) + first * second);  // Learning: forwards, weights, back.
  products += rows * (2 * value + first * second);
  return 2 * products;
}

// One item of each row, and all of what was offered next: no click is an item of zeros with a feature of its own.
AutogradQ::Batch PlainBatch(const TransitionBatch& batch) {
  const auto with_none = [](const at::Tensor& features) { return at::constant_pad_nd(features, {0, 1}); };
  const int64_t width = batch.candidates.size(2);
  const at::Tensor none = at::zeros({kRows, 1, width + 1});
  none.narrow(2, width, 1).fill_(1);
  return {batch.observation,
          batch.next_observation,
          with_none(batch.candidates.select(1, 0)),
          at::cat({with_none(batch.next_candidates), none}, 1),
          batch.reward,
          batch.discount};
}

// The update alone, on one batch.
absl::StatusOr<std::vector<BenchResult>> MeasureUpdates(const BenchOptions& options, const std::string& name) {
  const v1::ExperimentConfig config = MakeConfig(10, false);
  RECBOTS_ASSIGN_OR_RETURN(const Parts parts, MakeParts(config));
  TableSink sink(*parts.table);
  EnvironmentLoop loop(*parts.environment, *parts.policy, parts.schema, TransitionOptionsOf(config.algorithm()), sink);
  for (int step = 0; step < 20; ++step) RECBOTS_RETURN_IF_ERROR(loop.Step({1, 0}));
  RECBOTS_ASSIGN_OR_RETURN(const at::Tensor items, WrapCatalogue(parts.catalogue.get()));
  Draws draws(parts);
  draws.Draw();
  absl::Status status;
  const auto update = [&] {
    const absl::StatusOr<TransitionBatch> batch = draws.Wrap(items);
    status.Update(batch.ok() ? parts.algorithm->Update(*batch, {}) : batch.status());
    return 1.0;
  };
  const Rate rate = MedianRate(options, update);
  RECBOTS_ASSIGN_OR_RETURN(const TransitionBatch batch, draws.Wrap(items));
  const EnvironmentSpec& spec = parts.scenario->spec();
  const QShape shape = MakeQShape(config.algorithm().slate_q().q(), spec.num_user_features, spec.num_candidate_features,
                                  /*with_none=*/true);
  const double operations =
      Operations(shape, kRows, batch.discount.ne(0).sum().item<double>(), spec.num_candidates, spec.slate_size);
  const CoreShare share = MeasureCoreShare(options, [&] { return operations * update(); });
  AutogradQ plain(shape);
  const AutogradQ::Batch same = PlainBatch(batch);
  const Comparison comparison = CompareByTurns(options, update, [&] { return plain.Update(same), 1.0; });
  RECBOTS_RETURN_IF_ERROR(status);
  std::vector<BenchResult> results = {{name, "updates_per_second", rate.per_second, "updates/s"},
                                      {name, "share_of_core", share.ratio, "ratio"},
                                      {name, "autograd_updates_per_second", comparison.other_per_second, "updates/s"},
                                      {name, "times_autograd", comparison.ratio, "ratio"}};
  results[0].cores_used = rate.cores_used;
  return results;
}

Bench MakeBench(const std::string& name, const v1::ExperimentConfig& config) {
  return {name, [name, config](const BenchOptions& options) { return Measure(options, name, config); },
          "the streams to and from replay, publishing weights, evaluation"};
}

}  // namespace

std::vector<Bench> SlateQBenches() {
  return {MakeBench("slate_q", MakeConfig(10, false)),
          MakeBench("slate_q/learned_clicks", MakeConfig(10, true)),
          MakeBench("slate_q/n50", MakeConfig(50, false)),
          {"updates/slate_q", [](const BenchOptions& options) { return MeasureUpdates(options, "updates/slate_q"); },
           "drawing and receiving batches, publishing weights"}};
}

}  // namespace recbots

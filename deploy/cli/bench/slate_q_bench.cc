// SlateQ in interest evolution, with 10 candidates and slates of 3, on one core: updates on a batch that is prepared,
// and acting (simulating users, valuing candidates, showing slates) without the stream to replay.
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
#include "common/rl/transition.h"
#include "deploy/cli/bench/bench.h"
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

absl::StatusOr<std::vector<BenchResult>> Measure(const BenchOptions& options, const std::string& name,
                                                 const v1::ExperimentConfig& config) {
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, MakeScenario(config.environment(), /*seed=*/1));
  const EnvironmentSpec& spec = scenario->spec();
  const TransitionOptions rows = TransitionOptionsOf(config.algorithm());
  RECBOTS_ASSIGN_OR_RETURN(RowSchema schema, TransitionSchema(spec, rows));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<replay::Table> table,
                           replay::MakeTable(config.replay().table(), schema, /*seed=*/1));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Algorithm> algorithm, MakeAlgorithm(config.algorithm(), spec, 1));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<NetworkPolicy> policy,
                           MakePolicy(config.algorithm(), spec, kUsers, 1));
  RECBOTS_RETURN_IF_ERROR(policy->SetWeights(algorithm->EncodeWeights()));
  const std::unique_ptr<Environment> environment = scenario->MakeEnvironment(kUsers, 0);
  TableSink sink(*table);
  EnvironmentLoop loop(*environment, *policy, schema, rows, sink);
  absl::Status status;
  const Rate acting = MedianRate(options, [&] {
    if (status.ok()) status = loop.Step({1, 0});
    return static_cast<double>(kUsers);
  });
  const std::shared_ptr<const Catalogue> catalogue = CatalogueOf(*scenario);
  RECBOTS_ASSIGN_OR_RETURN(const at::Tensor items, WrapCatalogue(catalogue.get()));
  replay::ColumnBatch batch(std::make_shared<const RowSchema>(schema), kRows);
  std::vector<replay::ItemKey> keys(kRows);
  std::vector<float> probabilities(kRows);
  const Rate updates = MedianRate(options, [&] {
    table->Sample(kRows, batch.data(), keys.data(), probabilities.data());
    table->Acknowledge(keys);
    const absl::StatusOr<TransitionBatch> wrapped = WrapTransitions(schema, {batch.data(), batch.size()}, kRows, items);
    status.Update(wrapped.ok() ? algorithm->Update(*wrapped, {}) : wrapped.status());
    return 1.0;
  });
  RECBOTS_RETURN_IF_ERROR(status);
  std::vector<BenchResult> results = {{name, "acting_steps_per_second", acting.per_second, "steps/s"},
                                      {name, "updates_per_second", updates.per_second, "updates/s"}};
  results[0].cores_used = acting.cores_used;
  results[1].cores_used = updates.cores_used;
  return results;
}

Bench MakeBench(const std::string& name, const v1::ExperimentConfig& config) {
  return {name, [name, config](const BenchOptions& options) { return Measure(options, name, config); },
          "the streams to and from replay, publishing weights, evaluation"};
}

}  // namespace

std::vector<Bench> SlateQBenches() {
  return {MakeBench("slate_q", MakeConfig(10, false)), MakeBench("slate_q/learned_clicks", MakeConfig(10, true)),
          MakeBench("slate_q/n50", MakeConfig(50, false))};
}

}  // namespace recbots

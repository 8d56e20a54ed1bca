// Updates per second of the learning algorithm alone, on one core, on a batch that is there already.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/config/transition_options.h"
#include "common/rl/transition.h"
#include "deploy/cli/bench/bench.h"
#include "learner/algorithms/make_algorithm.h"

namespace recbots {
namespace {

constexpr int kItems = 10;
constexpr int64_t kRows = 32;

EnvironmentSpec BrowsingSpec() {
  EnvironmentSpec spec;
  spec.name = "document_browsing";
  spec.num_user_features = kItems;
  spec.num_candidates = kItems;
  spec.response_fields = {"accepted"};
  return spec;
}

// A batch of transitions as they come from replay: columns in aligned memory.
class Columns {
 public:
  Columns(const RowSchema& schema, int64_t rows) : schema_(schema), rows_(static_cast<size_t>(rows)) {
    lines_.resize(schema.batch_bytes(rows_) / sizeof(Line));
    Rng rng(1, Purpose::kTest, {});
    for (size_t row = 0; row < rows_; ++row) {
      At<float>(transition::kObservation)[row * kItems + rng.Index(kItems)] = 1;
      At<float>(transition::kNextObservation)[row * kItems + rng.Index(kItems)] = 1;
      At<int32_t>(transition::kSlate)[row] = static_cast<int32_t>(rng.Index(kItems));
      At<float>(transition::kReward)[row] = static_cast<float>(rng.Index(2));
      At<float>(transition::kDiscount)[row] = rng.Uniform() < 0.15 ? 0.0f : 0.99f;
    }
  }

  absl::string_view bytes() const {
    return {reinterpret_cast<const char*>(lines_.data()), lines_.size() * sizeof(Line)};
  }

 private:
  struct alignas(RowSchema::kColumnAlignment) Line {
    char bytes[RowSchema::kColumnAlignment] = {};
  };
  template <typename T>
  T* At(absl::string_view column) {
    const auto i = static_cast<size_t>(schema_.Find(column));
    return reinterpret_cast<T*>(reinterpret_cast<char*>(lines_.data()) + schema_.batch_offset(i, rows_));
  }

  const RowSchema& schema_;
  const size_t rows_;
  std::vector<Line> lines_;
};

v1::AlgorithmConfig DefaultConfig() {
  v1::AlgorithmConfig config;
  config.mutable_wolpertinger();
  return config;
}
v1::AlgorithmConfig NotebookConfig(int k) {
  v1::AlgorithmConfig config;
  v1::WolpertingerConfig* wolpertinger = config.mutable_wolpertinger();
  wolpertinger->set_k(k);
  wolpertinger->set_search_space(v1::WolpertingerConfig::RAW);
  wolpertinger->set_random_candidates(0);
  wolpertinger->set_actor_objective(v1::WolpertingerConfig::CLIMB_CRITIC);
  return config;
}

absl::StatusOr<double> UpdatesPerSecond(const v1::AlgorithmConfig& config, const BenchOptions& options) {
  const EnvironmentSpec spec = BrowsingSpec();
  RECBOTS_ASSIGN_OR_RETURN(const RowSchema schema, TransitionSchema(spec, TransitionOptionsOf(config)));
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Algorithm> algorithm, MakeAlgorithm(config, spec, /*seed=*/1));
  const Columns columns(schema, kRows);
  absl::Status status;
  const double rate = MedianRate(options, [&] {
    // Wrapping the columns is part of every update of the learner.
    const absl::StatusOr<TransitionBatch> batch = WrapTransitions(schema, columns.bytes(), kRows);
    status.Update(batch.ok() ? algorithm->Update(*batch, {}) : batch.status());
    return 1.0;
  });
  RECBOTS_RETURN_IF_ERROR(status);
  return rate;
}

absl::StatusOr<std::vector<BenchResult>> Run(const BenchOptions& options) {
  const std::pair<std::string, v1::AlgorithmConfig> cases[] = {
      {"updates", DefaultConfig()}, {"updates/notebook", NotebookConfig(5)}, {"updates/k10", NotebookConfig(10)}};
  std::vector<BenchResult> results;
  for (const auto& [name, config] : cases) {
    RECBOTS_ASSIGN_OR_RETURN(const double rate, UpdatesPerSecond(config, options));
    results.push_back({.bench = name, .metric = "updates_per_second", .value = rate, .unit = "updates/s"});
  }
  return results;
}

}  // namespace

Bench UpdatesBench() { return {"updates", Run}; }

}  // namespace recbots

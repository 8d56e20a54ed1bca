// What the validation of a configuration lets through, tables take.
#include <gtest/gtest.h>

#include <cstdio>

#include "common/base/random.h"
#include "common/config/config.h"
#include "common/config/validate.h"
#include "replay/table/make_table.h"

namespace recbots {
namespace {

RowSchema Schema() {
  return RowSchema::Create({{"features", DType::kFloat32, {29}}, {"id", DType::kInt64, {}}}).value();
}

v1::TableConfig RandomTable(Rng& rng) {
  const auto draw = [&rng](uint32_t below) { return static_cast<int32_t>(rng.Index(below)); };
  v1::TableConfig table;
  table.set_sampler(static_cast<v1::TableConfig::Sampler>(1 + draw(6)));
  table.set_remover(static_cast<v1::TableConfig::Remover>(1 + draw(3)));
  table.set_max_times_sampled(draw(3));
  table.set_priority_exponent(rng.Uniform() * 10);
  table.set_capacity_rows(1 + draw(200));
  table.set_capacity_bytes(1 + draw(40'000));
  v1::RateLimiterConfig& limiter = *table.mutable_rate_limiter();
  limiter.set_kind(draw(2) == 0 ? v1::RateLimiterConfig::QUEUE : v1::RateLimiterConfig::RATIO);
  limiter.set_queue_size(1 + draw(100));
  limiter.set_min_size(1 + draw(100));
  limiter.set_samples_per_insert(draw(4) == 0 ? 0 : rng.Uniform() * 3);
  limiter.set_error_buffer(rng.Uniform() * 100);
  return table;
}

TEST(ReplayConfigTest, WhatIsValidIsTaken) {
  constexpr uint64_t kSeed = 4;
  std::printf("seed %d\n", static_cast<int>(kSeed));
  Rng rng(kSeed, Purpose::kTest, {});
  const RowSchema schema = Schema();
  int valid = 0;
  for (int i = 0; i < 20'000; ++i) {
    v1::ExperimentConfig config;
    config.mutable_environment()->mutable_document_browsing();
    config.mutable_learner()->set_batch_size(1 + static_cast<int32_t>(rng.Index(20)));
    config.mutable_learner()->set_batches_in_flight(1 + static_cast<int32_t>(rng.Index(3)));
    *config.mutable_replay()->mutable_table() = RandomTable(rng);
    if (!ValidateExperimentConfig(config).ok()) continue;
    if (!CheckReplayOfTransitions(config, static_cast<int64_t>(schema.row_bytes())).ok()) continue;
    ++valid;
    const auto table = replay::MakeTable(config.replay().table(), schema, /*seed=*/1);
    ASSERT_TRUE(table.ok()) << table.status() << "\n" << config.replay().DebugString();
    const absl::Status reader =
        (*table)->CheckReader(config.learner().batch_size(), config.learner().batches_in_flight());
    ASSERT_TRUE(reader.ok()) << reader << "\n" << config.DebugString();
  }
  EXPECT_GT(valid, 200);
}

}  // namespace
}  // namespace recbots

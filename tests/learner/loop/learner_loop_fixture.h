// A learner's loop with fakes around it: an algorithm and a source of batches that do as they are told.
#pragma once

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/rl/transition.h"
#include "learner/loop/learner_loop.h"

namespace recbots {

inline constexpr size_t kRows = 4;

// Does as it is told, and remembers what it was given.
class FakeAlgorithm final : public Algorithm {
 public:
  absl::Status Update(const TransitionBatch& batch, absl::Span<float> td_errors) override {
    if (!fails_with.ok()) return fails_with;
    const at::Tensor& weights = batch.importance_weights;
    seen_weights.clear();
    if (weights.defined()) seen_weights.assign(weights.data_ptr<float>(), weights.data_ptr<float>() + weights.numel());
    asked_for = td_errors.size();
    all_asked_for.push_back(asked_for);
    std::copy_n(errors.begin(), td_errors.size(), td_errors.begin());
    for (float& error : errors) error += grows;
    rewards.push_back(batch.reward.data_ptr<float>()[0]);
    ++updates_;
    return absl::OkStatus();
  }
  Losses losses() const override { return {{"critic_loss", 0.25}}; }
  int64_t updates() const override { return updates_; }
  std::string EncodeWeights() const override { return absl::StrCat("weights ", updates_); }
  bool finite() const override { return updates_ < diverges_with; }
  bool finite_so_far() const override { return updates_ < diverges_with + known_later; }
  std::string compute_mode() const override { return "by heart"; }
  absl::Status WhyNotFinite() const override { return absl::FailedPreconditionError("state: critic.w1[3] is nan"); }

  int64_t diverges_with = int64_t{1} << 60;
  int64_t known_later = 0;  // By how many updates, if it is not asked for as it is now.
  absl::Status fails_with;
  std::vector<float> errors = {0.5, 1, 1.5, 2};
  std::vector<float> seen_weights, rewards;
  size_t asked_for = 0;
  std::vector<size_t> all_asked_for;
  float grows = 0;  // By how much errors grow with each update.

 private:
  int64_t updates_ = 0;
};

// Gives batches as long as it has some; the k-th has the reward k in every row.
class FakeSource final : public BatchSource {
 public:
  FakeSource() {
    EnvironmentSpec spec;
    spec.num_user_features = 2;
    spec.num_candidates = 3;
    spec.response_fields = {"clicked"};
    schema_ = std::make_shared<const RowSchema>(TransitionSchema(spec).value());
    table.set_incarnation(1);
  }

  absl::StatusOr<replay::SampledBatch> Next(Instant) override {
    if (!final_error.ok()) return final_error;
    if (num_batches == 0) return absl::DeadlineExceededError("no batch");
    --num_batches;
    replay::SampledBatch sampled;
    sampled.batch = replay::ColumnBatch(schema_, kRows);
    const auto reward = static_cast<size_t>(schema_->Find(transition::kReward));
    for (float& value : sampled.batch.mutable_column<float>(reward)) value = static_cast<float>(given_);
    const auto collected = static_cast<size_t>(schema_->Find(transition::kCollectedMicros));
    for (int64_t& micros : sampled.batch.mutable_column<int64_t>(collected)) micros = collected_micros;
    for (size_t row = 0; row < kRows; ++row) sampled.keys.push_back(100 * given_ + row);
    ++given_;
    sampled.probabilities = {0.4f, 0.1f, 0.2f, 0.3f};
    table.set_inserted(table.inserted() + 10);
    table.set_sampled(table.sampled() + kRows);
    sampled.table = table;
    counts.inserted += 10;
    counts.sampled += kRows;
    sampled.counts = counts;
    return sampled;
  }
  absl::Status UpdatePriorities(absl::Span<const replay::ItemKey> keys, absl::Span<const float> values) override {
    EXPECT_EQ(keys.size(), values.size());
    sent_keys.emplace_back(keys.begin(), keys.end());
    sent_priorities.emplace_back(values.begin(), values.end());
    return refusal;
  }
  void Recycle(replay::SampledBatch) override { ++recycled; }
  absl::Status status() const override { return final_error; }
  int64_t dropped_priorities() const override { return dropped; }
  int64_t env_steps() const override { return counts.inserted; }
  bool drained() const override { return true; }

  int num_batches = 0, recycled = 0;
  int64_t dropped = 0, collected_micros = 0;
  absl::Status final_error, refusal;
  v1::TableState table;          // As it stands in the store.
  replay::SampledCounts counts;  // Since the learner began.
  std::vector<std::vector<replay::ItemKey>> sent_keys;
  std::vector<std::vector<float>> sent_priorities;

 private:
  std::shared_ptr<const RowSchema> schema_;
  uint64_t given_ = 1;
};

inline v1::GoalConfig MaxUpdates(int64_t updates) {
  v1::GoalConfig goal;
  goal.set_max_updates(updates);
  return goal;
}

class LearnerLoopTest : public ::testing::Test {
 protected:
  LearnerLoopTest() {
    options_.status_period = absl::ZeroDuration();
    options_.waits = &waits_;
    options_.batches_from = "127.0.0.1:8000";
  }

  void NoteWaits() {
    for (const WaitInfo& wait : waits_.waits()) waited_for_.push_back(DescribeWait(wait.thing, wait.peer));
  }

  // Runs until the source has given `num_batches` and had none the time after, or as `goal` says.
  absl::Status Run(int num_batches, const v1::GoalConfig& goal = {}) {
    source_.num_batches = num_batches;
    state_ = std::make_unique<RunState>(goal);
    if (resumed_.has_value()) {
      state_->Resume({resumed_->env_steps(), algorithm_.updates(), resumed_->wall_seconds()}, resumed_->goal());
    }
    LearnerLoop::Hooks hooks;
    hooks.stop = [this] {
      NoteWaits();
      return stop_ || (source_.num_batches == 0 && ++idle_ > 3);
    };
    hooks.watchers = [this] { return watchers_; };
    hooks.progressed = [this](int64_t updates) { progressed_.push_back(updates); };
    hooks.stalled = [this] { return stalled_; };
    hooks.print = [this](const std::string& line) { lines_.push_back(line); };
    hooks.activity = [this](const char* activity) { activities_.push_back(activity); };
    hooks.on_ending = [this](const RunEnd& end) {
      endings_.push_back(end.ending);
      errors_.push_back(end.error);
      diverged_batch_ = end.diverged_batch;
      return saved_;
    };
    hooks.on_checkpoint = [this](v1::LearnerState state, bool last) {
      checkpoints_.push_back({std::move(state), algorithm_.updates(), last});
      return kept_;
    };
    LearnerLoop loop(options_, hooks, algorithm_, source_, store_, *state_, metrics_);
    if (resumed_.has_value()) loop.Resume(*resumed_);
    const absl::Status published = loop.PublishWeights();
    return published.ok() ? loop.Run() : published;
  }
  void Prioritize() {
    options_.prioritizer = {
        .enabled = true, .priority_offset = 0.25, .importance_exponent = 0.5, .annealing_updates = 4};
  }
  double Priorities(const std::string& outcome) {
    return metrics_.counter(metric::kLearnerPriorities, outcome).Value();
  }

  WaitBoard waits_;
  LearnerLoopOptions options_;
  FakeAlgorithm algorithm_;
  FakeSource source_;
  WeightStore store_;
  Metrics metrics_{{"learner"}};
  std::unique_ptr<RunState> state_;
  bool stop_ = false;
  int idle_ = 0;
  Watchers watchers_;
  std::vector<std::string> lines_, activities_, waited_for_;
  std::vector<int64_t> progressed_;
  std::string stalled_;
  std::vector<Ending> endings_;
  std::vector<absl::Status> errors_;
  absl::Status saved_;
  std::string diverged_batch_;
  struct Kept {
    v1::LearnerState state;
    int64_t updates;
    bool last;
  };
  std::vector<Kept> checkpoints_;
  absl::Status kept_;  // What the hook says.
  std::optional<v1::LearnerState> resumed_;
};

}  // namespace recbots

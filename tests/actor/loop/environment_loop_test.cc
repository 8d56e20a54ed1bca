#include "actor/loop/environment_loop.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "actor/loop/streams.h"
#include "common/rl/transition.h"

namespace recbots {
namespace {

// Two features: the user's number and how many steps it has made in its episode; episodes of user i end after i + 1
// steps, terminated for even i, truncated for odd i. The reward is the slate's second position.
class CountingEnvironment : public Environment {
 public:
  explicit CountingEnvironment(int num_users) : positions_(static_cast<size_t>(num_users)) {
    spec_.num_user_features = 2;
    spec_.num_candidates = 5;
    spec_.slate_size = 2;
    spec_.response_fields = {"clicked"};
  }
  const EnvironmentSpec& spec() const override { return spec_; }
  int num_users() const override { return static_cast<int>(positions_.size()); }
  void Reset(absl::Span<float> observation, absl::Span<float>) override {
    for (size_t i = 0; i < positions_.size(); ++i) Observe(i, 0, observation);
  }
  absl::Status Step(absl::Span<const int32_t> slates, const StepColumns& out) override {
    for (size_t i = 0; i < positions_.size(); ++i) {
      const uint32_t step = ++positions_[i].step;
      Observe(i, step, out.next_observation);
      const bool end = step == i + 1;
      out.terminated[i] = end && i % 2 == 0;
      out.truncated[i] = end && i % 2 == 1;
      if (end) positions_[i].step = 0;
      Observe(i, positions_[i].step, out.observation);
      out.reward[i] = static_cast<float>(slates[2 * i + 1]);
      out.response[2 * i] = 0;
      out.response[2 * i + 1] = 1;
    }
    return absl::OkStatus();
  }
  absl::Span<const StreamPosition> positions() const override { return positions_; }

 private:
  static void Observe(size_t i, uint32_t step, absl::Span<float> to) {
    to[2 * i] = static_cast<float>(i);
    to[2 * i + 1] = static_cast<float>(step);
  }
  EnvironmentSpec spec_;
  std::vector<StreamPosition> positions_;
};

// Shows {0, step of the user + 1}.
class StepPolicy : public Policy {
 public:
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    for (size_t i = 0; i < input.positions.size(); ++i) {
      output.slates[2 * i] = 0;
      output.slates[2 * i + 1] = static_cast<int32_t>(input.observation[2 * i + 1]) + 1;
      output.behaviour_probability[i] = 0.25f;
    }
  }
};

class RowCollector : public RowSink {
 public:
  absl::Status Append(absl::string_view rows, int num_rows, int64_t) override {
    rows_.append(rows.data(), rows.size());
    num_rows_ += num_rows;
    return next_status_;
  }
  template <typename T>
  T Get(const RowSchema& schema, int row, const char* column, size_t element = 0) const {
    T value;
    const auto c = static_cast<size_t>(schema.Find(column));
    const size_t at = static_cast<size_t>(row) * schema.row_bytes() + schema.offset(c) + element * sizeof(T);
    std::memcpy(&value, rows_.data() + at, sizeof(T));
    return value;
  }
  int num_rows() const { return num_rows_; }
  absl::Status next_status_;

 private:
  std::string rows_;
  int num_rows_ = 0;
};

TEST(EnvironmentLoopTest, WritesSelfContainedTransitions) {
  constexpr int kUsers = 3;
  CountingEnvironment environment(kUsers);
  const RowSchema schema = *TransitionSchema(environment.spec());
  StepPolicy policy;
  RowCollector sink;
  FakeClock clock(absl::FromUnixMicros(1'000'000));
  EnvironmentLoop loop(environment, policy, schema, {.discount = 0.9}, sink, clock);
  ASSERT_TRUE(loop.Step({4, 80}).ok());
  clock.Advance(absl::Microseconds(5));
  ASSERT_TRUE(loop.Step({5, 100}).ok());
  ASSERT_EQ(sink.num_rows(), 2 * kUsers);
  EXPECT_EQ(loop.env_steps(), 6);
  // User 0 ends at every step, user 1 at the second.
  EXPECT_EQ(loop.episodes(), 3);

  // Row 4: user 1's second step, truncated: the value of what follows still counts.
  const int row = 4;
  EXPECT_EQ(sink.Get<float>(schema, row, transition::kObservation, 0), 1);
  EXPECT_EQ(sink.Get<float>(schema, row, transition::kObservation, 1), 1);
  EXPECT_EQ(sink.Get<float>(schema, row, transition::kNextObservation, 1), 2) << "not the new episode's";
  EXPECT_EQ(sink.Get<int32_t>(schema, row, transition::kSlate, 1), 2);
  EXPECT_EQ(sink.Get<float>(schema, row, transition::kResponse, 1), 1);
  EXPECT_EQ(sink.Get<float>(schema, row, transition::kReward), 2);
  EXPECT_EQ(sink.Get<float>(schema, row, transition::kDiscount), 0.9f);
  EXPECT_EQ(sink.Get<float>(schema, row, transition::kBehaviourProbability), 0.25f);
  EXPECT_EQ(sink.Get<int64_t>(schema, row, transition::kWeightsVersion), 5);
  EXPECT_EQ(sink.Get<int64_t>(schema, row, transition::kWeightsUpdates), 100);
  EXPECT_EQ(sink.Get<int64_t>(schema, row, transition::kCollectedMicros), 1'000'005);
  // User 0 was terminated at both steps.
  EXPECT_EQ(sink.Get<float>(schema, 0, transition::kDiscount), 0);
  EXPECT_EQ(sink.Get<float>(schema, 3, transition::kDiscount), 0);
  EXPECT_EQ(sink.Get<float>(schema, 3, transition::kObservation, 1), 0) << "a new episode began";
}

// Steps are counted as they are played; rows come when they are complete.
TEST(EnvironmentLoopTest, CountsStepsWhoseRowsStillWait) {
  CountingEnvironment environment(6);
  const TransitionOptions options = {.discount = 0.5, .n_step = 3};
  const RowSchema schema = *TransitionSchema(environment.spec(), options);
  StepPolicy policy;
  RowCollector sink;
  EnvironmentLoop loop(environment, policy, schema, options, sink);
  ASSERT_TRUE(loop.Step({}).ok());
  EXPECT_EQ(loop.env_steps(), 6);
  EXPECT_EQ(sink.num_rows(), 1) << "user 0 ends after one step";
  ASSERT_TRUE(loop.Step({}).ok());
  EXPECT_EQ(sink.num_rows(), 1 + 3) << "user 1 ends with both steps, user 0 once more";
  ASSERT_TRUE(loop.Step({}).ok());
  EXPECT_EQ(loop.env_steps(), 18);
  // User 0 once, user 2 ends with three steps, users 3, 4 and 5 have three steps: one row each.
  EXPECT_EQ(sink.num_rows(), 4 + 7);
  EXPECT_EQ(sink.Get<float>(schema, 8, transition::kReward), 1 + 0.5f * 2 + 0.25f * 3);
  EXPECT_EQ(sink.Get<float>(schema, 8, transition::kDiscount), 0.125f);
  EXPECT_EQ(sink.Get<float>(schema, 8, transition::kNextObservation, 1), 3);
}

TEST(EnvironmentLoopTest, PassesOnTheSinksError) {
  CountingEnvironment environment(1);
  StepPolicy policy;
  RowCollector sink;
  sink.next_status_ = absl::CancelledError("closed");
  EnvironmentLoop loop(environment, policy, *TransitionSchema(environment.spec()), {.discount = 0.9}, sink);
  EXPECT_EQ(loop.Step({}).code(), absl::StatusCode::kCancelled);
}

// Users of a session who have left before make no transition.
TEST(EnvironmentLoopTest, LeavesOutWhoWaitsForTheOthers) {
  class Waiting : public CountingEnvironment {
   public:
    using CountingEnvironment::CountingEnvironment;
    absl::Status Step(absl::Span<const int32_t> slates, const StepColumns& out) override {
      std::fill(out.active.begin(), out.active.end(), uint8_t{1});
      out.active[1] = 0;
      return CountingEnvironment::Step(slates, out);
    }
  };
  Waiting environment(3);
  const RowSchema schema = *TransitionSchema(environment.spec());
  StepPolicy policy;
  RowCollector sink;
  EnvironmentLoop loop(environment, policy, schema, {.discount = 0.9}, sink);
  ASSERT_TRUE(loop.Step({}).ok());
  ASSERT_EQ(sink.num_rows(), 2);
  EXPECT_EQ(loop.env_steps(), 2);
  EXPECT_EQ(sink.Get<float>(schema, 0, transition::kObservation, 0), 0);
  EXPECT_EQ(sink.Get<float>(schema, 1, transition::kObservation, 0), 2);
}

TEST(StreamsTest, EvaluationsMeetUsersThatNoActorPlays) {
  for (const int users_per_session : {1, 2, 3, 256}) {
    const uint32_t first = FirstEvaluationStream(users_per_session);
    EXPECT_GE(first, uint32_t{1} << 31) << "what actors get is below: learner/run/stream_ledger.h";
    EXPECT_EQ(first % static_cast<uint32_t>(users_per_session), 0u) << "whole sessions";
  }
}

}  // namespace
}  // namespace recbots

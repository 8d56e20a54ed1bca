#include "common/agents/layers/temporal_aggregation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/policies/greedy_slate.h"
#include "tests/common/policies/acting.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using Floats = std::vector<float>;
using Slate = std::vector<int32_t>;

constexpr size_t kN = 5, kK = 2;

EnvironmentSpec ToySpec(bool features) {
  EnvironmentSpec spec;
  spec.name = "toy";
  spec.num_user_features = 1;
  spec.num_candidates = kN;
  spec.num_candidate_features = features ? 1 : 0;
  spec.slate_size = kK;
  spec.fixed_catalogue = !features;
  spec.response_fields = {"click"};
  spec.min_reward = -2;
  spec.max_reward = 3;
  return spec;
}

// What one user meets in one step. Documents are told apart by their one feature.
struct Moment {
  StreamPosition position;
  Floats observation, candidates;
  float reward = 0;
  bool terminated = false, truncated = false, active = true;
};

// Mostly the documents of largest feature, so that many slates stay; now and then others, or a short slate. A function
// of its input alone.
Slate BaseSlate(const StreamPosition& position, const Floats& candidates) {
  Rng draws(1, Purpose::kTest, position);
  std::vector<double> scores(kN);
  const bool greedy = draws.Uniform() < 0.6;
  for (size_t i = 0; i < kN; ++i) {
    const bool by_feature = greedy && !candidates.empty();
    scores[i] = by_feature ? static_cast<double>(candidates[i]) : draws.Index(greedy ? 1 : 9);
  }
  Slate slate(kK);
  GreedySlate(scores, absl::MakeSpan(slate));
  if (draws.Index(8) == 0) slate[1] = kNoItem;
  return slate;
}

// Plays BaseSlate with probability 0.5 and keeps what it was shown and told.
class Recorder final : public Policy {
 public:
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    ++acts;
    const size_t num_users = input.positions.size(), width = input.observation.size() / num_users;
    observation.resize(num_users);
    positions.assign(input.positions.begin(), input.positions.end());
    for (size_t i = 0; i < num_users; ++i) {
      observation[i].assign(input.observation.begin() + i * width, input.observation.begin() + (i + 1) * width);
      Floats candidates;
      if (!input.candidates.empty()) {
        candidates.assign(input.candidates.begin() + i * kN, input.candidates.begin() + (i + 1) * kN);
      }
      const Slate slate = BaseSlate(positions[i], candidates);
      std::copy(slate.begin(), slate.end(), output.slates.begin() + i * kK);
      output.behaviour_probability[i] = 0.5f;
    }
    std::fill(output.position_probability.begin(), output.position_probability.end(), 0.25f);
  }
  void Observe(const PolicyFeedback& feedback) override {
    told = true;
    const size_t num_users = feedback.reward.size(), width = feedback.next_observation.size() / num_users;
    reward.assign(feedback.reward.begin(), feedback.reward.end());
    active.assign(feedback.active.begin(), feedback.active.end());
    response.assign(feedback.response.begin(), feedback.response.end());
    slates.assign(feedback.slates.begin(), feedback.slates.end());
    ended.resize(num_users);
    next_observation.resize(num_users);
    for (size_t i = 0; i < num_users; ++i) {
      ended[i] = feedback.terminated[i] + 2 * feedback.truncated[i];
      next_observation[i].assign(feedback.next_observation.begin() + i * width,
                                 feedback.next_observation.begin() + (i + 1) * width);
    }
  }

  int acts = 0;
  bool told = false;
  std::vector<Floats> observation, next_observation;
  std::vector<StreamPosition> positions;
  Floats reward, response;
  Slate slates;
  std::vector<uint8_t> active;
  std::vector<int> ended;
};

// The layer for one user, written out: what it should show, ask and tell, step by step.
class Model {
 public:
  Model(const TemporalAggregationOptions& options, bool features) : options_(options), features_(features) {}

  // What is shown; `asked` is set where base decides.
  Slate Show(const Moment& now, bool& asked) {
    if (now.position.step == 0) {
      decisions_ = 0;
      decide_ = true;
      documents_.clear();
      for (size_t k = 0; k < kK; ++k) documents_.push_back(DocumentAt(now.candidates, static_cast<int32_t>(k)));
    }
    asked = decide_;
    if (!decide_) return Positions(now.candidates);
    base_observation = With(now.observation);
    base_step = decisions_;
    decision = BaseSlate({now.position.stream, now.position.episode, decisions_}, now.candidates);
    Floats documents;
    for (const int32_t position : decision) {
      if (position != kNoItem) documents.push_back(DocumentAt(now.candidates, position));
    }
    switched_ = decisions_ > 0 && documents != documents_;
    documents_ = documents;
    rewards_.clear();
    ++decisions_;
    decide_ = false;
    return decision;
  }

  // Whether base is to be told, of what.
  bool Step(const Moment& now, const Moment& next, double& reward, Floats& next_observation) {
    rewards_.push_back(static_cast<double>(now.reward));
    const bool ended = now.terminated || now.truncated;
    const bool full = rewards_.size() == static_cast<size_t>(options_.aggregation_period);
    if (!ended && !full && Positions(next.candidates).size() == kK) return false;
    reward = switched_ ? -options_.switching_cost : 0;
    for (size_t i = 0; i < rewards_.size(); ++i) reward += std::pow(options_.gamma, i) * rewards_[i];
    next_observation = With(next.observation);
    decide_ = true;
    return true;
  }

  Floats base_observation;
  uint32_t base_step = 0;
  Slate decision;

 private:
  float DocumentAt(const Floats& candidates, int32_t position) const {
    return features_ ? candidates[static_cast<size_t>(position)] : static_cast<float>(position);
  }
  Floats With(Floats observation) const {
    if (options_.switching_cost == 0) return observation;
    observation.insert(observation.end(), documents_.begin(), documents_.end());
    observation.resize(1 + kK, features_ ? 0.0f : -1.0f);
    return observation;
  }
  // Empty where a document is gone.
  Slate Positions(const Floats& candidates) const {
    Slate slate;
    for (const float document : documents_) {
      int32_t position = 0;
      while (position < static_cast<int32_t>(kN) && DocumentAt(candidates, position) != document) ++position;
      if (position == static_cast<int32_t>(kN)) return {};
      slate.push_back(position);
    }
    slate.resize(kK, kNoItem);
    return slate;
  }

  const TemporalAggregationOptions options_;
  const bool features_;
  bool decide_ = true, switched_ = false;
  uint32_t decisions_ = 0;
  Floats documents_;
  std::vector<double> rewards_;
};

// A user's life: episodes of different lengths, candidates that are reordered at every step and sometimes replaced, and
// waits for others of a session behind some episodes.
std::vector<Moment> Life(uint32_t user, size_t length, bool features) {
  Rng draws(3, Purpose::kTest, {user, 0, features ? 1U : 0U});
  std::vector<Moment> life;
  Floats pool(kN);
  int next_document = 0, waits = 0;
  StreamPosition position{user, 0, 0};
  for (float& document : pool) document = static_cast<float>(10 * ++next_document);
  while (life.size() < length) {
    for (size_t i = kN; i > 1; --i) std::swap(pool[i - 1], pool[draws.Index(static_cast<uint32_t>(i))]);
    if (draws.Index(4) == 0) pool[draws.Index(kN)] = static_cast<float>(10 * (++next_document % 50));
    Moment now{.position = position, .observation = {static_cast<float>(draws.Index(100))}, .candidates = {}};
    if (features) now.candidates = pool;
    now.active = waits == 0;
    if (now.active) {
      now.reward = static_cast<float>(draws.Uniform(-2, 3));
      now.terminated = draws.Index(12) == 0;
      now.truncated = !now.terminated && draws.Index(12) == 0;
      if (now.terminated || now.truncated) waits = static_cast<int>(draws.Index(3)) + 1;
    }
    if (waits > 0 && --waits == 0) {
      position = {user, position.episode + 1, 0};
    } else {
      ++position.step;
    }
    life.push_back(now);
  }
  return life;
}

struct Columns {
  Floats observation, candidates, next_observation, next_candidates, reward, response;
  std::vector<StreamPosition> positions;
  std::vector<uint8_t> terminated, truncated, active;
};

Columns At(const std::vector<std::vector<Moment>>& lives, size_t t) {
  Columns columns;
  for (const auto& life : lives) {
    const Moment &now = life[t], &next = life[t + 1];
    columns.positions.push_back(now.position);
    columns.observation.push_back(now.observation[0]);
    columns.next_observation.push_back(next.observation[0]);
    columns.candidates.insert(columns.candidates.end(), now.candidates.begin(), now.candidates.end());
    columns.next_candidates.insert(columns.next_candidates.end(), next.candidates.begin(), next.candidates.end());
    columns.reward.push_back(now.reward);
    columns.response.insert(columns.response.end(), {now.reward, 1});
    columns.terminated.push_back(now.terminated ? 1 : 0);
    columns.truncated.push_back(now.truncated ? 1 : 0);
    columns.active.push_back(now.active ? 1 : 0);
  }
  return columns;
}

void CheckAnswer(size_t i, const Moment& now, Model& model, const Recorder& recorder, const testing::Answer& answer) {
  if (!now.active) return;  // Nobody looks at it.
  bool asked = false;
  const Slate shown(answer.slates.data() + i * kK, answer.slates.data() + (i + 1) * kK);
  EXPECT_EQ(shown, model.Show(now, asked));
  EXPECT_EQ(answer.behaviour[i], asked ? 0.5f : 1.0f);
  EXPECT_EQ(answer.position[i * kK], asked ? 0.25f : 1.0f);
  EXPECT_EQ(answer.position[i * kK + 1], asked ? 0.25f : shown[1] == kNoItem ? 0.0f : 1.0f);
  if (!asked) return;
  EXPECT_EQ(recorder.observation[i], model.base_observation);
  EXPECT_EQ(recorder.positions[i].step, model.base_step);
  EXPECT_EQ(recorder.positions[i].episode, now.position.episode);
}

// Returns whether base had to be told.
bool CheckTold(size_t i, const Moment& now, const Moment& next, Model& model, const Recorder& recorder) {
  double reward = 0;
  Floats next_observation;
  const bool over = now.active && model.Step(now, next, reward, next_observation);
  if (!over && !recorder.told) return false;
  EXPECT_EQ(recorder.active[i], over ? 1 : 0);
  EXPECT_EQ(recorder.ended[i], over ? (now.terminated ? 1 : 0) + (now.truncated ? 2 : 0) : 0);
  EXPECT_NEAR(recorder.reward[i], over ? reward : 0, 1e-5);
  EXPECT_EQ(recorder.response[i * kK + 1], over ? 1 : 0);
  if (!over) return false;
  EXPECT_EQ(recorder.next_observation[i], next_observation);
  EXPECT_EQ(Slate(recorder.slates.data() + i * kK, recorder.slates.data() + (i + 1) * kK), model.decision);
  return true;
}

struct Case {
  TemporalAggregationOptions options;
  bool features = true;
};

class TemporalAggregationTraces : public ::testing::TestWithParam<Case> {};

TEST_P(TemporalAggregationTraces, AgreesWithOneUserWrittenOut) {
  const auto& [options, features] = GetParam();
  constexpr size_t kUsers = 7, kSteps = 400;
  auto base = std::make_unique<Recorder>();
  Recorder& recorder = *base;
  auto policy = TemporalAggregation::Create(options, ToySpec(features), std::move(base));
  ASSERT_TRUE(policy.ok()) << policy.status();
  std::vector<std::vector<Moment>> lives;
  std::vector<Model> models;
  for (uint32_t i = 0; i < kUsers; ++i) {
    lives.push_back(Life(i, kSteps + 1, features));
    models.emplace_back(options, features);
  }
  int num_told = 0;
  for (size_t t = 0; t < kSteps && !HasFailure(); ++t) {
    const Columns c = At(lives, t);
    const PolicyInput input{.observation = c.observation, .positions = c.positions, .candidates = c.candidates};
    const testing::Answer answer = testing::Ask(**policy, input, kK);
    for (size_t i = 0; i < kUsers; ++i) CheckAnswer(i, lives[i][t], models[i], recorder, answer);
    recorder.told = false;
    (*policy)->Observe({answer.slates, c.response, c.reward, c.terminated, c.truncated, c.next_observation,
                        c.next_candidates, c.active});
    for (size_t i = 0; i < kUsers; ++i) {
      num_told += CheckTold(i, lives[i][t], lives[i][t + 1], models[i], recorder) ? 1 : 0;
    }
    const Columns after = At(lives, t);
    EXPECT_EQ(c.observation, after.observation);
    EXPECT_EQ(c.candidates, after.candidates);
  }
  EXPECT_GT(num_told, 100);
}

INSTANTIATE_TEST_SUITE_P(Options, TemporalAggregationTraces,
                         ::testing::Values(Case{}, Case{{.aggregation_period = 3}},
                                           Case{{.aggregation_period = 5, .gamma = 0.9}},
                                           Case{{.aggregation_period = 4, .gamma = 0, .switching_cost = 0}},
                                           Case{{.aggregation_period = 3, .gamma = 0.5, .switching_cost = 2.5}, false},
                                           Case{{.aggregation_period = 6, .switching_cost = 0}, false}));

TEST(TemporalAggregationTest, AsksNobodyWhileAllSlatesAreHeld) {
  auto base = std::make_unique<Recorder>();
  Recorder& recorder = *base;
  auto policy = TemporalAggregation::Create({.aggregation_period = 4}, ToySpec(false), std::move(base));
  ASSERT_TRUE(policy.ok()) << policy.status();
  const Floats observation = {1, 2}, response(4), reward(2);
  const std::vector<uint8_t> zeros = {0, 0};
  for (uint32_t t = 0; t < 12; ++t) {
    const std::vector<StreamPosition> positions = {{0, 0, t}, {1, 0, t}};
    const testing::Answer answer = testing::Ask(**policy, {.observation = observation, .positions = positions}, kK);
    EXPECT_EQ(recorder.acts, static_cast<int>(t / 4) + 1);
    (*policy)->Observe({answer.slates, response, reward, zeros, zeros, observation, {}, {}});
  }
}

TEST(TemporalAggregationTest, TellsTheBaseItsEnvironmentAndDiscount) {
  const TemporalAggregationOptions options{.aggregation_period = 2, .gamma = 0.5, .switching_cost = 1};
  const EnvironmentSpec inner = TemporalAggregation::InnerSpec(options, ToySpec(true));
  EXPECT_EQ(inner.num_user_features, 3);
  EXPECT_DOUBLE_EQ(inner.min_reward, -4);
  EXPECT_DOUBLE_EQ(inner.max_reward, 4.5);
  EXPECT_DOUBLE_EQ(TemporalAggregation::BaseDiscount(options), 0.25);
  EXPECT_EQ(TemporalAggregation::InnerSpec({.switching_cost = 0}, ToySpec(true)).num_user_features, 1);
  EXPECT_EQ(TemporalAggregation::InnerSpec({}, ToySpec(false)).num_user_features, 3);
}

TEST(TemporalAggregationTest, RefusesImpossibleOptions) {
  const auto refusal = [](const TemporalAggregationOptions& options) {
    return TemporalAggregation::Create(options, ToySpec(true), std::make_unique<Recorder>()).status().ToString();
  };
  EXPECT_THAT(refusal({.aggregation_period = 0}), HasSubstr("aggregation_period 0, want 1..1000000"));
  EXPECT_THAT(refusal({.gamma = 1.5}), HasSubstr("gamma 1.5, want 0..1"));
  EXPECT_THAT(refusal({.gamma = NAN}), HasSubstr("gamma nan"));
  EXPECT_THAT(refusal({.switching_cost = -1}), HasSubstr("switching_cost -1, want a finite number >= 0"));
  EXPECT_THAT(refusal({.absolute_tolerance = INFINITY}), HasSubstr("absolute_tolerance inf"));
  EXPECT_THAT(refusal({.relative_tolerance = -1e-3}), HasSubstr("relative_tolerance -0.001"));
}

}  // namespace
}  // namespace recbots

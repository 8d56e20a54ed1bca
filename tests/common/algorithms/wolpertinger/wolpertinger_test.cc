#include "common/algorithms/wolpertinger/wolpertinger.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/algorithms/wolpertinger/policy.h"
#include "tests/common/algorithms/wolpertinger/small_problem.h"

namespace recbots {
namespace {

using ::recbots::testing::MakeBatch;
using ::recbots::testing::MakeWeights;
using ::recbots::testing::SmallOptions;

// The losses as textbook formulas for autograd. Everything is scored, so nothing here retrieves or draws.
struct Reference {
  explicit Reference(const WolpertingerNetworks& networks) {
    for (size_t i = 0; i < networks.arena.layout().tensors().size(); ++i) {
      p.push_back(networks.arena[i].to(at::kDouble, /*non_blocking=*/false, /*copy=*/true).set_requires_grad(true));
    }
  }
  at::Tensor Mlp(const at::Tensor& x, size_t first) const {
    const at::Tensor h1 = at::relu(at::linear(x, p[first], p[first + 1]));
    return at::linear(at::relu(at::linear(h1, p[first + 2], p[first + 3])), p[first + 4], p[first + 5]);
  }
  static at::Tensor Unit(const at::Tensor& x) { return x / x.norm(2, at::IntArrayRef{1}, true); }
  at::Tensor Actor(const at::Tensor& s) const { return Unit(Mlp(s, 0)); }
  at::Tensor Value(const at::Tensor& s, const at::Tensor& a, size_t c) const {
    return Mlp(at::cat({s, a}, 1), c == 0 ? 6 : 13).view({-1});
  }
  at::Tensor Embeddings() const { return Unit(p[12]); }
  // [B, I] values of all items.
  at::Tensor AllValues(const at::Tensor& s, size_t c) const {
    std::vector<at::Tensor> values;
    for (int64_t i = 0; i < p[12].size(0); ++i) {
      values.push_back(Value(s, Embeddings()[i].expand({s.size(0), -1}), c));
    }
    return at::stack(values, 1);
  }
  std::vector<at::Tensor> p;
};

// To rounding: of double precision, or of single precision over sums of a few hundred terms.
void CompareWithAutograd(const WolpertingerOptions& options, const at::Tensor& weights) {
  const double tolerance = options.double_precision ? 1e-12 : 5e-5;
  const auto algorithm = Wolpertinger::Create(options).value();
  // Targets that differ from the online networks, and values that are not all next to zero.
  algorithm->target().Initialize(77);
  for (const WolpertingerNetworks* networks : {&algorithm->online(), &algorithm->target()}) {
    for (const Critic& critic : networks->critics) critic.mlp.layers[2].w.mul_(100);
  }
  const Reference online(algorithm->online()), target(algorithm->target());
  TransitionBatch batch = MakeBatch(options, 25);
  batch.importance_weights = weights;
  const at::Tensor w = weights.defined() ? weights.to(at::kDouble) : at::ones({25}, at::TensorOptions(at::kDouble));
  const at::Tensor s = batch.observation.to(at::kDouble), next = batch.next_observation.to(at::kDouble);

  const at::Tensor first = target.AllValues(next, 0);
  const auto [best_value, best] = first.max(1, true);
  at::Tensor value = best_value;
  if (options.twin_critics) value = at::minimum(value, target.AllValues(next, 1).gather(1, best));
  const at::Tensor y = (batch.reward.to(at::kDouble) + batch.discount.to(at::kDouble) * value.view({-1})).detach();
  const at::Tensor shown = online.Embeddings().index_select(0, batch.slate.view({-1}).to(at::kLong));
  const at::Tensor error = online.Value(s, shown, 0) - y;
  at::Tensor td_error = error.abs().detach();
  at::Tensor critic_loss = (w * error.pow(2)).mean();
  if (options.twin_critics) {
    const at::Tensor error2 = online.Value(s, shown, 1) - y;
    td_error = at::maximum(td_error, error2.abs().detach());
    critic_loss = critic_loss + (w * error2.pow(2)).mean();
  }
  critic_loss.backward();
  std::vector<at::Tensor> want(online.p.size());
  for (size_t i = 6; i < want.size(); ++i) want[i] = online.p[i].grad().clone();

  const at::Tensor proto = online.Actor(s);
  at::Tensor actor_loss = at::zeros({}, at::TensorOptions(at::kDouble));
  if (options.actor_objective != ActorObjective::kRegressToBest)
    actor_loss = actor_loss - online.Value(s, proto, 0).mean();
  if (options.actor_objective != ActorObjective::kClimbCritic) {
    const at::Tensor favourite = online.Embeddings().index_select(0, online.AllValues(s, 0).argmax(1)).detach();
    actor_loss = actor_loss + (proto - favourite).pow(2).sum(1).mean();
  }
  actor_loss.backward();
  for (size_t i = 0; i < 6; ++i) want[i] = online.p[i].grad();

  std::vector<float> errors(25, -1);
  ASSERT_TRUE(algorithm->Update(batch, absl::MakeSpan(errors)).ok());
  for (int64_t i = 0; i < 25; ++i) {
    EXPECT_NEAR(errors[static_cast<size_t>(i)], td_error[i].item<double>(), std::max(tolerance, 1e-6)) << i;
  }
  EXPECT_LT((algorithm->target_values() - y).abs().max().item<double>(), tolerance);
  EXPECT_NEAR(algorithm->losses()[0].second, critic_loss.item<double>(), tolerance);
  EXPECT_NEAR(algorithm->losses()[1].second, actor_loss.item<double>(), tolerance);
  for (size_t i = 0; i < want.size(); ++i) {
    const std::string& name = algorithm->online().arena.layout().tensors()[i].name;
    EXPECT_GT(want[i].abs().max().item<double>(), 1e-9) << name;
    EXPECT_LT((algorithm->gradients().arena[i] - want[i]).abs().max().item<double>(), tolerance) << name;
  }
}

TEST(WolpertingerTest, GradientsMatchAutograd) {
  for (const auto objective :
       {ActorObjective::kClimbCritic, ActorObjective::kRegressToBest, ActorObjective::kClimbAndRegress}) {
    for (const bool twin : {false, true}) {
      SCOPED_TRACE(twin);
      WolpertingerOptions options = SmallOptions();
      options.shape.k = options.shape.num_items;
      options.random_candidates = 2;  // They add nothing where everything is scored.
      options.actor_objective = objective;
      options.twin_critics = twin;
      for (const auto& [double_precision, with_libtorch] : {std::pair(true, true), {false, true}, {false, false}}) {
        options.double_precision = double_precision;
        options.with_libtorch = with_libtorch;
        CompareWithAutograd(options, at::Tensor());
        CompareWithAutograd(options, MakeWeights(25));
      }
    }
  }
}

std::string WeightsAfter(const WolpertingerOptions& options, int updates, int64_t rows = 16) {
  const auto algorithm = Wolpertinger::Create(options).value();
  for (int i = 0; i < updates; ++i) {
    EXPECT_TRUE(algorithm->Update(MakeBatch(options, rows, static_cast<uint32_t>(i)), {}).ok());
  }
  EXPECT_EQ(algorithm->updates(), updates);
  return algorithm->EncodeWeights();
}

TEST(WolpertingerTest, SameSeedAndBatchesGiveTheSameBytes) {
  WolpertingerOptions options = SmallOptions();
  for (const auto objective : {ActorObjective::kRegressToBest, ActorObjective::kClimbAndRegress}) {
    options.actor_objective = objective;
    options.twin_critics = objective == ActorObjective::kClimbAndRegress;
    options.target_noise = options.twin_critics ? 0.2 : 0;
    for (const bool with_libtorch : {true, false}) {
      options.with_libtorch = with_libtorch;
      EXPECT_EQ(WeightsAfter(options, 50), WeightsAfter(options, 50));
    }
  }
  WolpertingerOptions other = options;
  other.seed = 6;
  EXPECT_NE(WeightsAfter(options, 5), WeightsAfter(other, 5));
}

TEST(WolpertingerTest, EqualWeightsAreLikeNoneAndAskingForErrorsChangesNothing) {
  for (const auto& [twin, with_libtorch] : {std::pair(false, false), {true, false}, {false, true}, {true, true}}) {
    WolpertingerOptions options = SmallOptions();
    options.actor_objective = ActorObjective::kClimbAndRegress;
    options.twin_critics = twin;
    options.with_libtorch = with_libtorch;
    const auto plain = Wolpertinger::Create(options).value();
    const auto asked = Wolpertinger::Create(options).value();
    const auto weighted = Wolpertinger::Create(options).value();
    std::vector<float> errors(16);
    for (uint32_t i = 0; i < 20; ++i) {
      TransitionBatch batch = MakeBatch(options, 16, i);
      ASSERT_TRUE(plain->Update(batch, {}).ok());
      ASSERT_TRUE(asked->Update(batch, absl::MakeSpan(errors)).ok());
      batch.importance_weights = at::ones({16}, at::TensorOptions(at::kFloat));
      ASSERT_TRUE(weighted->Update(batch, {}).ok());
    }
    EXPECT_EQ(plain->EncodeWeights(), asked->EncodeWeights());
    const at::Tensor difference = plain->online().arena.flat() - weighted->online().arena.flat();
    EXPECT_LT(difference.abs().max().item<double>(), 1e-5);
  }
}

// A row of weight 0 may hold anything: the critics' gradient is that of the others.
TEST(WolpertingerTest, RowsOfWeightZeroTeachTheCriticsNothing) {
  WolpertingerOptions options = SmallOptions();
  options.random_candidates = 0;  // They are drawn by row.
  options.double_precision = true;
  const auto one = Wolpertinger::Create(options).value();
  const auto two = Wolpertinger::Create(options).value();
  TransitionBatch batch = MakeBatch(options, 8);
  batch.importance_weights = at::ones({8}, at::TensorOptions(at::kFloat));
  batch.importance_weights[5] = 0;
  ASSERT_TRUE(one->Update(batch, {}).ok());
  batch.reward[5] = 1000;
  batch.observation[5].mul_(-3);
  batch.slate[5] = (batch.slate[5] + 1).remainder(options.shape.num_items);
  ASSERT_TRUE(two->Update(batch, {}).ok());
  const at::Tensor difference = one->gradients().arena.Range(6, 13) - two->gradients().arena.Range(6, 13);
  EXPECT_LT(difference.abs().max().item<double>(), 1e-15);
}

TEST(WolpertingerTest, ErrorsSayWhereTheNetworksHaveDiverged) {
  WolpertingerOptions options = SmallOptions();
  for (const auto& [twin, with_libtorch] : {std::pair(false, false), {true, false}, {false, true}, {true, true}}) {
    options.twin_critics = twin;
    options.with_libtorch = with_libtorch;
    const auto algorithm = Wolpertinger::Create(options).value();
    TransitionBatch batch = MakeBatch(options, 4);
    batch.reward[2] = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> errors(4);
    ASSERT_TRUE(algorithm->Update(batch, absl::MakeSpan(errors)).ok());
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(std::isnan(errors[i]), i == 2) << i;
    ASSERT_TRUE(algorithm->Update(MakeBatch(options, 4, 1), absl::MakeSpan(errors)).ok());
    for (const float error : errors) EXPECT_TRUE(std::isnan(error)) << "the second critic's count as well";
  }
}

TEST(WolpertingerTest, EveryOptionChangesTheResult) {
  const WolpertingerOptions base = SmallOptions();
  const std::function<void(WolpertingerOptions&)> changes[] = {
      [](auto&) {},
      [](auto& o) { o.shape.k = 1; },
      [](auto& o) { o.shape.search_space = SearchSpace::kRaw; },
      [](auto& o) { o.random_candidates = 0; },
      [](auto& o) { o.actor_objective = ActorObjective::kClimbCritic; },
      [](auto& o) { o.actor_objective = ActorObjective::kClimbAndRegress; },
      [](auto& o) { o.learning_rate = 0.01; },
      [](auto& o) { o.tau = 0.5; },
      [](auto& o) { o.twin_critics = true; },
      [](auto& o) { o.actor_delay = 2; },
      [](auto& o) { o.target_noise = 0.5; },
  };
  std::set<std::string> results;
  for (const auto& change : changes) {
    WolpertingerOptions options = base;
    change(options);
    results.insert(WeightsAfter(options, 20));
  }
  EXPECT_EQ(results.size(), std::size(changes));
}

TEST(WolpertingerTest, TheActorWaitsForItsTurn) {
  WolpertingerOptions options = SmallOptions();
  options.actor_delay = 3;
  for (const bool with_libtorch : {true, false}) {
    options.with_libtorch = with_libtorch;
    const auto algorithm = Wolpertinger::Create(options).value();
    at::Tensor actor = algorithm->online().arena.Range(0, 6).clone();
    double actor_loss = 0;
    for (int i = 1; i <= 7; ++i) {
      const at::Tensor critic = algorithm->online().arena.Range(6, 13).clone();
      ASSERT_TRUE(algorithm->Update(MakeBatch(options, 8 + i % 2, static_cast<uint32_t>(i)), {}).ok());
      EXPECT_EQ(!algorithm->online().arena.Range(0, 6).equal(actor), i % 3 == 0) << i;
      EXPECT_EQ(algorithm->gradients().arena.Range(0, 6).abs().max().item<double>() > 0, i % 3 == 0) << i;
      EXPECT_EQ(algorithm->losses()[1].second != actor_loss, i % 3 == 0) << i << ": that of the newest one stays";
      EXPECT_FALSE(algorithm->online().arena.Range(6, 13).equal(critic)) << i;
      actor = algorithm->online().arena.Range(0, 6).clone();
      actor_loss = algorithm->losses()[1].second;
    }
  }
}

TEST(WolpertingerTest, TargetsMoveByTau) {
  for (const double tau : {0.0, 0.25, 1.0}) {
    WolpertingerOptions options = SmallOptions();
    options.tau = tau;
    options.double_precision = true;
    const auto algorithm = Wolpertinger::Create(options).value();
    EXPECT_TRUE(algorithm->target().arena.flat().equal(algorithm->online().arena.flat()));
    algorithm->target().Initialize(9);
    const at::Tensor before = algorithm->target().arena.flat().clone();
    ASSERT_TRUE(algorithm->Update(MakeBatch(options, 8), {}).ok());
    const at::Tensor want = before * (1 - tau) + algorithm->online().arena.flat() * tau;
    EXPECT_LT((algorithm->target().arena.flat() - want).abs().max().item<double>(), 1e-15);
  }
}

// The maximum over more candidates is not smaller: the k nearest are among the k + 1 nearest.
TEST(WolpertingerTest, TargetsAreAtLeastThoseOfFewerCandidates) {
  WolpertingerOptions options = SmallOptions();
  options.double_precision = true;
  const TransitionBatch batch = MakeBatch(options, 64);
  at::Tensor fewer;
  for (const int k : {1, 3, 6, 9}) {
    options.shape.k = k;
    options.random_candidates = 0;
    const auto algorithm = Wolpertinger::Create(options).value();
    ASSERT_TRUE(algorithm->Update(batch, {}).ok());
    const at::Tensor targets = algorithm->target_values().clone();
    if (fewer.defined()) {
      EXPECT_TRUE(targets.ge(fewer - 1e-12).all().item<bool>()) << k;
    }
    fewer = targets;
  }
}

TEST(WolpertingerTest, TheSecondCriticOnlyLowersTargets) {
  WolpertingerOptions options = SmallOptions();
  options.double_precision = true;
  const TransitionBatch batch = MakeBatch(options, 64);
  const auto one = Wolpertinger::Create(options).value();
  options.twin_critics = true;
  const auto two = Wolpertinger::Create(options).value();
  ASSERT_TRUE(one->Update(batch, {}).ok());
  ASSERT_TRUE(two->Update(batch, {}).ok());
  EXPECT_TRUE(two->target_values().le(one->target_values() + 1e-12).all().item<bool>());
  EXPECT_TRUE(two->target_values().lt(one->target_values() - 1e-9).any().item<bool>());
}

TEST(WolpertingerTest, WeightsPlayTheSameInThePolicy) {
  const WolpertingerOptions options = SmallOptions();
  const auto algorithm = Wolpertinger::Create(options).value();
  for (uint32_t i = 0; i < 200; ++i) ASSERT_TRUE(algorithm->Update(MakeBatch(options, 32, i), {}).ok());
  const auto policy = WolpertingerPolicy::Create({.shape = options.shape}).value();
  ASSERT_TRUE(policy->SetWeights(algorithm->EncodeWeights()).ok());

  const Reference networks(algorithm->online());
  const at::Tensor observation = MakeBatch(options, 100, 1000).observation;
  const at::Tensor proto = networks.Actor(observation.to(at::kDouble));
  const at::Tensor values = networks.AllValues(observation.to(at::kDouble), 0);
  const at::Tensor nearest = std::get<1>(at::cdist(proto, networks.Embeddings()).topk(4, 1, /*largest=*/false));
  for (int64_t row = 0; row < 100; ++row) {
    const auto explanation = policy->Explain({observation[row].data_ptr<float>(), 7});
    for (int64_t e = 0; e < 3; ++e) {
      EXPECT_NEAR(explanation.proto_action[static_cast<size_t>(e)], proto[row][e].item<double>(), 1e-5);
    }
    for (int64_t c = 0; c < 4; ++c) {
      const int32_t item = explanation.candidates[static_cast<size_t>(c)];
      EXPECT_EQ(item, nearest[row][c].item<int64_t>());
      EXPECT_NEAR(explanation.values[static_cast<size_t>(c)], values[row][item].item<double>(), 1e-5);
    }
  }
}

// The browsing task with fresh, uniformly random transitions: item 3 i + 1 (mod 10) is accepted with probability 0.95
// on document i, the others with 0.1.
TransitionBatch BrowsingBatch(int64_t rows, uint64_t seed, uint32_t update) {
  Rng rng(seed, Purpose::kTest, {.step = update});
  const at::TensorOptions floats(at::kFloat);
  TransitionBatch batch = {at::zeros({rows, 10}, floats), at::zeros({rows, 10}, floats),
                           at::zeros({rows, 1}, at::TensorOptions(at::kInt)), at::zeros({rows}, floats),
                           at::zeros({rows}, floats)};
  for (int64_t row = 0; row < rows; ++row) {
    const uint32_t document = rng.Index(10), item = rng.Index(10);
    const bool accepted = rng.Uniform() < (item == (3 * document + 1) % 10 ? 0.95 : 0.1);
    const uint32_t next = accepted ? item : rng.Index(10);
    const bool left = rng.Uniform() < (accepted ? 0.1 : 0.2);
    batch.observation.data_ptr<float>()[row * 10 + document] = 1;
    batch.next_observation.data_ptr<float>()[row * 10 + next] = 1;
    batch.slate.data_ptr<int32_t>()[row] = static_cast<int32_t>(item);
    batch.reward.data_ptr<float>()[row] = accepted ? 1.0f : 0.0f;
    batch.discount.data_ptr<float>()[row] = left ? 0.0f : 0.99f;
  }
  return batch;
}

TEST(WolpertingerTest, LearnsTheBrowsingTaskWithHalfOfTheItemsRetrieved) {
  for (const uint64_t seed : {1, 2, 3}) {
    WolpertingerOptions options;
    options.shape = {.num_user_features = 10, .num_items = 10, .k = 5};
    options.seed = seed;
    const auto algorithm = Wolpertinger::Create(options).value();
    for (uint32_t i = 0; i < 3000; ++i) ASSERT_TRUE(algorithm->Update(BrowsingBatch(32, seed, i), {}).ok());
    const auto policy = WolpertingerPolicy::Create({.shape = options.shape}).value();
    ASSERT_TRUE(policy->SetWeights(algorithm->EncodeWeights()).ok());
    for (int document = 0; document < 10; ++document) {
      std::vector<float> observation(10);
      observation[static_cast<size_t>(document)] = 1;
      EXPECT_EQ(policy->Explain(observation).best, (3 * document + 1) % 10) << "seed " << seed << " on " << document;
    }
  }
}

// Six states in a ring, where no item changes anything: the reward of state s is s, the next one s + 1 (mod 6). The
// value of a state has a closed form, which rows of n steps must lead to whatever n is.
TEST(WolpertingerTest, LearnsTheExactValuesFromRowsOfSeveralSteps) {
  constexpr int kStates = 6, kItems = 3, kRows = kStates * kItems;
  constexpr double kDiscount = 0.8;
  std::vector<double> exact(kStates);
  for (int s = 0; s < kStates; ++s) {
    double round = 0;
    for (int i = 0; i < kStates; ++i) round += std::pow(kDiscount, i) * ((s + i) % kStates);
    exact[static_cast<size_t>(s)] = round / (1 - std::pow(kDiscount, kStates));
  }
  for (const int n_step : {1, 3, 5}) {
    WolpertingerOptions options;
    options.shape = {.num_user_features = kStates, .num_items = kItems, .k = 2};
    options.learning_rate = 0.003;
    options.tau = 0.05;
    TransitionBatch batch = {at::zeros({kRows, kStates}), at::zeros({kRows, kStates}),
                             at::zeros({kRows, 1}, at::TensorOptions(at::kInt)), at::zeros({kRows}),
                             at::full({kRows}, std::pow(kDiscount, n_step))};
    for (int row = 0; row < kRows; ++row) {
      const int state = row % kStates;
      batch.observation[row][state] = 1;
      batch.next_observation[row][(state + n_step) % kStates] = 1;
      batch.slate[row][0] = row / kStates;
      double reward = 0;
      for (int i = 0; i < n_step; ++i) reward += std::pow(kDiscount, i) * ((state + i) % kStates);
      batch.reward[row] = reward;
    }
    const auto algorithm = Wolpertinger::Create(options).value();
    for (int i = 0; i < 4000; ++i) ASSERT_TRUE(algorithm->Update(batch, {}).ok());
    const auto policy = WolpertingerPolicy::Create({.shape = options.shape}).value();
    ASSERT_TRUE(policy->SetWeights(algorithm->EncodeWeights()).ok());
    for (int s = 0; s < kStates; ++s) {
      std::vector<float> observation(kStates);
      observation[static_cast<size_t>(s)] = 1;
      for (const float value : policy->Explain(observation).values) {
        EXPECT_NEAR(value, exact[static_cast<size_t>(s)], 0.02 * exact[static_cast<size_t>(s)]) << n_step << " " << s;
      }
    }
  }
}

class WolpertingerRefusalTest : public ::testing::TestWithParam<bool> {};

TEST_P(WolpertingerRefusalTest, RefusesBatchesThatDoNotFitAndChangesNothing) {
  WolpertingerOptions options = SmallOptions();
  options.with_libtorch = GetParam();
  const auto algorithm = Wolpertinger::Create(options).value();
  const std::string before = algorithm->EncodeWeights();
  const auto refused = [&](const std::function<void(TransitionBatch&)>& change, const std::string& message) {
    TransitionBatch batch = MakeBatch(options, 8);
    change(batch);
    const absl::Status status = algorithm->Update(batch, {});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(message));
  };
  refused([](auto& b) { b.observation = at::zeros({8, 6}); }, "observation is Float [8, 6], want Float [8, 7]");
  refused([](auto& b) { b.next_observation = at::zeros({7, 7}); }, "next_observation is Float [7, 7]");
  refused([](auto& b) { b.observation = at::Tensor(); }, "observation is undefined, want Float [8, 7]");
  refused([](auto& b) { b.slate = at::zeros({8, 1}); }, "slate is Float [8, 1], want Int [8, 1]");
  refused([](auto& b) { b.slate[3][0] = 9; }, "slate[3] is item 9, want 0..8");
  refused([](auto& b) { b.slate[3][0] = -1; }, "slate[3] is item -1");
  refused([](auto& b) { b.discount = at::Tensor(); }, "discount is undefined");
  refused([](auto& b) { b.reward = at::zeros({0}); }, "at least 1 row");
  refused(
      [](auto& b) {
        b.importance_weights = at::ones({8, 1});
      },
      "importance_weights is Float [8, 1], want Float [8]");
  refused([](auto& b) { b.importance_weights = at::ones({8}, at::kDouble); }, "importance_weights is Double [8]");
  refused([](auto& b) { b.importance_weights = MakeWeights(8).sub(0.5); }, "want a finite number of at least 0");
  refused([](auto& b) { b.importance_weights = at::full({8}, std::nan("")); }, "importance_weights[0] is nan");
  std::vector<float> errors(7);
  const absl::Status status = algorithm->Update(MakeBatch(options, 8), absl::MakeSpan(errors));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("room for 7 TD errors, want 8 (rows) or 0"));
  EXPECT_EQ(algorithm->updates(), 0);
  EXPECT_EQ(algorithm->EncodeWeights(), before);
}

INSTANTIATE_TEST_SUITE_P(WithLibTorch, WolpertingerRefusalTest, ::testing::Bool());

}  // namespace
}  // namespace recbots

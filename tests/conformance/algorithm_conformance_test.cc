// What every algorithm must do. The list of algorithms drives it: each is tried with its defaults by itself, and one
// without a case whose values are known fails.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "absl/strings/match.h"
#include "common/algorithms/algorithm_list.h"
#include "common/algorithms/make_algorithm.h"
#include "common/algorithms/make_policy.h"
#include "common/base/random.h"
#include "common/inference/weights.h"
#include "tests/conformance/algorithm_cases.h"
#include "tests/support/plain_network.h"

namespace recbots {
namespace {

using testing::AllCases;
using testing::Case;
using testing::ConfigOf;
using testing::Find;
using testing::FindIn;
using testing::kItems;
using testing::kRows;
using testing::kTwoHotRange;
using testing::kUser;
using testing::MakeBatch;
using testing::MeanOf;
using testing::NameOf;
using testing::Outputs;
using testing::RunMlp;
using testing::SpecOf;
using testing::Users;
using testing::Value;

std::unique_ptr<Algorithm> Make(const Case& c, uint64_t seed = 1) {
  auto algorithm = MakeAlgorithm(ConfigOf(c), SpecOf(c), {.seed = seed});
  EXPECT_TRUE(algorithm.ok()) << algorithm.status().message();
  return *std::move(algorithm);
}

void Learn(Algorithm& algorithm, const Case& c, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; ++i) {
    std::vector<float> td_errors(kRows);
    const absl::Status status = algorithm.Update(MakeBatch(c, i), absl::MakeSpan(td_errors));
    ASSERT_TRUE(status.ok()) << status.message();
  }
}

class AlgorithmConformanceTest : public ::testing::TestWithParam<Case> {};

TEST(AlgorithmConformanceListTest, EveryAlgorithmHasACaseWhoseValuesAreKnown) {
  std::set<std::string> covered;
  for (const Case& c : AllCases()) {
    if (!c.network.empty()) covered.insert(c.config.substr(0, c.config.find(' ')));
  }
  for (const std::string& name : AlgorithmNames()) {
    EXPECT_TRUE(covered.contains(name)) << "no case in AllCases for " << name;
  }
}

TEST_P(AlgorithmConformanceTest, GivesTheSameBytesForTheSameSeed) {
  const auto one = Make(GetParam()), same = Make(GetParam()), other = Make(GetParam(), /*seed=*/2);
  for (Algorithm* algorithm : {one.get(), same.get(), other.get()}) Learn(*algorithm, GetParam(), 0, 20);
  EXPECT_EQ(one->SaveState(), same->SaveState());
  EXPECT_EQ(one->EncodeWeights(), same->EncodeWeights());
  EXPECT_NE(one->EncodeWeights(), other->EncodeWeights());
  EXPECT_EQ(one->updates(), 20);
}

// The rows of a view of one catalogue are the same memory (TransitionBatch::candidates).
TEST_P(AlgorithmConformanceTest, ACatalogueTeachesTheSameAsRowsThatHoldIt) {
  const std::unique_ptr<Algorithm> of_rows = Make(GetParam()), of_catalogue = Make(GetParam());
  const at::Tensor catalogue = at::eye(kItems);
  for (uint32_t i = 0; i < 5; ++i) {
    TransitionBatch batch = MakeBatch(GetParam(), i);
    ASSERT_TRUE(of_rows->Update(batch, {}).ok());
    batch.candidates = batch.next_candidates = catalogue.unsqueeze(0).expand({kRows, -1, -1});
    ASSERT_TRUE(of_catalogue->Update(batch, {}).ok());
  }
  EXPECT_EQ(of_catalogue->SaveState(), of_rows->SaveState());
}

TEST_P(AlgorithmConformanceTest, ARefusedBatchChangesNothing) {
  const auto algorithm = Make(GetParam());
  Learn(*algorithm, GetParam(), 0, 3);
  const std::string before = algorithm->SaveState();
  const auto expect_refused = [&](const TransitionBatch& batch, size_t num_errors) {
    std::vector<float> td_errors(num_errors);
    const absl::Status status = algorithm->Update(batch, absl::MakeSpan(td_errors));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status.message();
    EXPECT_EQ(algorithm->SaveState(), before);
  };
  expect_refused(MakeBatch(GetParam(), 9), kRows - 1);
  TransitionBatch batch = MakeBatch(GetParam(), 9);
  batch.slate.data_ptr<int32_t>()[batch.slate.numel() - 1] = kItems;
  expect_refused(batch, kRows);
  batch = MakeBatch(GetParam(), 9);
  batch.importance_weights = at::ones({kRows});
  batch.importance_weights.data_ptr<float>()[kRows - 1] = -1;
  expect_refused(batch, kRows);
  batch = MakeBatch(GetParam(), 9);
  batch.observation = at::ones({kRows, kUser + 1});
  expect_refused(batch, kRows);
}

TEST_P(AlgorithmConformanceTest, GoesOnWithTheSameBytesAfterSaveAndLoad) {
  const auto first = Make(GetParam());
  Learn(*first, GetParam(), 0, 7);
  const std::string saved = first->SaveState();
  // Neither its seed's parameters nor what it learnt before must be left of the one that loads.
  const auto second = Make(GetParam());
  Learn(*second, GetParam(), 50, 53);
  const absl::Status loaded = second->LoadState(saved);
  ASSERT_TRUE(loaded.ok()) << loaded.message();
  EXPECT_EQ(second->updates(), 7);
  EXPECT_EQ(second->EncodeWeights(), first->EncodeWeights());
  for (Algorithm* algorithm : {first.get(), second.get()}) Learn(*algorithm, GetParam(), 7, 27);
  EXPECT_EQ(second->SaveState(), first->SaveState());
  EXPECT_EQ(second->losses(), first->losses());
}

// With a schedule that ends at 0 before the first step, no network of any algorithm moves.
TEST_P(AlgorithmConformanceTest, EveryNetworkFollowsTheLearningRateOfTheOptimizer) {
  Case still = GetParam();
  const size_t own = still.config.find(" optimizer {");
  still.config = still.config.substr(0, own) + " optimizer { schedule: LINEAR decay_steps: 1 }";
  const auto algorithm = Make(still);
  const std::string before = algorithm->EncodeWeights();
  Learn(*algorithm, still, 0, 5);
  EXPECT_EQ(algorithm->EncodeWeights(), before);
  EXPECT_EQ(algorithm->updates(), 5);
  int rates = 0, norms = 0;
  for (const auto& [name, value] : algorithm->losses()) {
    if (absl::EndsWith(name, "_learning_rate")) {
      EXPECT_EQ(value, 0) << name;
      ++rates;
    } else if (absl::EndsWith(name, "_gradient_norm")) {
      EXPECT_GE(value, 0) << name;
      norms += value > 0 ? 1 : 0;
    }
  }
  EXPECT_GE(rates, 1);
  EXPECT_GE(norms, 1);
}

// The mean of the parameters after each update, with weights that fall with their age; learning knows nothing of it.
TEST_P(AlgorithmConformanceTest, AnAverageIsOfTheWeightsAfterEachUpdateAndGoesOnAfterSaveAndLoad) {
  constexpr double kKeep = 0.8;
  constexpr uint32_t kUpdates = 12;
  const auto plain = Make(GetParam()), averaged = Make(GetParam()), resumed = Make(GetParam());
  for (Algorithm* algorithm : {averaged.get(), resumed.get()}) algorithm->AverageWeights(kKeep);
  EXPECT_EQ(averaged->EncodeWeights(), plain->EncodeWeights()) << "of no update";
  std::vector<std::vector<double>> sums;
  double weights = 0;
  for (uint32_t i = 0; i < kUpdates; ++i) {
    for (Algorithm* algorithm : {plain.get(), averaged.get()}) Learn(*algorithm, GetParam(), i, i + 1);
    const std::vector<NamedTensor> now = DecodeTensors(plain->EncodeWeights()).value();
    sums.resize(now.size());
    for (size_t t = 0; t < now.size(); ++t) {
      sums[t].resize(now[t].values.size());
      for (size_t j = 0; j < sums[t].size(); ++j) sums[t][j] = kKeep * sums[t][j] + double{now[t].values[j]};
    }
    weights = kKeep * weights + 1;
    if (i == 0) {
      EXPECT_EQ(averaged->EncodeWeights(), plain->EncodeWeights()) << "of one update";
    }
    if (i == 6) {
      ASSERT_TRUE(resumed->LoadState(averaged->SaveState()).ok());
    }
    if (i > 6) Learn(*resumed, GetParam(), i, i + 1);
  }
  EXPECT_EQ(averaged->losses(), plain->losses());
  EXPECT_EQ(resumed->SaveState(), averaged->SaveState());
  EXPECT_EQ(resumed->EncodeWeights(), averaged->EncodeWeights());
  EXPECT_NE(averaged->EncodeWeights(), plain->EncodeWeights());
  const std::vector<NamedTensor> average = DecodeTensors(averaged->EncodeWeights()).value();
  for (size_t t = 0; t < sums.size(); ++t) {
    for (size_t j = 0; j < sums[t].size(); ++j) {
      const double want = sums[t][j] / weights;
      ASSERT_NEAR(average[t].values[j], want, 1e-6 * (1 + std::abs(want))) << average[t].name << " " << j;
    }
  }
  TrainingState copy;
  averaged->CopyState(copy);
  EXPECT_EQ(copy.Save(), averaged->SaveState());
  EXPECT_FALSE(plain->LoadState(averaged->SaveState()).ok()) << "there is no place for an average";
  EXPECT_FALSE(averaged->LoadState(plain->SaveState()).ok()) << "there is no average";
}

TEST_P(AlgorithmConformanceTest, RefusesTheStateOfEveryOtherShapeAndDamage) {
  const auto algorithm = Make(GetParam());
  const std::string before = algorithm->SaveState();
  for (size_t i = 0; i < before.size(); i += 997) {
    std::string damaged = before;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_EQ(algorithm->LoadState(damaged).code(), absl::StatusCode::kInvalidArgument) << i;
  }
  EnvironmentSpec wider = SpecOf(GetParam());
  wider.num_user_features = kUser + 100;
  const auto other = MakeAlgorithm(ConfigOf(GetParam()), wider, {.seed = 1}).value();
  const absl::Status status = algorithm->LoadState(other->SaveState());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  // Inputs of the first network: the user's, perhaps those of one or two items, and of none.
  EXPECT_THAT(std::string(status.message()), ::testing::ContainsRegex(", 1[01][0-9]\\], want "));
  EXPECT_EQ(algorithm->SaveState(), before);
}

Value ValueOf(const std::string& network, const std::vector<NamedTensor>& tensors, const float* user, int item) {
  std::vector<double> in(user, user + kUser);
  if (network == "critic") {
    const NamedTensor& embeddings = Find(tensors, "embeddings");
    const auto size = static_cast<size_t>(embeddings.shape[1]);
    const float* e = embeddings.values.data() + static_cast<size_t>(item) * size;
    double square = 0;
    for (size_t i = 0; i < size; ++i) square += double{e[i]} * double{e[i]};
    for (size_t i = 0; i < size; ++i) in.push_back(double{e[i]} / std::sqrt(square));
    const Outputs outputs = RunMlp(tensors, network, in);
    return {outputs.values[0], 2 * outputs.rounding};  // The unit embedding is rounded too.
  }
  for (int i = 0; i < kItems; ++i) in.push_back(i == item ? 1 : 0);
  const auto inputs = static_cast<size_t>(Find(tensors, NameOf(tensors, "q") + ".w1").shape[1]);
  in.resize(inputs, 0.0);  // The input of no click.
  Outputs outputs = RunMlp(tensors, "q", in);
  if (FindIn(tensors, NameOf(tensors, "v") + ".w1") != nullptr) {
    const Outputs of_user = RunMlp(tensors, "v", {user, user + kUser});
    for (size_t i = 0; i < outputs.values.size(); ++i) outputs.values[i] += of_user.values[i];
    outputs.rounding += of_user.rounding;
  }
  return MeanOf(tensors, outputs, kTwoHotRange);
}

TEST_P(AlgorithmConformanceTest, TdErrorsAreThoseOfTheEncodedWeightsBeforeTheStep) {
  if (GetParam().network.empty()) GTEST_SKIP() << "several networks make the TD errors";
  const auto algorithm = Make(GetParam());
  Learn(*algorithm, GetParam(), 0, 20);
  const std::vector<NamedTensor> tensors = DecodeTensors(algorithm->EncodeWeights()).value();
  TransitionBatch batch = MakeBatch(GetParam(), 99);
  batch.discount.zero_();
  batch.importance_weights = at::full({kRows}, 0.25);
  std::vector<float> td_errors(kRows);
  ASSERT_TRUE(algorithm->Update(batch, absl::MakeSpan(td_errors)).ok());
  for (size_t row = 0; row < kRows; ++row) {
    const float* user = batch.observation.data_ptr<float>() + row * kUser;
    const Value q = ValueOf(GetParam().network, tensors, user, batch.slate.data_ptr<int32_t>()[row]);
    const double reward = batch.reward.data_ptr<float>()[row];
    EXPECT_NEAR(td_errors[row], std::abs(q.value - reward), q.rounding + 0x1p-22 * (1 + std::abs(reward)));
  }
}

// Greedy items for `users`.
std::vector<int32_t> Act(const Case& c, const Algorithm& algorithm, const at::Tensor& users) {
  const auto rows = static_cast<size_t>(users.size(0));
  auto policy = MakePolicy(ConfigOf(c), SpecOf(c), static_cast<int>(rows), /*seed=*/1).value();
  EXPECT_TRUE(policy->SetWeights(algorithm.EncodeWeights()).ok());
  policy->SetPolicyShare(1);
  const at::Tensor items = at::eye(kItems).expand({users.size(0), kItems, kItems}).contiguous();
  const std::vector<StreamPosition> positions(rows);
  std::vector<int32_t> slates(rows * static_cast<size_t>(c.slate_size));
  std::vector<float> probability(rows);
  policy->Act({.observation = {users.data_ptr<float>(), rows * kUser},
               .positions = positions,
               .candidates = {items.data_ptr<float>(), rows * kItems * kItems}},
              {.slates = absl::MakeSpan(slates), .behaviour_probability = absl::MakeSpan(probability)});
  for (const float p : probability) EXPECT_EQ(p, 1);
  return slates;
}

TEST_P(AlgorithmConformanceTest, ItsPolicyShowsWhatTheEncodedNetworkValuesMost) {
  if (GetParam().network.empty()) GTEST_SKIP() << "another network has a say";
  const auto algorithm = Make(GetParam());
  Learn(*algorithm, GetParam(), 0, 20);
  const std::vector<NamedTensor> tensors = DecodeTensors(algorithm->EncodeWeights()).value();
  Rng rng(8, Purpose::kTest, {});
  const at::Tensor users = Users(rng, 200);
  const std::vector<int32_t> shown = Act(GetParam(), *algorithm, users);
  size_t clear = 0;
  for (size_t user = 0; user < shown.size(); ++user) {
    std::vector<Value> values;
    for (int item = 0; item < kItems; ++item) {
      values.push_back(ValueOf(GetParam().network, tensors, users.data_ptr<float>() + user * kUser, item));
    }
    const Value mine = values[static_cast<size_t>(shown[user])];
    size_t close = 0;
    for (const Value& other : values) {
      const double tolerance = 4 * (mine.rounding + other.rounding);  // Click weights round too.
      EXPECT_GE(mine.value, other.value - tolerance) << "user " << user;
      close += mine.value - other.value < tolerance ? 1 : 0;
    }
    clear += close == 1 ? 1 : 0;
  }
  EXPECT_GT(clear, shown.size() * 9 / 10) << "of most users the test tells the best item from the others";
}

TEST_P(AlgorithmConformanceTest, LearnsABandit) {
  if (GetParam().slate_size != 1) GTEST_SKIP() << "arms are single items";
  constexpr double kNoise = 0.1;
  constexpr uint32_t kUpdates = 400;
  constexpr double kMeans[kItems] = {0.4, 0.8, 0.2, 1.0, 0.6};
  const auto algorithm = Make(GetParam());
  for (uint32_t i = 0; i < kUpdates; ++i) {
    TransitionBatch batch = MakeBatch(GetParam(), i);
    batch.discount.zero_();
    for (int64_t row = 0; row < kRows; ++row) {
      float& reward = batch.reward.data_ptr<float>()[row];
      reward = static_cast<float>(kMeans[batch.slate.data_ptr<int32_t>()[row]] + kNoise * double{reward});
    }
    ASSERT_TRUE(algorithm->Update(batch, {}).ok());
  }
  // The mean of an arm's n rewards is within 5 noise / sqrt(n) of the truth, so two arms are told apart by twice that.
  const double tolerance = 2 * 5 * kNoise / std::sqrt(kUpdates * kRows / kItems);
  ASSERT_LT(tolerance, 0.2) << "less than what the best arm is ahead by";
  Rng rng(9, Purpose::kTest, {});
  for (const int32_t item : Act(GetParam(), *algorithm, Users(rng, 100)))
    EXPECT_GE(kMeans[item], 1.0 - tolerance) << item;
}

INSTANTIATE_TEST_SUITE_P(EveryAlgorithm, AlgorithmConformanceTest, ::testing::ValuesIn(AllCases()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace recbots

#include "common/algorithms/slate_q/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/common/policies/acting.h"
#include "tests/support/naive_mlp.h"

namespace recbots {
namespace {

using testing::Ask;
using testing::FirstSteps;
using testing::Normals;

constexpr size_t kUser = 5, kItem = 3, kCandidates = 9, kSlate = 3;

struct Kind {
  bool features = true;
  bool learned = false;
  bool none_is_zero = false;
  bool dueling = false;
  bool cascade = false;
  int k = 0;
  SlateRule serving = SlateRule::kOptimal;
};

SlateQShape MakeShape(const Kind& kind) {
  SlateQShape shape;
  shape.num_candidates = kCandidates;
  shape.item_features = kind.features;
  shape.num_item_features = kind.features ? kItem : kCandidates;
  shape.slate_size = kSlate;
  shape.serving = kind.serving;
  shape.no_click_is_zero = kind.none_is_zero;
  shape.q = {.action = {kUser, shape.num_item_features, !kind.none_is_zero, 16, 12}, .dueling = kind.dueling};
  shape.learned_clicks = kind.learned;
  shape.click = {kUser, shape.num_item_features, /*with_none=*/false, 8, 8};
  if (!kind.learned) {
    ChoiceModelOptions options;
    options.kind = kind.cascade ? ChoiceKind::kExponentialCascade : ChoiceKind::kMultinomialProportional;
    options.no_click_mass = 1;
    options.min_normalizer = -9;
    options.score_scaling = 0.01;
    shape.affinity = AffinityWeights::Create(ChoiceModel::Create(options).value(), kItem).value();
  }
  shape.proposal_k = kind.k;
  shape.actor = MlpSizes{kUser, 8, 8, kItem};
  return shape;
}

// Every kind there is, but the rules of serving.
std::vector<Kind> AllKinds() {
  std::vector<Kind> kinds;
  for (const bool learned : {false, true}) {
    for (const bool none_is_zero : {false, true}) {
      for (const int k : {0, static_cast<int>(kCandidates), 4, static_cast<int>(kSlate)}) {
        kinds.push_back({.learned = learned, .none_is_zero = none_is_zero, .dueling = !none_is_zero && k == 4, .k = k});
      }
      kinds.push_back({.features = false, .learned = true, .none_is_zero = none_is_zero});
      kinds.push_back({.none_is_zero = none_is_zero, .cascade = true});
    }
  }
  return kinds;
}

struct Users {
  std::vector<float> observation, candidates;
  PolicyInput Input(absl::Span<const StreamPosition> positions) const {
    return {.observation = observation, .positions = positions, .candidates = candidates};
  }
};
Users MakeUsers(const SlateQShape& shape, size_t n) {
  Rng rng(7, Purpose::kTest, {});
  return {Normals(n * kUser, rng), Normals(shape.item_features ? n * kCandidates * kItem : 0, rng, 0.7)};
}

std::vector<int32_t> SlatesOf(SlateQPolicy& policy, const Users& users) {
  return Ask(policy, users.Input(FirstSteps(static_cast<uint32_t>(users.observation.size() / kUser))), kSlate).slates;
}

// What one user should see, from the same weights in double precision.
class Naive {
 public:
  Naive(const SlateQShape& shape, const std::vector<NamedTensor>& tensors) : shape_(shape), tensors_(tensors) {}

  // By how much what should be shown is worth more than what is.
  double Regret(absl::Span<const float> user, const float* candidates, absl::Span<const int32_t> shown) {
    const std::vector<int32_t> considered = Considered(user, candidates);
    std::vector<float> weights;
    std::vector<double> exact_weights, values;
    double no_click_weight = 1;
    std::vector<float> items;
    for (const int32_t i : considered) {
      std::vector<float> item = Features(candidates, i);
      items.insert(items.end(), item.begin(), item.end());
      if (shape_.learned_clicks) {
        const double score = testing::NaiveValue(tensors_, shape_.q.dueling ? 12 : 6, user, item);
        exact_weights.push_back(std::exp(std::clamp(score, -30.0, 30.0)));
      }
      if (shape_.q.action.with_none) item.push_back(0);
      values.push_back(testing::NaiveValue(tensors_, 0, user, item));
    }
    if (!shape_.learned_clicks) {
      weights.resize(considered.size());
      no_click_weight = shape_.affinity->Weigh(user.data(), items.data(), absl::MakeSpan(weights));
      exact_weights.assign(weights.begin(), weights.end());
    }
    std::vector<float> none(static_cast<size_t>(shape_.num_item_features));
    none.push_back(1);
    const SlateProblemF64 problem = {
        .weights = exact_weights,
        .values = values,
        .no_click_weight = no_click_weight,
        .no_click_value = shape_.q.action.with_none ? testing::NaiveValue(tensors_, 0, user, none) : 0};
    std::vector<int32_t> best(kSlate), places;
    SlateOptimizer optimizer(shape_.click_rule(), static_cast<int>(considered.size()), kSlate);
    const double value = optimizer.Select(shape_.serving, problem, absl::MakeSpan(best));
    for (const int32_t item : shown) {
      const auto place = std::find(considered.begin(), considered.end(), item);
      EXPECT_NE(place, considered.end()) << item << " was not proposed";
      if (place == considered.end()) return 1;
      places.push_back(static_cast<int32_t>(place - considered.begin()));
    }
    EXPECT_EQ(std::set<int32_t>(places.begin(), places.end()).size(), kSlate);
    const double regret = value - SlateValue(shape_.click_rule(), problem, places);
    if (shape_.click_rule() == ClickRule::kShared && shape_.serving == SlateRule::kOptimal) {
      for (std::vector<int32_t>* slate : {&places, &best})
        std::sort(slate->begin(), slate->end());  // Any order is best.
    }
    exact_ += places == best ? 1 : 0;
    return regret;
  }
  int exact() const { return exact_; }

 private:
  std::vector<float> Features(const float* candidates, int32_t i) const {
    std::vector<float> item(static_cast<size_t>(shape_.num_item_features));
    if (shape_.item_features) {
      std::copy_n(candidates + static_cast<size_t>(i) * kItem, kItem, item.begin());
    } else {
      item[static_cast<size_t>(i)] = 1;
    }
    return item;
  }
  std::vector<int32_t> Considered(absl::Span<const float> user, const float* candidates) const {
    std::vector<int32_t> all;
    for (int32_t i = 0; i < static_cast<int32_t>(kCandidates); ++i) all.push_back(i);
    if (shape_.proposal_k == 0) return all;
    const std::vector<double> point =
        testing::NaiveMlp(tensors_, tensors_.size() - kMlpTensors, {user.begin(), user.end()});
    std::vector<double> distance(kCandidates);
    for (size_t i = 0; i < kCandidates * kItem; ++i) {
      distance[i / kItem] += std::pow(point[i % kItem] - double{candidates[i]}, 2.0);
    }
    std::sort(all.begin(), all.end(), [&](int32_t a, int32_t b) {
      return distance[static_cast<size_t>(a)] < distance[static_cast<size_t>(b)];
    });
    all.resize(static_cast<size_t>(shape_.proposal_k));
    std::sort(all.begin(), all.end());
    return all;
  }

  const SlateQShape shape_;
  const std::vector<NamedTensor> tensors_;
  int exact_ = 0;
};

// Single precision may choose another slate where two are worth the same within it: at most one in a hundred.
TEST(SlateQPolicyTest, ShowsWhatTheOptimizerComposesOfTheFormulas) {
  constexpr size_t kUsers = 200;
  for (Kind kind : AllKinds()) {
    for (const SlateRule rule : {SlateRule::kTopK, SlateRule::kGreedy, SlateRule::kOptimal}) {
      kind.serving = rule;
      SCOPED_TRACE(::testing::Message() << "features " << kind.features << " learned " << kind.learned << " zero "
                                        << kind.none_is_zero << " cascade " << kind.cascade << " k " << kind.k
                                        << " rule " << static_cast<int>(rule));
      const SlateQShape shape = MakeShape(kind);
      const std::vector<NamedTensor> tensors = testing::RandomTensors(PolicyTensors(shape), 8);
      SlateQPolicy policy(shape);
      ASSERT_TRUE(policy.SetWeights(EncodeTensors(tensors)).ok());
      const Users users = MakeUsers(shape, kUsers);
      const std::vector<int32_t> slates = SlatesOf(policy, users);
      Naive naive(shape, tensors);
      for (size_t user = 0; user < kUsers; ++user) {
        const double regret =
            naive.Regret(absl::MakeConstSpan(users.observation).subspan(user * kUser, kUser),
                         users.candidates.data() + (shape.item_features ? user * kCandidates * kItem : 0),
                         absl::MakeConstSpan(slates).subspan(user * kSlate, kSlate));
        EXPECT_TRUE(rule != SlateRule::kOptimal || regret < 1e-4) << user << " loses " << regret;
      }
      EXPECT_GE(naive.exact(), kUsers - 2);
    }
  }
}

TEST(SlateQPolicyTest, ProposingEveryCandidateIsProposingNone) {
  const SlateQShape all = MakeShape({.k = kCandidates}), none = MakeShape({});
  std::vector<NamedTensor> tensors = testing::RandomTensors(PolicyTensors(all), 8);
  SlateQPolicy proposes(all), plain(none);
  ASSERT_TRUE(proposes.SetWeights(EncodeTensors(tensors)).ok());
  tensors.resize(kMlpTensors);
  ASSERT_TRUE(plain.SetWeights(EncodeTensors(tensors)).ok());
  const Users users = MakeUsers(all, 300);
  EXPECT_EQ(SlatesOf(proposes, users), SlatesOf(plain, users));
}

TEST(SlateQPolicyTest, WhatAUserIsWorthDoesNotChangeTheSlate) {
  const SlateQShape dueling = MakeShape({.dueling = true}), plain = MakeShape({});
  std::vector<NamedTensor> tensors = testing::RandomTensors(PolicyTensors(dueling), 8);
  SlateQPolicy one(dueling), two(plain);
  ASSERT_TRUE(one.SetWeights(EncodeTensors(tensors)).ok());
  tensors.resize(kMlpTensors);
  ASSERT_TRUE(two.SetWeights(EncodeTensors(tensors)).ok());
  const Users users = MakeUsers(plain, 300);
  EXPECT_EQ(SlatesOf(one, users), SlatesOf(two, users));
}

TEST(SlateQPolicyTest, ASlateDoesNotDependOnTheBatch) {
  for (const Kind& kind : AllKinds()) {
    const SlateQShape shape = MakeShape(kind);
    SlateQPolicy policy(shape), other(shape);
    const std::string weights = EncodeTensors(testing::RandomTensors(PolicyTensors(shape), 8));
    ASSERT_TRUE(policy.SetWeights(weights).ok());
    ASSERT_TRUE(other.SetWeights(weights).ok());
    const Users users = MakeUsers(shape, 150);
    const std::vector<int32_t> together = SlatesOf(policy, users);
    for (const size_t size : {size_t{1}, size_t{7}, size_t{64}, size_t{65}}) {
      for (size_t begin = 0; begin + size <= 150; begin += 31) {
        Users some;
        const auto slice = [&](const std::vector<float>& all) {
          const auto width = static_cast<ptrdiff_t>(all.size() / 150);
          return std::vector<float>(all.begin() + static_cast<ptrdiff_t>(begin) * width,
                                    all.begin() + static_cast<ptrdiff_t>(begin + size) * width);
        };
        some.observation = slice(users.observation);
        some.candidates = slice(users.candidates);
        const std::vector<int32_t> alone = SlatesOf(other, some);
        EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + static_cast<ptrdiff_t>(begin * kSlate)));
      }
    }
  }
}

TEST(SlateQPolicyTest, RefusesOtherWeightsAndKeepsItsOwn) {
  const SlateQShape shape = MakeShape({.learned = true, .k = 4});
  SlateQPolicy policy(shape);
  const Users users = MakeUsers(shape, 70);
  const std::vector<int32_t> before_any = SlatesOf(policy, users);
  for (size_t i = 0; i < before_any.size(); ++i) EXPECT_EQ(before_any[i], static_cast<int32_t>(i % kSlate));
  ASSERT_TRUE(policy.SetWeights(EncodeTensors(testing::RandomTensors(PolicyTensors(shape), 8))).ok());
  const testing::Answer answer = Ask(policy, users.Input(FirstSteps(70)), kSlate);
  EXPECT_NE(answer.slates, before_any);
  EXPECT_THAT(answer.behaviour, ::testing::Each(1.0f));
  EXPECT_THAT(answer.position, ::testing::Each(1.0f));
  for (const Kind& kind :
       {Kind{}, Kind{.learned = true}, Kind{.dueling = true}, Kind{.learned = true, .none_is_zero = true, .k = 4}}) {
    const SlateQShape other = MakeShape(kind);
    const absl::Status status = policy.SetWeights(EncodeTensors(testing::RandomTensors(PolicyTensors(other), 9)));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_FALSE(policy.SetWeights("").ok());
  EXPECT_EQ(SlatesOf(policy, users), answer.slates);
}

}  // namespace
}  // namespace recbots

#include "common/algorithms/full_slate_q/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/common/policies/acting.h"
#include "tests/common/slate/slate_enumeration.h"
#include "tests/support/naive_mlp.h"

namespace recbots {
namespace {

using testing::Ask;
using testing::FirstSteps;
using testing::Normals;

TEST(EnumerateSlatesTest, AreAllInLexicographicOrder) {
  for (int n = 1; n <= 7; ++n) {
    for (int k = 1; k <= std::min(n, 5); ++k) {
      std::vector<int32_t> want;
      testing::ForEachSlate(n, k, [&](const std::vector<int32_t>& s) { want.insert(want.end(), s.begin(), s.end()); });
      EXPECT_EQ(EnumerateSlates(n, k), want) << n << " " << k;
    }
  }
  EXPECT_EQ(EnumerateSlates(100, 2).size(), 2U * 100 * 99);
}

constexpr int kUser = 4;

FullSlateShape MakeShape(bool features, int num_candidates, int slate_size, bool dueling = false) {
  FullSlateShape shape;
  shape.num_candidates = num_candidates;
  shape.item_features = features;
  shape.num_item_features = features ? 3 : num_candidates;
  shape.slate_size = slate_size;
  shape.q = {.action = {kUser, slate_size * shape.num_item_features, /*with_none=*/false, 14, 11}, .dueling = dueling};
  return shape;
}

struct Users {
  std::vector<float> observation, candidates;
  std::vector<int32_t> SlatesBy(FullSlatePolicy& policy, const FullSlateShape& shape) const {
    const auto positions = FirstSteps(static_cast<uint32_t>(observation.size() / kUser));
    return Ask(policy, {observation, positions, candidates}, static_cast<size_t>(shape.slate_size)).slates;
  }
};
Users MakeUsers(const FullSlateShape& shape, size_t n) {
  Rng rng(5, Purpose::kTest, {});
  const auto offered = static_cast<size_t>(shape.item_features ? shape.num_candidates * shape.num_item_features : 0);
  return {Normals(n * kUser, rng), Normals(n * offered, rng)};
}

// Values of all slates of a user, in double.
std::vector<double> NaiveValues(const FullSlateShape& shape, const std::vector<NamedTensor>& tensors,
                                const Users& users, size_t user) {
  std::vector<double> values;
  testing::ForEachSlate(shape.num_candidates, shape.slate_size, [&](const std::vector<int32_t>& slate) {
    std::vector<float> action;
    const auto features = static_cast<size_t>(shape.num_item_features);
    for (const int32_t item : slate) {
      const auto i = static_cast<size_t>(item);
      for (size_t f = 0; f < features; ++f) {
        const size_t at = (user * static_cast<size_t>(shape.num_candidates) + i) * features + f;
        action.push_back(shape.item_features ? users.candidates[at] : f == i ? 1.0f : 0.0f);
      }
    }
    values.push_back(
        testing::NaiveValue(tensors, 0, absl::MakeConstSpan(users.observation).subspan(user * kUser, kUser), action));
  });
  return values;
}

// The slate shown is worth as much as the best, within single precision.
TEST(FullSlatePolicyTest, ShowsTheSlateOfTheLargestValue) {
  constexpr size_t kUsers = 40;
  for (const bool features : {false, true}) {
    for (const auto& [n, k] : {std::pair{1, 1}, {7, 1}, {6, 2}, {5, 3}, {3, 3}}) {
      SCOPED_TRACE(::testing::Message() << features << " N " << n << " K " << k);
      const FullSlateShape shape = MakeShape(features, n, k);
      const std::vector<NamedTensor> tensors = testing::RandomTensors(QTensors(shape.q), 6);
      FullSlatePolicy policy(shape);
      ASSERT_TRUE(policy.SetWeights(EncodeTensors(tensors)).ok());
      const Users users = MakeUsers(shape, kUsers);
      const std::vector<int32_t> slates = users.SlatesBy(policy, shape), all = EnumerateSlates(n, k);
      size_t exact = 0;
      for (size_t user = 0; user < kUsers; ++user) {
        const std::vector<double> values = NaiveValues(shape, tensors, users, user);
        const auto begin = slates.begin() + static_cast<ptrdiff_t>(user) * k;
        size_t shown = 0;
        while (!std::equal(begin, begin + k, all.begin() + static_cast<ptrdiff_t>(shown) * k)) {
          ASSERT_LT(++shown, values.size());
        }
        const auto best = std::max_element(values.begin(), values.end());
        EXPECT_NEAR(values[shown], *best, 1e-4);
        exact += best - values.begin() == static_cast<ptrdiff_t>(shown) ? 1 : 0;
      }
      EXPECT_GE(exact, kUsers - 1);
    }
  }
}

TEST(FullSlatePolicyTest, TheFirstOfEquals) {
  const FullSlateShape shape = MakeShape(/*features=*/true, 5, 2);
  std::vector<NamedTensor> tensors = testing::RandomTensors(QTensors(shape.q), 6);
  for (NamedTensor& tensor : tensors) std::fill(tensor.values.begin(), tensor.values.end(), 0.0f);
  FullSlatePolicy policy(shape);
  ASSERT_TRUE(policy.SetWeights(EncodeTensors(tensors)).ok());
  const std::vector<int32_t> slates = MakeUsers(shape, 9).SlatesBy(policy, shape);
  for (size_t i = 0; i < slates.size(); ++i) EXPECT_EQ(slates[i], static_cast<int32_t>(i % 2));
}

TEST(FullSlatePolicyTest, NeitherTheBatchNorTheUsersOwnWorthMatters) {
  for (const bool features : {false, true}) {
    const FullSlateShape shape = MakeShape(features, 6, 2), dueling = MakeShape(features, 6, 2, /*dueling=*/true);
    std::vector<NamedTensor> tensors = testing::RandomTensors(QTensors(dueling.q), 6);
    FullSlatePolicy together(dueling), alone(shape);
    ASSERT_TRUE(together.SetWeights(EncodeTensors(tensors)).ok());
    tensors.resize(kMlpTensors);
    ASSERT_TRUE(alone.SetWeights(EncodeTensors(tensors)).ok());
    const Users users = MakeUsers(shape, 30);
    const std::vector<int32_t> slates = users.SlatesBy(together, dueling);
    for (size_t user = 0; user < 30; ++user) {
      const auto slice = [user](const std::vector<float>& all) {
        const auto width = static_cast<ptrdiff_t>(all.size() / 30), begin = static_cast<ptrdiff_t>(user) * width;
        return std::vector<float>(all.begin() + begin, all.begin() + begin + width);
      };
      const Users one = {slice(users.observation), slice(users.candidates)};
      EXPECT_EQ(one.SlatesBy(alone, shape), (std::vector<int32_t>{slates[2 * user], slates[2 * user + 1]}));
    }
  }
}

TEST(FullSlatePolicyTest, RefusesOtherWeightsAndKeepsItsOwn) {
  const FullSlateShape shape = MakeShape(/*features=*/true, 6, 2);
  FullSlatePolicy policy(shape);
  const Users users = MakeUsers(shape, 20);
  for (const int32_t item : users.SlatesBy(policy, shape)) EXPECT_LT(item, 2) << "the first slate before any weights";
  ASSERT_TRUE(policy.SetWeights(EncodeTensors(testing::RandomTensors(QTensors(shape.q), 6))).ok());
  const std::vector<int32_t> slates = users.SlatesBy(policy, shape);
  for (const FullSlateShape& other : {MakeShape(true, 6, 1), MakeShape(true, 6, 2, true), MakeShape(false, 6, 2)}) {
    const absl::Status status = policy.SetWeights(EncodeTensors(testing::RandomTensors(QTensors(other.q), 6)));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(users.SlatesBy(policy, shape), slates);
}

}  // namespace
}  // namespace recbots

#include "common/inference/item_network.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/naive_mlp.h"

namespace recbots {
namespace {

using testing::Normals;

std::vector<NamedTensor> MakeTensors(const ItemNetworkSizes& sizes, uint64_t seed = 3) {
  return testing::RandomTensors(MlpTensors("q", sizes.mlp()), seed);
}

std::vector<float> Score(const ItemNetworkSizes& sizes, const std::vector<float>& observation,
                         const std::vector<float>& items, int num_users, int num_items) {
  ItemNetwork network(sizes, TensorMap(MakeTensors(sizes)), "q");
  std::vector<float> values(static_cast<size_t>(num_users * (num_items + (sizes.with_none ? 1 : 0))), -7);
  network.Score(observation, items.empty() ? nullptr : items.data(), num_users, num_items, absl::MakeSpan(values));
  return values;
}

// Row-wise against the formula, in double; float32 sums of at most 40 terms: 1e-4 of values of about 1 to 10.
void CompareWithFormula(const ItemNetworkSizes& sizes, int num_users, int num_items, uint32_t stream) {
  Rng rng(2, Purpose::kTest, {.stream = stream});
  const auto user_width = static_cast<size_t>(sizes.num_user_features);
  const auto item_width = static_cast<size_t>(sizes.num_item_features);
  const auto n = static_cast<size_t>(num_items);
  const std::vector<float> observation = Normals(static_cast<size_t>(num_users) * user_width, rng);
  const std::vector<float> items = Normals(static_cast<size_t>(num_users) * n * item_width, rng);
  const std::vector<NamedTensor> tensors = MakeTensors(sizes);
  const std::vector<float> values = Score(sizes, observation, items, num_users, num_items);
  size_t at = 0;
  for (size_t user = 0; user < static_cast<size_t>(num_users); ++user) {
    for (size_t i = 0; i < n + (sizes.with_none ? 1 : 0); ++i) {
      std::vector<float> item(item_width);
      if (i < n)
        std::copy_n(items.begin() + static_cast<ptrdiff_t>((user * n + i) * item_width), item_width, item.begin());
      if (sizes.with_none) item.push_back(i == n ? 1 : 0);
      const double want = testing::NaiveValue(
          tensors, 0, absl::MakeConstSpan(observation).subspan(user * user_width, user_width), item);
      ASSERT_NEAR(values[at++], want, 1e-4 * std::max(1.0, std::abs(want))) << "user " << user << " item " << i;
    }
  }
}

TEST(ItemNetworkTest, AgreesWithTheFormula) {
  uint32_t stream = 0;
  for (const bool none : {false, true}) {
    for (const int users : {1, 2, 9}) {
      for (const int items : {1, 2, 5, 6, 7, 13}) {
        for (const auto& [u, f, h1, h2] : {std::tuple{4, 3, 16, 16}, {0, 3, 7, 5}, {1, 1, 1, 1}, {20, 12, 33, 17}}) {
          SCOPED_TRACE(::testing::Message() << none << users << items << " U " << u);
          CompareWithFormula({u, f, none, h1, h2}, users, items, ++stream);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(ItemNetworkTest, PositionsAreOneHotFeatures) {
  Rng rng(3, Purpose::kTest, {});
  for (const bool none : {false, true}) {
    for (const int n : {1, 5, 11}) {
      for (const int u : {0, 4}) {
        const ItemNetworkSizes sizes = {u, n, none, 18, 10};
        const std::vector<float> observation = Normals(static_cast<size_t>(3 * u), rng);
        std::vector<float> items(static_cast<size_t>(3 * n * n));
        for (size_t i = 0; i < static_cast<size_t>(3 * n); ++i)
          items[i * static_cast<size_t>(n) + i % static_cast<size_t>(n)] = 1;
        EXPECT_EQ(Score(sizes, observation, {}, 3, n), Score(sizes, observation, items, 3, n)) << none << n << u;
      }
    }
  }
}

// Values are equal bit for bit, whatever other users are asked about and whatever was asked before.
TEST(ItemNetworkTest, AValueDoesNotDependOnTheOthers) {
  constexpr size_t kUsers = 17, kItems = 10, kUser = 5, kItem = 3;
  const ItemNetworkSizes sizes = {kUser, kItem, /*with_none=*/true, 20, 24};
  Rng rng(4, Purpose::kTest, {});
  const std::vector<float> observation = Normals(kUsers * kUser, rng), items = Normals(kUsers * kItems * kItem, rng);
  const std::vector<float> together = Score(sizes, observation, items, kUsers, kItems);
  ItemNetwork network(sizes, TensorMap(MakeTensors(sizes)), "q");
  for (size_t user = 0; user < kUsers; ++user) {
    const absl::Span<const float> one = absl::MakeConstSpan(observation).subspan(user * kUser, kUser);
    std::vector<float> alone(kItems + 1);
    network.Score(one, items.data() + user * kItems * kItem, 1, kItems, absl::MakeSpan(alone));
    for (size_t i = 0; i <= kItems; ++i) EXPECT_EQ(alone[i], together[user * (kItems + 1) + i]);
    // The last items only.
    std::vector<float> last(3 + 1);
    network.Score(one, items.data() + (user * kItems + kItems - 3) * kItem, 1, 3, absl::MakeSpan(last));
    for (size_t i = 0; i <= 3; ++i) EXPECT_EQ(last[i], alone[kItems - 3 + i]);
  }
}

}  // namespace
}  // namespace recbots

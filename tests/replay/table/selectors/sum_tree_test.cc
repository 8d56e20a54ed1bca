#include "replay/table/selectors/sum_tree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "common/base/random.h"

namespace recbots::replay {
namespace {

TEST(SumTreeTest, AgreesWithAVectorExactly) {
  Rng rng(/*seed=*/21, Purpose::kTest, {});
  for (const uint32_t slots : {1u, 7u, 8u, 9u, 64u, 65u, 513u, 5000u}) {
    SCOPED_TRACE(slots);
    SumTree tree = SumTree::Create(slots).value();
    std::vector<uint64_t> model(slots, 0);
    for (int round = 0; round < 200; ++round) {
      std::vector<uint32_t> changed, weights;
      const bool run = rng.Index(2) == 0;
      const uint32_t first = rng.Index(slots);
      for (uint32_t i = 0, count = rng.Index(40); i < count; ++i) {
        changed.push_back(run ? (first + i) % slots : rng.Index(slots));
        weights.push_back(rng.Index(4) == 0 ? 0 : rng.Bits() >> rng.Index(32));
        model[changed.back()] = weights.back();
      }
      tree.Set(changed, weights);
      ASSERT_EQ(tree.total(), std::accumulate(model.begin(), model.end(), uint64_t{0}));
      if (tree.total() == 0) continue;
      uint64_t begin = 0;
      for (uint32_t slot = 0; slot < slots; slot += 1 + rng.Index(slots / 20 + 1)) {
        ASSERT_EQ(tree.weight(slot), model[slot]);
        begin = std::accumulate(model.begin(), model.begin() + slot, uint64_t{0});
        if (model[slot] == 0) continue;
        ASSERT_EQ(tree.Find(begin), slot);
        ASSERT_EQ(tree.Find(begin + model[slot] - 1), slot);
      }
    }
  }
}

TEST(SumTreeTest, ManyOfTheGreatestWeightsFit) {
  SumTree tree = SumTree::Create(100'000).value();
  std::vector<uint32_t> slots(100'000), weights(100'000, 0xFFFFFFFF);
  std::iota(slots.begin(), slots.end(), 0);
  tree.Set(slots, weights);
  EXPECT_EQ(tree.total(), uint64_t{0xFFFFFFFF} * 100'000);
  EXPECT_EQ(tree.Find(tree.total() - 1), 99'999u);
}

TEST(SumTreeTest, DrawsOneByOneAsInGroups) {
  SumTree tree = SumTree::Create(1000).value();
  std::vector<uint32_t> slots(1000), weights(1000);
  std::iota(slots.begin(), slots.end(), 0);
  for (uint32_t i = 0; i < 1000; ++i) weights[i] = i * i % 97;
  tree.Set(slots, weights);
  Rng together(1, Purpose::kTest, {}), alone(1, Purpose::kTest, {});
  std::vector<uint32_t> drawn(101);
  std::vector<float> probabilities(101);
  tree.Draw(together, absl::MakeSpan(drawn), absl::MakeSpan(probabilities));
  for (size_t i = 0; i < drawn.size(); ++i) {
    uint32_t slot = 0;
    float probability = 0;
    tree.Draw(alone, absl::MakeSpan(&slot, 1), absl::MakeSpan(&probability, 1));
    ASSERT_EQ(slot, drawn[i]);
    ASSERT_EQ(probability, probabilities[i]);
    ASSERT_EQ(probability, static_cast<float>(static_cast<double>(weights[slot]) / static_cast<double>(tree.total())));
  }
}

}  // namespace
}  // namespace recbots::replay

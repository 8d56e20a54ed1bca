#include "common/algorithms/wolpertinger/networks.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/networks/products.h"

namespace recbots {
namespace {

WolpertingerShape LargeShape() {
  return {.num_user_features = 50, .num_items = 4000, .embedding_size = 8, .hidden_units = 200};
}

// Standard deviation of all, within 5 standard errors of `want` (normal distribution: want / sqrt(2 n)).
void ExpectNormal(const at::Tensor& values, double want) {
  const auto n = static_cast<double>(values.numel());
  EXPECT_NEAR(values.mean().item<double>(), 0, 5 * want / std::sqrt(n));
  EXPECT_NEAR(values.std().item<double>(), want, 5 * want / std::sqrt(2 * n));
}

TEST(WolpertingerNetworksTest, InitialParametersHaveTheStatedDistributions) {
  WolpertingerNetworks networks(LargeShape(), 2, at::kDouble);
  networks.Initialize(1);
  ExpectNormal(networks.actor.w1, std::sqrt(2.0 / 50));
  ExpectNormal(networks.actor.layers[1].w, std::sqrt(2.0 / 200));
  ExpectNormal(networks.embeddings, 1);
  for (const Critic& critic : networks.critics) {
    ExpectNormal(critic.mlp.w1, std::sqrt(2.0 / 58));
    EXPECT_EQ(critic.mlp.b1.abs().max().item<double>(), 0);
    EXPECT_EQ(critic.mlp.layers[1].b.abs().max().item<double>(), 0);
  }
  EXPECT_LE(networks.actor.layers[2].w.abs().max().item<double>(), 0.003);
  EXPECT_GT(networks.actor.layers[2].w.abs().max().item<double>(), 0.0029);
  EXPECT_GT(networks.actor.layers[2].b.abs().max().item<double>(), 0);
  EXPECT_FALSE(networks.critics[0].mlp.layers[1].w.equal(networks.critics[1].mlp.layers[1].w));

  WolpertingerNetworks again(LargeShape(), 2, at::kDouble), other(LargeShape(), 2, at::kDouble);
  again.Initialize(1);
  other.Initialize(2);
  EXPECT_TRUE(again.arena.flat().equal(networks.arena.flat()));
  EXPECT_FALSE(other.arena.flat().equal(networks.arena.flat()));
}

TEST(WolpertingerNetworksTest, NearestAreNearestInBothSpaces) {
  WolpertingerShape shape = LargeShape();
  for (const SearchSpace space : {SearchSpace::kUnit, SearchSpace::kRaw}) {
    shape.search_space = space;
    WolpertingerNetworks networks(shape, 1, at::kDouble);
    networks.Initialize(3);
    UnitRows unit(at::kDouble);
    ScaleRows(networks.embeddings, unit);
    const at::Tensor proto = unit.unit.narrow(0, 0, 20).flip(1).contiguous();
    SearchScratch scratch(at::kDouble);
    at::Tensor found = at::empty({20, shape.k}, at::TensorOptions(at::kLong));
    FindNearest(shape, networks.embeddings, unit.unit, proto, scratch, found);
    {
      const PrecisionScope rounded(MatrixPrecision::kBfloat16);
      at::Tensor again = at::empty_like(found);
      FindNearest(shape, networks.embeddings, unit.unit, proto, scratch, again);
      EXPECT_TRUE(again.equal(found)) << "whatever the precision of products";
    }
    const at::Tensor distance = at::cdist(proto, space == SearchSpace::kUnit ? unit.unit : networks.embeddings);
    EXPECT_TRUE(found.equal(std::get<1>(distance.topk(shape.k, 1, /*largest=*/false))));
  }
}

}  // namespace
}  // namespace recbots

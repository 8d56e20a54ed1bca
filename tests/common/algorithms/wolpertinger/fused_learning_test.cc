// Updates without LibTorch's operators beside updates with them.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "common/algorithms/wolpertinger/wolpertinger.h"

namespace recbots {
namespace {

at::Tensor Uniforms(at::IntArrayRef sizes, Rng& rng) {
  const at::Tensor values = at::empty(sizes, at::TensorOptions(at::kFloat));
  for (int64_t i = 0; i < values.numel(); ++i) values.data_ptr<float>()[i] = static_cast<float>(rng.Uniform(-1, 1));
  return values;
}

// Every third row ends an episode.
TransitionBatch MakeBatch(const WolpertingerShape& shape, int64_t rows, uint32_t stream) {
  Rng rng(3, Purpose::kTest, {.stream = stream});
  TransitionBatch batch;
  batch.observation = Uniforms({rows, shape.num_user_features}, rng);
  batch.next_observation = Uniforms({rows, shape.num_user_features}, rng);
  batch.slate = at::empty({rows, 1}, at::TensorOptions(at::kInt));
  batch.discount = at::full({rows}, 0.9);
  for (int64_t i = 0; i < rows; ++i) {
    batch.slate.data_ptr<int32_t>()[i] = static_cast<int32_t>(rng.Index(static_cast<uint32_t>(shape.num_items)));
    if (i % 3 == 0) batch.discount.data_ptr<float>()[i] = 0;
  }
  batch.reward = Uniforms({rows}, rng);
  return batch;
}

WolpertingerOptions Base() {
  WolpertingerOptions options;
  options.shape = {.num_user_features = 7, .num_items = 9, .k = 4, .embedding_size = 3, .hidden_units = 32};
  options.tau = 0.05;
  options.seed = 5;
  return options;
}

const std::function<void(WolpertingerOptions&)> kChanges[] = {
    [](auto&) {},
    [](auto& o) { o.shape.k = 9; },
    [](auto& o) { o.shape.search_space = SearchSpace::kRaw; },
    [](auto& o) { o.random_candidates = 0; },
    [](auto& o) { o.actor_objective = ActorObjective::kClimbCritic; },
    [](auto& o) { o.actor_objective = ActorObjective::kClimbAndRegress; },
    [](auto& o) { o.twin_critics = true; },
    [](auto& o) { o.actor_delay = 3; },
    [](auto& o) { o.target_noise = 0.3; },
    [](auto& o) { o.shape.embedding_size = 1; },
    [](auto& o) { o.shape.hidden_units = 100; },
    [](auto& o) { o.shape.num_items = 300; },
};

void LearnSideBySide(const WolpertingerOptions& options, int updates, double tolerance) {
  WolpertingerOptions with_libtorch = options;
  with_libtorch.with_libtorch = true;
  const auto fused = Wolpertinger::Create(options).value(), tensors = Wolpertinger::Create(with_libtorch).value();
  for (int i = 0; i < updates; ++i) {
    TransitionBatch batch = MakeBatch(options.shape, i % 2 == 0 ? 16 : 23, static_cast<uint32_t>(i));
    if (i % 4 == 3) batch.importance_weights = batch.reward.abs();
    ASSERT_TRUE(fused->Update(batch, {}).ok());
    ASSERT_TRUE(tensors->Update(batch, {}).ok());
    ASSERT_LT((fused->target_values() - tensors->target_values()).abs().max().item<double>(), tolerance) << i;
    ASSERT_NEAR(fused->losses()[0].second, tensors->losses()[0].second, tolerance) << i;
    ASSERT_NEAR(fused->losses()[1].second, tensors->losses()[1].second, tolerance) << i;
  }
  const at::Tensor online = fused->online().arena.flat() - tensors->online().arena.flat();
  const at::Tensor target = fused->target().arena.flat() - tensors->target().arena.flat();
  EXPECT_LT(online.abs().max().item<double>(), tolerance);
  EXPECT_LT(target.abs().max().item<double>(), tolerance);
}

// Two programs that round differently move apart by rounding errors times what Adam makes of the smallest gradients,
// which it scales to the size of all others. A tenth of one step of Adam: nowhere has one of them taken a step that the
// other one has not.
constexpr double kTolerance = 1e-4;

TEST(FusedLearningTest, LearnsWhatTheOperatorsOfLibTorchLearn) {
  for (size_t i = 0; i < std::size(kChanges); ++i) {
    SCOPED_TRACE(i);
    WolpertingerOptions options = Base();
    kChanges[i](options);
    LearnSideBySide(options, /*updates=*/150, kTolerance);
  }
}

// Every objective of the actor together with whatever else changes an update, over as many updates as it takes until
// the values are learnt.
TEST(FusedLearningTest, LearnsTheSameForEveryObjectiveOverManyUpdates) {
  for (const auto objective :
       {ActorObjective::kClimbCritic, ActorObjective::kRegressToBest, ActorObjective::kClimbAndRegress}) {
    for (const bool everything : {false, true}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(objective) << " " << everything);
      WolpertingerOptions options = Base();
      options.actor_objective = objective;
      options.twin_critics = everything;
      options.actor_delay = everything ? 2 : 1;
      options.target_noise = everything ? 0.2 : 0;
      LearnSideBySide(options, /*updates=*/500, kTolerance);
    }
  }
}

}  // namespace
}  // namespace recbots

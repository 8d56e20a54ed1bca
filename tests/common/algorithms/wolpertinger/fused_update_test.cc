#include "common/algorithms/wolpertinger/fused_update.h"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "common/inference/lanes.h"

namespace recbots {
namespace {

// Networks, or their gradients, in memory of their own.
struct Memory {
  explicit Memory(const WolpertingerShape& shape) {
    const auto add = [this](const std::vector<TensorSpec>& specs) {
      MlpMemory memory;
      float** places[kMlpTensors] = {&memory.w1, &memory.b1, &memory.w2, &memory.b2, &memory.w3, &memory.b3};
      for (size_t i = 0; i < kMlpTensors; ++i) *places[i] = Add(specs[i].shape);
      return memory;
    };
    const std::vector<TensorSpec> specs_of_policy = PolicyTensors(shape);
    networks.actor = add({specs_of_policy.begin(), specs_of_policy.begin() + kMlpTensors});
    for (MlpMemory& critic : networks.critics) critic = add(CriticTensors(shape, "critic"));
    networks.embeddings = Add({shape.num_items, shape.embedding_size});
  }
  float* Add(const std::vector<int32_t>& shape) {
    size_t size = 1;
    for (const int32_t extent : shape) size *= static_cast<size_t>(extent);
    tensors.emplace_back(size);
    return tensors.back().data();
  }

  std::vector<std::vector<float>> tensors;
  WolpertingerMemory networks;
};

// Not normal numbers: these come with the bits of the C library's logarithm.
void Fill(Rng& rng, double size, std::vector<float>& values) {
  for (float& value : values) value = static_cast<float>(rng.Uniform(-size, size));
}

struct Problem {
  Problem(const WolpertingerOptions& options, size_t num_rows)
      : rows(num_rows), online(options.shape), target(options.shape), gradients(options.shape) {
    Rng rng(8, Purpose::kTest, {});
    for (Memory* memory : {&online, &target}) {
      for (std::vector<float>& tensor : memory->tensors) Fill(rng, 0.4, tensor);
    }
    const auto users = static_cast<size_t>(options.shape.num_user_features);
    for (std::vector<float>* column : {&observation, &next_observation}) column->resize(rows * users);
    for (std::vector<float>* column : {&reward, &discount}) column->resize(rows);
    for (std::vector<float>* column : {&observation, &next_observation, &reward, &discount}) Fill(rng, 1, *column);
    for (size_t row = 0; row < rows; row += 3) discount[row] = 0;
    for (size_t row = 0; row < rows; ++row) {
      items.push_back(static_cast<int32_t>(rng.Index(static_cast<uint32_t>(options.shape.num_items))));
    }
  }
  FusedUpdate::Batch batch() const {
    return {static_cast<int>(rows),
            observation.data(),
            next_observation.data(),
            items.data(),
            reward.data(),
            discount.data(),
            nullptr};
  }

  const size_t rows;
  Memory online, target, gradients;
  std::vector<float> observation, next_observation, reward, discount;
  std::vector<int32_t> items;
};

WolpertingerOptions Options() {
  WolpertingerOptions options;
  options.shape = {.num_user_features = 7, .num_items = 9, .k = 4, .embedding_size = 3, .hidden_units = 40};
  options.actor_objective = ActorObjective::kClimbAndRegress;
  options.twin_critics = true;
  return options;
}

// Twenty steps straight down the gradients.
void Descend(Problem& problem, FusedUpdate& update) {
  for (uint64_t step = 0; step < 20; ++step) {
    update.Run(problem.batch(), step, /*actor_is_due=*/true);
    for (size_t i = 0; i < problem.online.tensors.size(); ++i) {
      for (size_t j = 0; j < problem.online.tensors[i].size(); ++j) {
        problem.online.tensors[i][j] -= 0.05f * problem.gradients.tensors[i][j];
      }
    }
  }
}

uint64_t Hash(const Memory& memory) {
  uint64_t hash = 14695981039346656037ULL;
  for (const std::vector<float>& tensor : memory.tensors) {
    for (const float value : tensor) hash = (hash ^ std::bit_cast<uint32_t>(value)) * 1099511628211ULL;
  }
  return hash;
}

// The bits are part of results: the same with AVX2 and AVX-512, and others on all processors without fused
// multiply-add.
TEST(FusedUpdateTest, GivesTheSameBitsOnAllProcessorsThatFuseAlike) {
  const WolpertingerOptions options = Options();
  Problem problem(options, 20);
  FusedUpdate update(options, problem.online.networks, problem.target.networks, problem.gradients.networks);
  Descend(problem, update);
  EXPECT_EQ(Hash(problem.online), kFusedMultiplyAdd ? 18333473914728916363u : 6474022201230803642u);
}

TEST(FusedUpdateTest, DescendsItsLoss) {
  WolpertingerOptions options = Options();
  options.actor_objective = ActorObjective::kClimbCritic;
  Problem problem(options, 20);
  FusedUpdate update(options, problem.online.networks, problem.target.networks, problem.gradients.networks);
  update.Run(problem.batch(), 0, /*actor_is_due=*/true);
  const double before = update.critic_loss();
  Descend(problem, update);
  EXPECT_LT(update.critic_loss(), 0.5 * before);
}

// Rows with a discount of 0 get their reward, whatever the target networks say of what follows.
TEST(FusedUpdateTest, NothingFollowsATerminatedRow) {
  const WolpertingerOptions options = Options();
  Problem problem(options, 20);
  FusedUpdate update(options, problem.online.networks, problem.target.networks, problem.gradients.networks);
  update.Run(problem.batch(), 0, /*actor_is_due=*/true);
  for (size_t row = 0; row < problem.rows; ++row) {
    EXPECT_EQ(update.target_values()[row] == problem.reward[row], problem.discount[row] == 0) << row;
  }
}

}  // namespace
}  // namespace recbots

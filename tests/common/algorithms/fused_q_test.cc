#include "common/algorithms/fused_q.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "common/base/random.h"
#include "common/inference/lanes.h"

namespace recbots {
namespace {

constexpr int kRows = 20, kActions = 5;

// Networks, or their gradients, in memory of their own.
struct Memory {
  explicit Memory(const QShape& shape) {
    std::vector<float**> places;
    for (MlpMemory* memory : {&networks.action, &networks.value}) {
      places.insert(places.end(), {&memory->w1, &memory->b1, &memory->w2, &memory->b2, &memory->w3, &memory->b3});
    }
    const std::vector<TensorSpec> specs = QTensors(shape);
    for (size_t i = 0; i < specs.size(); ++i) {
      size_t size = 1;
      for (const int32_t extent : specs[i].shape) size *= static_cast<size_t>(extent);
      tensors.emplace_back(size);
      *places[i] = tensors.back().data();
    }
  }
  std::vector<std::vector<float>> tensors;
  QMemory networks = {};
};

struct Problem {
  explicit Problem(const QShape& shape) : online(shape), target(shape), gradients(shape) {
    Rng rng(8, Purpose::kTest, {});
    const auto fill = [&rng](std::vector<float>& values) {
      for (float& value : values) value = static_cast<float>(rng.Uniform(-0.5, 0.5));
    };
    for (Memory* memory : {&online, &target}) {
      for (std::vector<float>& tensor : memory->tensors) fill(tensor);
    }
    users.resize(static_cast<size_t>(kRows * shape.action.num_user_features));
    actions.resize(static_cast<size_t>(kRows * kActions * shape.action.num_item_features));
    fill(users);
    fill(actions);
  }
  Memory online, target, gradients;
  std::vector<float> users, actions;
};

QShape Shape(bool dueling) {
  return {.action = {7, 5, /*with_none=*/false, 40, 24}, .dueling = dueling, .value_scale = 3};
}

// Twenty steps towards the target network's best values, straight down the gradients. Returns the mean squared error of
// the last step, or of the first one where `steps` is 1.
double Descend(const QShape& shape, Problem& problem, int steps) {
  FusedQ q(shape, problem.online.networks, problem.target.networks, problem.gradients.networks);
  const auto row_size = static_cast<size_t>(kActions * shape.action.num_item_features);
  const auto action_size = static_cast<size_t>(shape.action.num_item_features);
  double loss = 0;
  for (int step = 0; step < steps; ++step) {
    q.Load(QSide::kTarget, problem.users.data(), kRows, /*user_value=*/true);
    std::vector<float> targets, first, d_q;
    for (size_t row = 0; row < kRows; ++row) {
      float values[kActions];
      const float* actions = problem.actions.data() + row * row_size;
      q.Score(QSide::kTarget, row, actions, kActions, values);
      targets.push_back(*std::max_element(values, values + kActions) / 3);
      first.insert(first.end(), actions, actions + action_size);
    }
    const absl::Span<const float> said = q.Forward(problem.users.data(), first.data(), kRows);
    loss = 0;
    for (size_t row = 0; row < kRows; ++row) {
      d_q.push_back(2 * (said[row] - targets[row]) / kRows);
      loss += double{said[row] - targets[row]} * double{said[row] - targets[row]} / kRows;
    }
    q.Backward(d_q);
    for (size_t i = 0; i < problem.online.tensors.size(); ++i) {
      for (size_t j = 0; j < problem.online.tensors[i].size(); ++j) {
        problem.online.tensors[i][j] -= 0.05f * problem.gradients.tensors[i][j];
      }
    }
  }
  return loss;
}

TEST(FusedQTest, DescendsItsLoss) {
  for (const bool dueling : {false, true}) {
    Problem problem(Shape(dueling));
    const double before = Descend(Shape(dueling), problem, 1);
    EXPECT_LT(Descend(Shape(dueling), problem, 20), 0.5 * before) << dueling;
  }
}

// The bits are part of results: the same with AVX2 and AVX-512, and others on all processors without fused
// multiply-add.
TEST(FusedQTest, GivesTheSameBitsOnAllProcessorsThatFuseAlike) {
  Problem problem(Shape(/*dueling=*/true));
  Descend(Shape(/*dueling=*/true), problem, 20);
  uint64_t hash = 14695981039346656037ULL;
  for (const std::vector<float>& tensor : problem.online.tensors) {
    for (const float value : tensor) hash = (hash ^ std::bit_cast<uint32_t>(value)) * 1099511628211ULL;
  }
  EXPECT_EQ(hash, kFusedMultiplyAdd ? 12237545692987412166u : 12277581682481003280u);
}

}  // namespace
}  // namespace recbots

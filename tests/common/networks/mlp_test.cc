// Perceptrons of every shape: passes and gradients beside LibTorch's autograd, and acting's passes beside both.
#include "common/networks/mlp.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/inference/dense_mlp.h"
#include "common/inference/item_network.h"
#include "common/networks/critic.h"
#include "common/networks/initialize.h"
#include "tests/support/hidden_layers.h"
#include "tests/support/torch_reference.h"

namespace recbots {
namespace {

using testing::AllHiddenLayers;
using testing::NormalTensor;

constexpr int kRows = 11, kUser = 6, kItem = 4;

std::string Describe(const HiddenLayers& hidden) {
  return absl::StrCat(hidden.depth(), " layers, activation ", static_cast<int>(hidden.activation), ", normal ",
                      hidden.layer_norm);
}

// Values of about 1 in every tensor, biases and normalisation included.
ParameterArena MakeArena(const MlpShape& shape) {
  const ParameterArena arena(ParameterLayout(MlpTensors("net", shape)), at::kDouble);
  Rng rng(3, Purpose::kTest, {});
  for (size_t i = 0; i < arena.layout().tensors().size(); ++i) {
    const double size = arena[i].dim() == 2 ? 1 / std::sqrt(static_cast<double>(arena[i].size(1))) : 0.5;
    arena[i].copy_(NormalTensor(arena[i].sizes(), rng).mul(size));
    if (absl::StrContains(arena.layout().tensors()[i].name, "scale")) arena[i].add_(1);
  }
  return arena;
}

// The textbook formulas, on leaves of autograd, tensor by tensor in the order of MlpTensors.
struct Reference {
  Reference(const ParameterArena& arena, const MlpShape& of) : shape(of) {
    for (size_t i = 0; i < arena.layout().tensors().size(); ++i) {
      p.push_back(arena[i].clone().set_requires_grad(true));
    }
  }
  at::Tensor Run(at::Tensor x) const {
    size_t i = 0;
    for (const int units : shape.hidden.units) {
      x = at::linear(x, p[i], p[i + 1]);
      i += 2;
      if (shape.hidden.layer_norm) {
        x = at::layer_norm(x, {units}, p[i], p[i + 1], 1e-5);
        i += 2;
      }
      switch (shape.hidden.activation) {
        case Activation::kRelu:
          x = at::relu(x);
          break;
        case Activation::kTanh:
          x = at::tanh(x);
          break;
        case Activation::kSilu:
          x = x * at::sigmoid(x);
          break;
      }
    }
    return at::linear(x, p[i], p[i + 1]);
  }
  MlpShape shape;
  std::vector<at::Tensor> p;
};

double Largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

TEST(MlpTest, ValuesAndGradientsAreThoseOfAutograd) {
  for (const HiddenLayers& hidden : AllHiddenLayers()) {
    SCOPED_TRACE(Describe(hidden));
    const MlpShape shape(kUser + kItem, hidden, 3);
    const ParameterArena arena = MakeArena(shape);
    ParameterArena of_gradients(arena.layout(), at::kDouble);
    of_gradients.flat().fill_(7);  // They are overwritten.
    const Critic critic(arena, "net", kUser, hidden);
    Critic gradients(of_gradients, "net", kUser, hidden);
    Rng rng(4, Purpose::kTest, {});
    const at::Tensor user = NormalTensor({kRows, kUser}, rng), item = NormalTensor({kRows, kItem}, rng);
    const at::Tensor d_output = NormalTensor({kRows, 3}, rng);
    const Reference reference(arena, shape);
    const at::Tensor want = reference.Run(at::cat({user, item}, 1));
    (want * d_output).sum().backward();
    at::Tensor state = at::empty({0}, at::kDouble);
    MlpActivations pass(at::kDouble);
    for (int repeat = 0; repeat < 2; ++repeat) {
      RunState(critic, user, state);
      RunCritic(critic, state, item, pass);
      EXPECT_LT(Largest(pass.output - want), 1e-12);
      CriticGradients(critic, user, item, d_output, at::ones({kRows}, at::kDouble), pass, gradients);
      for (size_t i = 0; i < reference.p.size(); ++i) {
        EXPECT_LT(Largest(of_gradients[i] - reference.p[i].grad()), 1e-11) << arena.layout().tensors()[i].name;
        EXPECT_GT(Largest(of_gradients[i]), 1e-3) << arena.layout().tensors()[i].name;
      }
    }
  }
}

// Acting computes in single precision with functions of its own; sums of up to 21 numbers of about 1.
TEST(MlpTest, ActingComputesTheSame) {
  for (const HiddenLayers& hidden : AllHiddenLayers()) {
    SCOPED_TRACE(Describe(hidden));
    for (const int outputs : {1, 5}) {
      const MlpShape shape(kUser + kItem, hidden, outputs);
      const ParameterArena arena = MakeArena(shape);
      const TensorMap tensors(arena.Export(MlpTensors("net", shape)));
      Rng rng(5, Purpose::kTest, {});
      const at::Tensor x = NormalTensor({kRows, kUser + kItem}, rng).to(at::kFloat);
      const at::Tensor want = Reference(arena, shape).Run(x.to(at::kDouble)).detach();
      DenseMlp mlp(tensors, "net", kRows, hidden);
      const float* y = mlp.Run(x.data_ptr<float>(), kRows);
      for (int64_t row = 0; row < kRows; ++row) {
        for (int64_t o = 0; o < outputs; ++o) {
          EXPECT_NEAR(y[static_cast<size_t>(row) * mlp.padded_outputs() + static_cast<size_t>(o)],
                      want[row][o].item<double>(), 1e-5);
        }
      }
      if (outputs > 1) continue;
      ItemNetworkSizes sizes = {.num_user_features = kUser, .num_item_features = kItem};
      sizes.SetHidden(hidden);
      EXPECT_EQ(sizes.hidden(), hidden);
      ItemNetwork network(sizes, tensors, "net");
      std::vector<float> values(kRows);
      const at::Tensor users = x.narrow(1, 0, kUser).contiguous(), items = x.narrow(1, kUser, kItem).contiguous();
      network.Score({users.data_ptr<float>(), kRows * kUser}, items.data_ptr<float>(), kRows, 1,
                    absl::MakeSpan(values));
      for (size_t row = 0; row < kRows; ++row) {
        EXPECT_NEAR(values[row], want[static_cast<int64_t>(row)][0].item<double>(), 1e-5) << row;
      }
    }
  }
}

// A row's result does not depend on the others, bit for bit.
TEST(MlpTest, ActingOnOneRowGivesTheBitsOfActingOnAll) {
  for (const HiddenLayers& hidden : AllHiddenLayers()) {
    const MlpShape shape(kUser, hidden, 3);
    const TensorMap tensors(MakeArena(shape).Export(MlpTensors("net", shape)));
    Rng rng(6, Purpose::kTest, {});
    const at::Tensor x = NormalTensor({kRows, kUser}, rng).to(at::kFloat);
    DenseMlp all(tensors, "net", kRows, hidden), one(tensors, "net", 1, hidden);
    const float* y = all.Run(x.data_ptr<float>(), kRows);
    for (size_t row = 0; row < kRows; ++row) {
      const float* alone = one.Run(x.data_ptr<float>() + row * kUser, 1);
      for (size_t o = 0; o < 3; ++o) EXPECT_EQ(alone[o], y[row * all.padded_outputs() + o]) << Describe(hidden);
    }
  }
}

TEST(MlpTest, LayersBeginNormalisedAndNamesTellActivationsApart) {
  const MlpShape shape(kUser, {{8, 8, 8}, Activation::kSilu, /*layer_norm=*/true}, 1);
  const ParameterArena arena(ParameterLayout(MlpTensors("net", shape)), at::kFloat);
  InitializeMlp(arena, "net", /*seed=*/1, shape.hidden);
  for (const char* number : {"1", "2", "3"}) {
    EXPECT_TRUE(arena.at(absl::StrCat("net.silu.scale", number)).eq(1).all().item<bool>()) << number;
    for (const char* zero : {"net.silu.b", "net.silu.shift"})
      EXPECT_EQ(Largest(arena.at(absl::StrCat(zero, number))), 0);
    EXPECT_GT(Largest(arena.at(absl::StrCat("net.silu.w", number))), 0.1) << number;
  }
  for (const char* output : {"net.silu.w4", "net.silu.b4"}) {
    EXPECT_LE(Largest(arena.at(output)), 0.003);
    EXPECT_GT(Largest(arena.at(output)), 0);
  }
  MlpShape other = shape;
  other.hidden.activation = Activation::kTanh;
  const absl::Status refused = CheckTensors(arena.Export(MlpTensors("net", shape)), MlpTensors("net", other));
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("'net.silu.w1' [8, 6], want 'net.tanh.w1' [8, 6]"));
}

}  // namespace
}  // namespace recbots

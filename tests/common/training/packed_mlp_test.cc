#include "common/training/packed_mlp.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/base/random.h"
#include "common/training/action_scorer.h"

namespace recbots {
namespace {

// A perceptron in double precision: outputs of one row, and how far each output moves with every parameter and input,
// by differences.
struct Mlp {
  explicit Mlp(const MlpSizes& of) : sizes(of) {
    const size_t widths[kMlpTensors] = {Size(of.hidden1, of.inputs),  Size(of.hidden1, 1),
                                        Size(of.hidden2, of.hidden1), Size(of.hidden2, 1),
                                        Size(of.outputs, of.hidden2), Size(of.outputs, 1)};
    Rng rng(5, Purpose::kTest, {});
    for (size_t i = 0; i < kMlpTensors; ++i) {
      tensors[i].resize(widths[i]);
      for (float& value : tensors[i]) value = static_cast<float>(rng.Uniform(-0.6, 0.6));
    }
  }
  static size_t Size(int a, int b) { return static_cast<size_t>(a) * static_cast<size_t>(b); }
  MlpMemory memory() {
    return {tensors[0].data(), tensors[1].data(), tensors[2].data(),
            tensors[3].data(), tensors[4].data(), tensors[5].data()};
  }
  std::vector<double> Layer(const std::vector<double>& x, size_t tensor, bool relu) const {
    std::vector<double> y;
    for (size_t o = 0; o < tensors[tensor + 1].size(); ++o) {
      double sum = tensors[tensor + 1][o];
      for (size_t i = 0; i < x.size(); ++i) sum += double{tensors[tensor][o * x.size() + i]} * x[i];
      y.push_back(relu ? std::max(0.0, sum) : sum);
    }
    return y;
  }
  std::vector<double> Run(const std::vector<double>& x) const {
    return Layer(Layer(Layer(x, 0, true), 2, true), 4, false);
  }

  MlpSizes sizes;
  std::vector<float> tensors[kMlpTensors];
};

constexpr int kRows = 13;

struct Pass {
  // Inputs [kRows, padded]; a part of them is the action's. One output's gradient is that of a head.
  Pass(Mlp& mlp, int num_users) : packed(mlp.sizes, num_users), gradients(mlp.sizes) {
    stride = static_cast<size_t>(PaddedSize(mlp.sizes.inputs));
    padded_outputs = static_cast<size_t>(PaddedSize(mlp.sizes.outputs));
    Rng rng(6, Purpose::kTest, {});
    inputs = AlignedFloats(kRows * stride);
    d_outputs = AlignedFloats(kRows * padded_outputs);
    outputs = AlignedFloats(kRows * padded_outputs);
    for (size_t row = 0; row < kRows; ++row) {
      for (int i = 0; i < mlp.sizes.inputs; ++i) {
        inputs[row * stride + static_cast<size_t>(i)] = static_cast<float>(rng.Uniform(-1, 1));
      }
      for (int o = 0; o < mlp.sizes.outputs; ++o) {
        d_outputs[row * padded_outputs + static_cast<size_t>(o)] = static_cast<float>(rng.Uniform(-1, 1));
      }
    }
    packed.Pack(mlp.memory());
    packed.PackBackward(mlp.memory());
    rows.Resize(mlp.sizes, kRows);
    AlignedFloats state(kRows * static_cast<size_t>(packed.user.padded_outputs()));
    packed.user.Apply(inputs.data(), stride, kRows, /*relu=*/packed.num_action_inputs() == 0, state.data());
    if (packed.num_action_inputs() == 0) {
      rows.hidden1 = state;
    } else {
      packed.action.ApplyOnto(inputs.data() + num_users, stride, kRows, state.data(), rows.hidden1.data());
    }
  }
  std::vector<double> Input(size_t row, int size) const {
    return {inputs.data() + row * stride, inputs.data() + row * stride + size};
  }

  PackedMlp packed;
  Mlp gradients;
  MlpRows rows;
  size_t stride = 0, padded_outputs = 0;
  AlignedFloats inputs, outputs, d_outputs;
};

double Objective(const Mlp& mlp, const Pass& pass) {
  double sum = 0;
  for (size_t row = 0; row < kRows; ++row) {
    const std::vector<double> y = mlp.Run(pass.Input(row, mlp.sizes.inputs));
    for (size_t o = 0; o < y.size(); ++o) sum += y[o] * double{pass.d_outputs[row * pass.padded_outputs + o]};
  }
  return sum;
}

// Each gradient against a difference; the objective is linear in every parameter between kinks of the ReLUs, which a
// step of 2^-12 crosses rarely.
void CompareGradients(Mlp& mlp, const Pass& pass) {
  int different = 0, all = 0;
  for (size_t t = 0; t < kMlpTensors; ++t) {
    for (size_t i = 0; i < mlp.tensors[t].size(); i += 1 + mlp.tensors[t].size() / 50) {
      const float before = mlp.tensors[t][i];
      mlp.tensors[t][i] = before + 0x1p-12f;
      const double above = Objective(mlp, pass), high = mlp.tensors[t][i];
      mlp.tensors[t][i] = before - 0x1p-12f;
      const double below = Objective(mlp, pass), low = mlp.tensors[t][i];
      mlp.tensors[t][i] = before;
      const double want = (above - below) / (high - low), got = pass.gradients.tensors[t][i];
      different += std::abs(got - want) > 1e-4 * std::max(1.0, std::abs(want)) ? 1 : 0;
      ++all;
    }
  }
  EXPECT_LE(different, all / 20) << "of " << all;
}

TEST(PackedMlpTest, OutputsAndGradientsAreThoseOfTheFormulas) {
  for (const MlpSizes& sizes : {MlpSizes{7, 16, 16, 3}, {5, 33, 20, 1}, {20, 64, 64, 4}, {1, 1, 1, 1}}) {
    for (const int num_actions : {0, sizes.inputs / 2}) {
      SCOPED_TRACE(::testing::Message() << sizes.hidden1 << " units, " << num_actions << " inputs of actions");
      Mlp mlp(sizes);
      Pass pass(mlp, sizes.inputs - num_actions);
      ForwardToOutputs(pass.packed, pass.rows, pass.outputs.data());
      for (size_t row = 0; row < kRows; ++row) {
        const std::vector<double> want = mlp.Run(pass.Input(row, sizes.inputs));
        for (size_t o = 0; o < want.size(); ++o) {
          EXPECT_NEAR(pass.outputs[row * pass.padded_outputs + o], want[o], 1e-4) << row;
        }
      }
      BackwardFromOutputs(pass.packed, pass.d_outputs.data(), pass.rows);
      MlpGradients(pass.rows, {pass.d_outputs.data(), pass.padded_outputs, kRows},
                   {pass.inputs.data(), pass.stride, kRows}, pass.gradients.memory());
      CompareGradients(mlp, pass);
    }
  }
}

// The passes for one output are shortcuts.
TEST(PackedMlpTest, OneOutputIsAValue) {
  Mlp mlp({9, 40, 24, 1});
  Pass pass(mlp, 5);
  ForwardToOutputs(pass.packed, pass.rows, pass.outputs.data());
  std::vector<float> values(kRows), d_values(kRows);
  ForwardToValues(pass.packed, pass.rows, values.data());
  for (size_t row = 0; row < kRows; ++row) {
    EXPECT_NEAR(values[row], pass.outputs[row * pass.padded_outputs], 1e-5);
    d_values[row] = pass.d_outputs[row * pass.padded_outputs];
  }
  BackwardFromOutputs(pass.packed, pass.d_outputs.data(), pass.rows);
  const AlignedFloats d_z1 = pass.rows.d_z1;
  BackwardFromValues(pass.packed, d_values.data(), pass.rows);
  for (size_t i = 0; i < d_z1.size(); ++i) ASSERT_EQ(pass.rows.d_z1[i], d_z1[i]) << i;
}

TEST(ActionScorerTest, ValuesAreThoseOfTheFormula) {
  Mlp mlp({12, 40, 24, 1});
  PackedMlp packed(mlp.sizes, 5);
  packed.Pack(mlp.memory());
  Rng rng(7, Purpose::kTest, {});
  std::vector<float> users(3 * 5);
  for (float& value : users) value = static_cast<float>(rng.Uniform(-1, 1));
  ActionScorer scorer;
  scorer.Load(packed, users.data(), 3);
  for (const bool sparse : {false, true}) {
    std::vector<float> actions(8 * 7);
    for (size_t i = 0; i < actions.size(); ++i) {
      actions[i] = sparse && i % 7 != i / 7 % 7 ? 0 : static_cast<float>(rng.Uniform(-1, 1));
    }
    for (size_t user = 0; user < 3; ++user) {
      std::vector<float> values(8);
      scorer.Score(packed, user, actions.data(), 8, values.data());
      for (size_t action = 0; action < values.size(); ++action) {
        std::vector<double> input(users.begin() + static_cast<ptrdiff_t>(5 * user),
                                  users.begin() + static_cast<ptrdiff_t>(5 * user + 5));
        input.insert(input.end(), actions.begin() + static_cast<ptrdiff_t>(7 * action),
                     actions.begin() + static_cast<ptrdiff_t>(7 * action + 7));
        EXPECT_NEAR(values[action], mlp.Run(input)[0], 1e-4) << user << " " << action;
      }
    }
  }
}

// What is skipped would have added nothing: the same bits.
TEST(ActionScorerTest, ZerosMakeNoDifference) {
  Mlp mlp({200, 70, 24, 1});
  const DenseLayer layer(mlp.tensors[0].data(), 200, mlp.tensors[1], 70, 200);
  const auto width = static_cast<size_t>(layer.padded_outputs());
  std::vector<float> rows(5 * 200);
  for (size_t i = 0; i < rows.size(); i += 17) rows[i] = static_cast<float>(i) * 0.01f;
  AlignedFloats dense(5 * width), sparse(5 * width);
  layer.Apply(rows.data(), 200, 5, /*relu=*/false, dense.data());
  layer.ApplyToSparse(rows.data(), 200, 5, sparse.data());
  for (size_t i = 0; i < 5 * width; ++i) ASSERT_EQ(dense[i], sparse[i]) << i;
}

}  // namespace
}  // namespace recbots

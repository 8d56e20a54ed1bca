// Steps of the Q-learner with heads of quantiles and bins, and with other shapes, beside autograd in double precision.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/algorithms/q_learner.h"
#include "tests/support/torch_reference.h"

namespace recbots {
namespace {

using testing::NormalTensor;
using Kind = ValueHead::Kind;

constexpr int64_t kRows = 9, kUser = 4, kItem = 3, kAtoms = 6, kTargetAtoms = 8;
constexpr double kScale = 20, kRange = 5;

QLearnerOptions MakeOptions(Kind kind, bool dueling, const HiddenLayers& hidden) {
  QLearnerOptions options;
  options.shape = {.action = {kUser, kItem, /*with_none=*/false}, .dueling = dueling, .value_scale = kScale};
  options.shape.action.SetHidden(hidden);
  options.shape.action.head = {kind, kAtoms, kRange};
  options.learning_rate = 0.003;
  options.seed = 3;
  return options;
}

struct Data {
  at::Tensor observation, actions;
  std::vector<float> targets, weights, atoms, shares;
};

Data MakeData(uint32_t stream) {
  Rng rng(4, Purpose::kTest, {.stream = stream});
  Data data = {NormalTensor({kRows, kUser}, rng), NormalTensor({kRows, kItem}, rng), {}, {}, {}, {}};
  for (int64_t row = 0; row < kRows; ++row) {
    double mean = 0;
    for (int64_t j = 0; j < kTargetAtoms; ++j) {
      data.atoms.push_back(static_cast<float>(30 * rng.Normal()));
      data.shares.push_back(j == 2 ? 0.0f : 1.0f / (kTargetAtoms - 1));
      mean += double{data.atoms.back()} * double{data.shares.back()};
    }
    data.targets.push_back(static_cast<float>(mean));
    data.weights.push_back(row % 4 == 1 ? 0.0f : static_cast<float>(rng.Uniform(0.2, 2)));
  }
  return data;
}

at::Tensor ToTensor(const std::vector<float>& values, at::IntArrayRef sizes) {
  return at::tensor(values).to(at::kDouble).view(sizes);
}

// The perceptron at p[first] as LibTorch's functions.
at::Tensor Run(const std::vector<at::Tensor>& p, size_t first, const HiddenLayers& hidden, at::Tensor x) {
  for (const int units : hidden.units) {
    x = at::linear(x, p[first], p[first + 1]);
    first += 2;
    if (hidden.layer_norm) {
      x = at::layer_norm(x, {units}, p[first], p[first + 1], 1e-5);
      first += 2;
    }
    x = hidden.activation == Activation::kRelu   ? at::relu(x)
        : hidden.activation == Activation::kTanh ? at::tanh(x)
                                                 : at::silu(x);
  }
  return at::linear(x, p[first], p[first + 1]);
}

at::Tensor Bins() {
  const at::Tensor place = at::linspace(-1, 1, kAtoms, at::kDouble) * std::log(1 + kRange);
  return place.sign() * (place.abs().exp() - 1);
}

at::Tensor Loss(Kind kind, const at::Tensor& outputs, const Data& data, double kappa) {
  const at::Tensor weights = ToTensor(data.weights, {kRows});
  if (kind == Kind::kScalar) {
    return (weights * (outputs.view({-1}) - ToTensor(data.targets, {kRows}) / kScale).square()).sum();
  }
  if (kind == Kind::kQuantile) {
    const at::Tensor u = ToTensor(data.atoms, {kRows, 1, kTargetAtoms}) / kScale - outputs.unsqueeze(2);
    const at::Tensor tau = ((at::arange(kAtoms, at::kDouble) + 0.5) / kAtoms).view({1, kAtoms, 1});
    at::Tensor size = u.abs();
    if (kappa > 0) size = at::where(size <= kappa, u.square() / (2 * kappa), size - kappa / 2);
    const at::Tensor each = (tau - u.lt(0).to(at::kDouble)).abs() * size;
    return (weights * (each * ToTensor(data.shares, {kRows, 1, kTargetAtoms})).sum({1, 2})).sum();
  }
  // The weights of a piecewise linear function: 1 at its own bin, 0 at the others.
  const at::Tensor bins = Bins(), y = (ToTensor(data.targets, {kRows, 1}) / kScale).clamp(-kRange, kRange);
  const at::Tensor gaps = bins.slice(0, 1) - bins.slice(0, 0, -1);
  const at::Tensor rising = ((y - bins.slice(0, 0, -1)) / gaps).clamp(0, 1);  // [B, N - 1]
  const at::Tensor ones = at::ones({kRows, 1}, at::kDouble), zeros = at::zeros({kRows, 1}, at::kDouble);
  const at::Tensor hot = at::cat({ones, rising}, 1) - at::cat({rising, zeros}, 1);
  return (weights * -(hot * at::log_softmax(outputs, 1)).sum(1)).sum();
}

void Compare(const QLearnerOptions& options, double tolerance) {
  QLearner learner(options);
  const QShape& shape = options.shape;
  const Kind kind = shape.action.head.kind;
  EXPECT_EQ(learner.wants_atoms(), kind == Kind::kQuantile);
  // Outputs far from 0, so that all of them matter.
  for (size_t i = 0; i < learner.online().arena.layout().tensors().size(); ++i) {
    const at::Tensor tensor = learner.online().arena[i];
    if (tensor.size(0) == shape.action.head.outputs()) tensor.mul_(100);
  }
  for (uint32_t step = 0; step < 5; ++step) {
    const Data data = MakeData(step);
    std::vector<at::Tensor> p;
    for (size_t i = 0; i < learner.online().arena.layout().tensors().size(); ++i) {
      p.push_back(learner.online().arena[i].to(at::kDouble).clone().set_requires_grad(true));
    }
    const HiddenLayers hidden = shape.action.hidden();
    at::Tensor outputs = Run(p, 0, hidden, at::cat({data.observation, data.actions}, 1));
    if (shape.dueling) outputs = outputs + Run(p, p.size() / 2, hidden, data.observation);
    const at::Tensor loss = Loss(kind, outputs, data, options.huber_delta) / kRows;
    loss.backward();
    const at::Tensor value = kind == Kind::kTwoHot ? at::softmax(outputs, 1).matmul(Bins()) : outputs.mean(1);
    const at::Tensor values = learner.OnlineValues(data.observation, data.actions);
    std::vector<float> td_errors(kRows, -1);
    learner.Learn({.observation = data.observation,
                   .actions = data.actions,
                   .targets = data.targets,
                   .weights = data.weights,
                   .divisor = kRows,
                   .atoms = data.atoms,
                   .shares = data.shares},
                  absl::MakeSpan(td_errors));
    EXPECT_NEAR(learner.loss(), loss.item<double>(), tolerance * std::max(1.0, loss.item<double>()));
    for (int64_t row = 0; row < kRows; ++row) {
      const double of_row = value[row].item<double>() * kScale;
      EXPECT_NEAR(values[row][0].item<double>(), of_row, 1e-4 * std::max(1.0, std::abs(of_row)));
      const auto i = static_cast<size_t>(row);
      const double error = data.weights[i] == 0 ? 0 : std::abs(of_row - double{data.targets[i]});
      EXPECT_NEAR(td_errors[i], error, 1e-4 * std::max(1.0, error)) << row;
    }
    for (size_t i = 0; i < p.size(); ++i) {
      EXPECT_LT((learner.gradients().arena[i] - p[i].grad()).abs().max().item<double>(), tolerance)
          << learner.online().arena.layout().tensors()[i].name;
    }
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(QHeadsTest, StepsAreThoseOfAutograd) {
  const HiddenLayers plain = {{16, 12}}, deep = {{16, 12, 8}, Activation::kSilu, /*layer_norm=*/true};
  for (const Kind kind : {Kind::kScalar, Kind::kQuantile, Kind::kTwoHot}) {
    for (const bool dueling : {false, true}) {
      for (const HiddenLayers& hidden : {plain, deep, HiddenLayers{{10}, Activation::kTanh, false}}) {
        for (const double kappa : {0.0, 0.5}) {
          if (kappa > 0 && kind != Kind::kQuantile) continue;
          SCOPED_TRACE(::testing::Message() << static_cast<int>(kind) << " dueling " << dueling << " depth "
                                            << hidden.depth() << " kappa " << kappa);
          QLearnerOptions options = MakeOptions(kind, dueling, hidden);
          options.huber_delta = kappa;
          options.double_precision = true;
          Compare(options, 1e-7);  // Bins are float32.
          options.double_precision = false;
          Compare(options, 2e-4);
          if (HasFailure()) return;
        }
      }
    }
  }
}

// The values are the means of the atoms.
TEST(QHeadsTest, TargetAtomsAreWhatTargetValuesAreTheMeansOf) {
  QLearner learner(MakeOptions(Kind::kQuantile, /*dueling=*/true, {{16, 12}}));
  learner.target().Initialize(77);
  Rng rng(5, Purpose::kTest, {});
  const at::Tensor users = NormalTensor({kRows, kUser}, rng), actions = NormalTensor({kRows * 5, kItem}, rng);
  const at::Tensor values = learner.TargetValues(users, actions), atoms = learner.TargetAtoms();
  ASSERT_EQ(atoms.sizes(), (std::vector<int64_t>{kRows, 5, kAtoms}));
  EXPECT_TRUE(atoms.is_contiguous());
  EXPECT_LT((atoms.mean(2) - values).abs().max().item<double>(), 1e-6);
  EXPECT_GT(atoms.std(2).min().item<double>(), 0);
}

}  // namespace
}  // namespace recbots

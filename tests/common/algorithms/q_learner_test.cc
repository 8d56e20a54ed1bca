#include "common/algorithms/q_learner.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/base/random.h"
#include "tests/support/torch_reference.h"

namespace recbots {
namespace {

using testing::NormalTensor;
using testing::QReference;

constexpr int64_t kRows = 11, kUser = 4, kItem = 3;

QLearnerOptions MakeOptions(bool dueling = false) {
  QLearnerOptions options;
  options.shape = {.action = {kUser, kItem, /*with_none=*/false, 16, 12}, .dueling = dueling, .value_scale = 20};
  options.learning_rate = 0.01;
  options.double_precision = true;
  options.seed = 3;
  return options;
}

struct Data {
  at::Tensor observation, actions;
  std::vector<float> targets, weights;
  QLearner::QBatch QBatch(double divisor) const {
    return {.observation = observation, .actions = actions, .targets = targets, .weights = weights, .divisor = divisor};
  }
};

// Targets of some value scales, weights from 0 on.
Data MakeData(uint32_t stream) {
  Rng rng(4, Purpose::kTest, {.stream = stream});
  Data data = {NormalTensor({kRows, kUser}, rng), NormalTensor({kRows, kItem}, rng), {}, {}};
  for (int64_t i = 0; i < kRows; ++i) {
    data.targets.push_back(static_cast<float>(40 * rng.Normal()));
    data.weights.push_back(i % 4 == 1 ? 0.0f : static_cast<float>(rng.Uniform(0.2, 2)));
  }
  return data;
}

at::Tensor Column(const std::vector<float>& values) {
  return at::from_blob(const_cast<float*>(values.data()), {static_cast<int64_t>(values.size())}).to(at::kDouble);
}

// Kingma and Ba 2015, algorithm 1, element by element.
struct PlainAdam {
  explicit PlainAdam(const std::vector<at::Tensor>& parameters) {
    for (const at::Tensor& p : parameters) {
      first.push_back(at::zeros_like(p));
      second.push_back(at::zeros_like(p));
    }
  }
  void Step(std::vector<at::Tensor>& parameters, double rate) {
    ++steps;
    for (size_t i = 0; i < parameters.size(); ++i) {
      const at::Tensor g = parameters[i].grad();
      first[i] = first[i] * 0.9 + g * 0.1;
      second[i] = second[i] * 0.999 + g * g * 0.001;
      const at::Tensor m = first[i] / (1 - std::pow(0.9, steps)), v = second[i] / (1 - std::pow(0.999, steps));
      parameters[i] = (parameters[i] - rate * m / (v.sqrt() + 1e-8)).detach().set_requires_grad(true);
    }
  }
  std::vector<at::Tensor> first, second;
  int steps = 0;
};

// Ten steps of the learner beside autograd and a plain Adam: values, errors, loss, gradients, parameters. To rounding:
// of double precision, or of single precision, whose smallest gradients Adam scales to the size of all others.
void CompareWithAutograd(const QLearnerOptions& options) {
  const double of_gradients = options.double_precision ? 1e-12 : 5e-5;
  const double of_parameters = options.double_precision ? 1e-9 : 1e-3;
  QLearner learner(options);
  for (const char* name : {"q.w3", "v.w3"}) {
    if (options.shape.dueling || name[0] == 'q') learner.online().arena.at(name).mul_(200);
  }
  QReference reference(learner.online());
  PlainAdam adam(reference.p);
  for (uint32_t step = 0; step < 10; ++step) {
    SCOPED_TRACE(step);
    const Data data = MakeData(step);
    const double divisor = 1 + 2.5 * step;
    const at::Tensor error =
        reference.Value(data.observation, data.actions) - Column(data.targets) / options.shape.value_scale;
    const double delta = options.huber_delta;
    at::Tensor size = error.pow(2);
    if (delta > 0) size = at::where(error.abs() <= delta, size, 2 * delta * error.abs() - delta * delta);
    const at::Tensor loss = (Column(data.weights) * size).sum() / divisor;
    loss.backward();

    std::vector<float> td_errors(kRows, -1);
    learner.Learn(data.QBatch(divisor), absl::MakeSpan(td_errors));
    EXPECT_NEAR(learner.loss(), loss.item<double>(), of_gradients * std::max(1.0, loss.item<double>()));
    for (int64_t i = 0; i < kRows; ++i) {
      const double want = data.weights[static_cast<size_t>(i)] == 0 ? 0 : std::abs(error[i].item<double>()) * 20;
      EXPECT_NEAR(td_errors[static_cast<size_t>(i)], want, std::max(1e-5, 10 * of_gradients) * std::max(1.0, want))
          << i;
    }
    for (size_t i = 0; i < reference.p.size(); ++i) {
      const at::Tensor difference = learner.gradients().arena[i] - reference.p[i].grad();
      EXPECT_LT(difference.abs().max().item<double>(), of_gradients) << i;
    }
    adam.Step(reference.p, options.learning_rate);
    for (size_t i = 0; i < reference.p.size(); ++i) {
      EXPECT_LT((learner.online().arena[i] - reference.p[i]).abs().max().item<double>(), of_parameters) << i;
    }
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(learner.steps(), 10);
}

TEST(QLearnerTest, StepsAreThoseOfAutogradAndAdam) {
  for (const bool dueling : {false, true}) {
    for (const double huber : {0.0, 0.3, 1.0, 1000.0}) {
      SCOPED_TRACE(::testing::Message() << "dueling " << dueling << " huber " << huber);
      QLearnerOptions options = MakeOptions(dueling);
      options.huber_delta = huber;
      for (const bool double_precision : {true, false}) {
        options.double_precision = double_precision;
        CompareWithAutograd(options);
      }
    }
  }
}

// Without LibTorch's operators beside with them: parameters, targets and values of several actions.
TEST(QLearnerTest, LearnsWhatTheOperatorsOfLibTorchLearn) {
  for (const bool dueling : {false, true}) {
    for (const int64_t period : {0, 7}) {
      QLearnerOptions options = MakeOptions(dueling);
      options.double_precision = false;
      options.learning_rate = 0.001;
      options.target_update_period = period;
      QLearner fused(options);
      options.with_libtorch = true;
      QLearner tensors(options);
      for (uint32_t i = 0; i < 150; ++i) {
        const Data data = MakeData(i);
        fused.Learn(data.QBatch(kRows), {});
        tensors.Learn(data.QBatch(kRows), {});
        ASSERT_NEAR(fused.loss(), tensors.loss(), 1e-3 * tensors.loss()) << i;
      }
      Rng rng(6, Purpose::kTest, {});
      const at::Tensor users = NormalTensor({kRows, kUser}, rng), actions = NormalTensor({kRows * 5, kItem}, rng);
      const auto compare = [](const at::Tensor& a, const at::Tensor& b) {
        EXPECT_LT((a - b).abs().max().item<double>(), 1e-3);
      };
      compare(fused.online().arena.flat(), tensors.online().arena.flat());
      compare(fused.target().arena.flat(), tensors.target().arena.flat());
      const double scale = 1 / options.shape.value_scale;
      compare(fused.OnlineValues(users, actions) * scale, tensors.OnlineValues(users, actions) * scale);
      compare(fused.TargetValues(users, actions) * scale, tensors.TargetValues(users, actions) * scale);
    }
  }
}

// Of some actions of one user: the same as those of all, but for what is common to a user's actions.
TEST(QLearnerTest, ValuesOfSingleUsersAreThoseOfAll) {
  QLearnerOptions options = MakeOptions(/*dueling=*/true);
  options.double_precision = false;
  QLearner learner(options);
  ASSERT_TRUE(learner.fused());
  Rng rng(6, Purpose::kTest, {});
  const at::Tensor users = NormalTensor({kRows, kUser}, rng);
  const at::Tensor actions = NormalTensor({kRows * 5, kItem}, rng).to(at::kFloat);
  const at::Tensor all = learner.TargetValues(users, actions);
  std::vector<float> values(5);
  for (const bool user_value : {true, false}) {
    learner.LoadUsers(QSide::kTarget, users, user_value);
    for (size_t row = 0; row < kRows; ++row) {
      learner.Score(QSide::kTarget, row, actions.data_ptr<float>() + row * 5 * kItem, absl::MakeSpan(values));
      const float* want = all.data_ptr<float>() + row * 5;
      for (size_t i = 0; i < 5; ++i) {
        if (user_value) {
          EXPECT_NEAR(values[i], want[i], 1e-5) << row;
        }
        EXPECT_NEAR(values[i] - values[0], want[i] - want[0], 1e-5) << row;
      }
    }
  }
}

TEST(QLearnerTest, RowsOfWeightZeroMayHoldAnything) {
  QLearner one(MakeOptions()), two(MakeOptions());
  Data data = MakeData(1);
  one.Learn(data.QBatch(kRows), {});
  data.targets[1] = std::numeric_limits<float>::quiet_NaN();
  data.targets[5] = std::numeric_limits<float>::infinity();
  std::vector<float> td_errors(kRows);
  two.Learn(data.QBatch(kRows), absl::MakeSpan(td_errors));
  EXPECT_EQ(td_errors[1], 0);
  EXPECT_EQ(td_errors[5], 0);
  EXPECT_EQ(one.loss(), two.loss());
  EXPECT_TRUE(one.online().arena.flat().equal(two.online().arena.flat()));
}

TEST(QLearnerTest, TheTargetNetworkIsBlended) {
  for (const double tau : {0.0, 0.25, 1.0}) {
    QLearnerOptions options = MakeOptions(/*dueling=*/true);
    options.tau = tau;
    QLearner learner(options);
    EXPECT_TRUE(learner.target().arena.flat().equal(learner.online().arena.flat())) << "at first they are the same";
    at::Tensor want = learner.target().arena.flat().clone();
    for (uint32_t i = 0; i < 5; ++i) {
      learner.Learn(MakeData(i).QBatch(kRows), {});
      want = want * (1 - tau) + learner.online().arena.flat() * tau;
      EXPECT_LT((learner.target().arena.flat() - want).abs().max().item<double>(), 1e-14) << tau;
    }
    EXPECT_EQ(learner.target().arena.flat().equal(learner.online().arena.flat()), tau == 1);
  }
}

TEST(QLearnerTest, OrCopiedNowAndThen) {
  QLearnerOptions options = MakeOptions();
  options.target_update_period = 3;
  QLearner learner(options);
  at::Tensor want = learner.online().arena.flat().clone();
  for (uint32_t i = 1; i <= 10; ++i) {
    learner.Learn(MakeData(i).QBatch(kRows), {});
    if (i % 3 == 0) want = learner.online().arena.flat().clone();
    EXPECT_TRUE(learner.target().arena.flat().equal(want)) << i;
  }
}

TEST(QLearnerTest, ValuesAreInUnitsOfRewardsAndOfTheirNetwork) {
  for (const bool dueling : {false, true}) {
    QLearner learner(MakeOptions(dueling));
    learner.target().Initialize(77);
    Rng rng(6, Purpose::kTest, {});
    const at::Tensor observation = NormalTensor({kRows, kUser}, rng), actions = NormalTensor({kRows, 5, kItem}, rng);
    const at::Tensor flat = actions.view({kRows * 5, kItem});
    const auto compare = [&](const at::Tensor& got, const QNetwork& network) {
      ASSERT_EQ(got.sizes(), (std::vector<int64_t>{kRows, 5}));
      EXPECT_EQ(got.scalar_type(), at::kFloat);
      EXPECT_TRUE(got.is_contiguous());
      const at::Tensor want = QReference(network).Values(observation, actions).detach() * 20;
      EXPECT_LT((got.to(at::kDouble) - want).abs().max().item<double>(), 1e-6);
    };
    const at::Tensor online = learner.OnlineValues(observation, flat);
    compare(learner.TargetValues(observation, flat), learner.target());
    compare(online, learner.online());
  }
}

// The same in single precision, to what float32 keeps over ten steps of Adam.
TEST(QLearnerTest, SinglePrecisionIsClose) {
  QLearnerOptions options = MakeOptions(/*dueling=*/true);
  QLearner exact(options);
  options.double_precision = false;
  QLearner single(options);
  for (uint32_t i = 0; i < 10; ++i) {
    exact.Learn(MakeData(i).QBatch(kRows), {});
    single.Learn(MakeData(i).QBatch(kRows), {});
    EXPECT_NEAR(single.loss(), exact.loss(), 1e-4 * exact.loss());
  }
  const std::vector<NamedTensor> tensors = single.online().arena.Export(QTensors(options.shape));
  for (size_t i = 0; i < tensors.size(); ++i) {
    const at::Tensor values = Column(tensors[i].values).view(exact.online().arena[i].sizes());
    EXPECT_LT((values - exact.online().arena[i]).abs().max().item<double>(), 1e-3) << tensors[i].name;
  }
}

}  // namespace
}  // namespace recbots

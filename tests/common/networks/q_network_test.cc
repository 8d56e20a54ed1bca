#include "common/networks/q_network.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "common/base/random.h"
#include "tests/support/torch_reference.h"

namespace recbots {
namespace {

using testing::NormalTensor;
using testing::QReference;

constexpr int64_t kRows = 13, kActions = 7;

QShape MakeShape(int num_user_features, bool dueling, bool with_none) {
  return {.action = {num_user_features, 3, with_none, /*hidden1=*/16, /*hidden2=*/12}, .dueling = dueling};
}

std::vector<QShape> AllShapes() {
  std::vector<QShape> shapes;
  for (const int user : {0, 1, 5}) {
    for (const bool dueling : {false, true}) {
      for (const bool none : {false, true}) shapes.push_back(MakeShape(user, dueling, none));
    }
  }
  return shapes;
}

// Values of about 1, so that no gradient is lost below the tolerance.
QNetwork MakeNetwork(const QShape& shape) {
  QNetwork network(shape, at::kDouble);
  Rng rng(1, Purpose::kTest, {});
  for (size_t i = 0; i < network.arena.layout().tensors().size(); ++i) {
    network.arena[i].copy_(NormalTensor(network.arena[i].sizes(), rng).mul(0.5));
  }
  return network;
}

double Largest(const at::Tensor& x) { return x.numel() == 0 ? 0 : x.abs().max().item<double>(); }

TEST(QNetworkTest, ValuesAndGradientsAreThoseOfAutograd) {
  for (const QShape& shape : AllShapes()) {
    SCOPED_TRACE(::testing::Message() << "U " << shape.action.num_user_features << " dueling " << shape.dueling
                                      << " none " << shape.action.with_none);
    const QNetwork network = MakeNetwork(shape);
    QNetwork gradients(shape, at::kDouble);
    gradients.arena.flat().fill_(7);  // They are overwritten.
    Rng rng(2, Purpose::kTest, {});
    const int64_t action_size = shape.action.inputs() - shape.action.num_user_features;
    const at::Tensor observation = NormalTensor({kRows, shape.action.num_user_features}, rng);
    const at::Tensor actions = NormalTensor({kRows, action_size}, rng);
    const at::Tensor d_q = NormalTensor({kRows, 1}, rng);

    const QReference reference(network);
    const at::Tensor want = reference.Value(observation, actions);
    (want * d_q.view({-1})).sum().backward();

    QPass pass(at::kDouble);
    for (int repeat = 0; repeat < 2; ++repeat) {
      RunQ(network, observation, actions, pass);
      EXPECT_LT(Largest(pass.q.view({-1}) - want), 1e-12);
      QGradients(network, observation, actions, d_q, at::ones({kRows}, at::kDouble), pass, gradients);
      for (size_t i = 0; i < reference.p.size(); ++i) {
        const std::string& name = network.arena.layout().tensors()[i].name;
        EXPECT_LT(Largest(gradients.arena[i] - reference.p[i].grad()), 1e-11) << name;
        EXPECT_TRUE(Largest(gradients.arena[i]) > 1e-3 || gradients.arena[i].numel() == 0) << name;
      }
    }
  }
}

// The same values as one action at a time.
TEST(QNetworkTest, ManyActionsAreValuedLikeOne) {
  for (const QShape& shape : AllShapes()) {
    const QNetwork network = MakeNetwork(shape);
    Rng rng(3, Purpose::kTest, {});
    const int64_t action_size = shape.action.inputs() - shape.action.num_user_features;
    for (const int64_t rows : {kRows, int64_t{1}}) {
      QPass many(at::kDouble), one(at::kDouble);
      const at::Tensor observation = NormalTensor({rows, shape.action.num_user_features}, rng);
      const at::Tensor actions = NormalTensor({rows * kActions, action_size}, rng);
      RunQOnCandidates(network, observation, actions, many);
      ASSERT_EQ(many.q.sizes(), (std::vector<int64_t>{rows, kActions}));
      for (int64_t c = 0; c < kActions; ++c) {
        RunQ(network, observation, actions.view({rows, kActions, action_size}).select(1, c).contiguous(), one);
        ASSERT_EQ(one.q.sizes(), (std::vector<int64_t>{rows, 1}));
        EXPECT_LT(Largest(one.q - many.q.narrow(1, c, 1)), 1e-12);
      }
    }
  }
}

TEST(QNetworkTest, InitialParametersAreAFunctionOfTheSeed) {
  const QShape shape = MakeShape(5, /*dueling=*/true, /*with_none=*/true);
  QNetwork one(shape, at::kFloat), two(shape, at::kFloat), other(shape, at::kFloat);
  one.Initialize(1);
  two.Initialize(1);
  other.Initialize(2);
  EXPECT_TRUE(one.arena.flat().equal(two.arena.flat()));
  EXPECT_FALSE(one.arena.flat().equal(other.arena.flat()));
  EXPECT_FALSE(one.arena.at("q.w2").equal(one.arena.at("v.w2")));
  for (const char* name : {"q.b1", "q.b2", "v.b1", "v.b2"}) EXPECT_EQ(Largest(one.arena.at(name)), 0) << name;
  for (const char* name : {"q.w3", "v.w3", "q.b3", "v.b3"}) EXPECT_LE(Largest(one.arena.at(name)), 0.003) << name;
}

}  // namespace
}  // namespace recbots

// Forward passes and whole updates against the reference implementation (tests/golden/recsim/README.md).
#include <ATen/ops/empty.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/algorithms/wolpertinger/policy.h"
#include "common/algorithms/wolpertinger/wolpertinger.h"
#include "tests/common/algorithms/wolpertinger/golden_parameters.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using ::recbots::testing::Flat;
using testing::GoldenValue;

// |got - want| <= tolerance * max(1, |want|), element by element.
void ExpectNear(const at::Tensor& got, const GoldenValue& want, double tolerance, const std::string& what) {
  const at::Tensor values = got.to(at::kDouble).contiguous();
  const std::vector<double> expected = Flat(want);
  ASSERT_EQ(values.numel(), static_cast<int64_t>(expected.size())) << what;
  const double* value = values.data_ptr<double>();
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(value[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i]))) << what << " " << i;
  }
}

at::Tensor FromFloats(std::vector<float> values, at::IntArrayRef sizes) {
  return at::from_blob(values.data(), sizes, at::TensorOptions(at::kFloat)).clone();
}

void CheckForward(const GoldenValue& in, const GoldenValue& out) {
  const WolpertingerShape shape = testing::ShapeOf(in, in["actor"], in["embeddings"]);
  const WolpertingerNetworks networks(shape, 1, at::kDouble);
  testing::SetParameters(in["actor"], in["critic"], in["embeddings"], networks);
  const auto states = in["states"].get<std::vector<int>>();
  const auto rows = static_cast<int64_t>(states.size());
  const at::Tensor observation =
      FromFloats(testing::OneHot(states, shape.num_user_features), {rows, shape.num_user_features}).to(at::kDouble);

  ActorPass actor(at::kDouble);
  RunActor(networks.actor, observation, actor);
  ExpectNear(actor.proto.unit, out["proto"], 1e-8, "proto");

  UnitRows embeddings(at::kDouble);
  ScaleRows(networks.embeddings, embeddings);
  SearchScratch search(at::kDouble);
  at::Tensor items = at::empty({rows, shape.k}, at::TensorOptions(at::kLong));
  FindNearest(shape, networks.embeddings, embeddings.unit, actor.proto.unit, search, items);
  // Where k is the number of items there is nothing to find, and ours are in order: compare with the reference's order.
  if (shape.k == shape.num_items) items.copy_(testing::ToTensor(out["nearest"], {rows, shape.k}));
  ExpectNear(items, out["nearest"], 0, "nearest");

  at::Tensor state = at::empty({0}, observation.options());
  RunState(networks.critics[0], observation, state);
  MlpActivations pass(at::kDouble);
  RunCriticOnCandidates(networks.critics[0], state, embeddings.unit.index_select(0, items.view({-1})), pass);
  ExpectNear(pass.output, out["candidate_q"], 1e-8, "candidate_q");
  const auto [value, column] = pass.output.view({rows, shape.k}).max(1, /*keepdim=*/true);
  ExpectNear(value, out["best_value"], 1e-8, "best_value");
  ExpectNear(items.gather(1, column), out["best"], 0, "best");

  MlpActivations proto_pass(at::kDouble);
  RunCritic(networks.critics[0], state, actor.proto.unit, proto_pass);
  ExpectNear(proto_pass.output, out["q_of_proto"], 1e-8, "q_of_proto");
}

TEST(WolpertingerGoldenTest, ForwardPassInDoublePrecision) {
  const testing::Golden golden("recsim/wolp_forward.json");
  ASSERT_FALSE(golden["cases"].empty());
  for (size_t i = 0; i < golden["cases"].size(); ++i) {
    SCOPED_TRACE(i);
    CheckForward(golden["cases"][i]["in"], golden["cases"][i]["out"]);
    if (HasFatalFailure()) return;
  }
}

void CheckPolicy(const GoldenValue& in, const GoldenValue& out) {
  const WolpertingerShape shape = testing::ShapeOf(in, in["actor"], in["embeddings"]);
  const WolpertingerNetworks networks(shape, 1, at::kFloat);
  testing::SetParameters(in["actor"], in["critic"], in["embeddings"], networks);
  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i < networks.arena.layout().tensors().size(); ++i) tensors.push_back(networks.arena.Export(i));
  const auto policy = WolpertingerPolicy::Create({.shape = shape}).value();
  ASSERT_TRUE(policy->SetWeights(EncodeTensors(tensors)).ok());

  const auto states = in["states"].get<std::vector<int>>();
  for (size_t row = 0; row < states.size(); ++row) {
    const auto explanation = policy->Explain(testing::OneHot({states[row]}, shape.num_user_features));
    EXPECT_THAT(explanation.proto_action,
                ::testing::Pointwise(::testing::FloatNear(1e-4f), out["proto"][row].get<std::vector<float>>()));
    EXPECT_EQ(explanation.candidates, out["nearest"][row].get<std::vector<int32_t>>());
    EXPECT_THAT(explanation.values,
                ::testing::Pointwise(::testing::FloatNear(1e-4f), out["candidate_q"][row].get<std::vector<float>>()));
    EXPECT_EQ(explanation.best, out["best"][row].get<int32_t>());
  }
}

TEST(WolpertingerGoldenTest, PolicyInSinglePrecision) {
  const testing::Golden golden("recsim/wolp_forward.json");
  for (size_t i = 0; i < golden["cases"].size(); ++i) {
    SCOPED_TRACE(i);
    CheckPolicy(golden["cases"][i]["in"], golden["cases"][i]["out"]);
    if (HasFailure()) return;
  }
}

TransitionBatch MakeBatch(const GoldenValue& in, const WolpertingerShape& shape, at::ScalarType dtype) {
  const GoldenValue& batch = in["batch"];
  const auto state = batch["state"].get<std::vector<int>>();
  const auto rows = static_cast<int64_t>(state.size());
  TransitionBatch made;
  made.observation = FromFloats(testing::OneHot(state, shape.num_user_features), {rows, shape.num_user_features});
  made.next_observation = FromFloats(testing::OneHot(batch["next"].get<std::vector<int>>(), shape.num_user_features),
                                     {rows, shape.num_user_features});
  made.slate = testing::ToTensor(batch["doc"], {rows, 1}).to(at::kInt);
  made.reward = testing::ToTensor(batch["reward"], {rows}).to(dtype);
  made.discount = testing::ToTensor(batch["done"], {rows}).neg().add(1).mul(in["gamma"].get<double>()).to(dtype);
  return made;
}

void CheckParameters(const WolpertingerNetworks& networks, const GoldenValue& want, double tolerance) {
  for (size_t i = 0; i < 6; ++i) {
    ExpectNear(networks.arena[i], want["actor"][i], tolerance, networks.arena.layout().tensors()[i].name);
    ExpectNear(networks.arena[6 + i], want["critic"][i], tolerance, networks.arena.layout().tensors()[6 + i].name);
  }
  ExpectNear(networks.embeddings, want["embeddings"], tolerance, "embeddings");
}

void CheckUpdate(const GoldenValue& in, const GoldenValue& out, bool double_precision, double tolerance) {
  const GoldenValue& online = in["online"];
  WolpertingerOptions options;
  options.shape = testing::ShapeOf(in, online["actor"], online["embeddings"][0]);
  options.random_candidates = 0;
  options.actor_objective = ActorObjective::kClimbCritic;
  options.learning_rate = in["lr"].get<double>();
  options.tau = in["tau"].get<double>();
  options.double_precision = double_precision;
  const auto algorithm = Wolpertinger::Create(options).value();
  const GoldenValue& target = in["target"];
  testing::SetParameters(online["actor"], online["critic"], online["embeddings"], algorithm->online());
  testing::SetParameters(target["actor"], target["critic"], target["embeddings"], algorithm->target());

  const TransitionBatch batch = MakeBatch(in, options.shape, double_precision ? at::kDouble : at::kFloat);
  for (int step = 0; step < in["steps"].get<int>(); ++step) {
    const absl::Status status = algorithm->Update(batch, {});
    ASSERT_TRUE(status.ok()) << status.ToString();
    const auto i = static_cast<size_t>(step);
    ExpectNear(algorithm->target_values(), out["targets"][i], tolerance, "targets");
    const Algorithm::Losses losses = algorithm->losses();
    EXPECT_NEAR(losses[1].second, out["policy_loss_value_loss"][i][0].get<double>(), tolerance);
    EXPECT_NEAR(losses[0].second, out["policy_loss_value_loss"][i][1].get<double>(), tolerance);
  }
  CheckParameters(algorithm->online(), out["online"], tolerance);
  CheckParameters(algorithm->target(), out["target"], tolerance);
}

TEST(WolpertingerGoldenTest, UpdatesInDoublePrecision) {
  const testing::Golden golden("recsim/wolp_update.json");
  ASSERT_FALSE(golden["cases"].empty());
  for (size_t i = 0; i < golden["cases"].size(); ++i) {
    SCOPED_TRACE(i);
    CheckUpdate(golden["cases"][i]["in"], golden["cases"][i]["out"], /*double_precision=*/true, 1e-8);
    if (HasFailure()) return;
  }
}

TEST(WolpertingerGoldenTest, UpdatesInSinglePrecision) {
  const testing::Golden golden("recsim/wolp_update.json");
  for (size_t i = 0; i < golden["cases"].size(); ++i) {
    SCOPED_TRACE(i);
    CheckUpdate(golden["cases"][i]["in"], golden["cases"][i]["out"], /*double_precision=*/false, 1e-3);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace recbots

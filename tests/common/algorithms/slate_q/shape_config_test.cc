#include "common/algorithms/slate_q/shape_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace recbots {
namespace {

EnvironmentSpec MakeSpec() {
  EnvironmentSpec spec;
  spec.name = "test";
  spec.num_user_features = 6;
  spec.num_candidates = 10;
  spec.num_candidate_features = 4;
  spec.slate_size = 2;
  spec.response_fields = {"quality", "click"};
  return spec;
}

EnvironmentSpec WithoutFeatures() {
  EnvironmentSpec spec = MakeSpec();
  spec.num_candidate_features = 0;
  return spec;
}

void ExpectRefused(const absl::Status& status, const std::string& message) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(message));
}

void Refuses(const EnvironmentSpec& spec, const std::function<void(v1::SlateQConfig&)>& change,
             const std::string& message) {
  v1::SlateQConfig config;
  change(config);
  ExpectRefused(MakeSlateQShape(config, spec).status(), message);
}

TEST(MakeSlateQShapeTest, DefaultsAreThoseOfInterestEvolution) {
  const SlateQShape shape = MakeSlateQShape({}, MakeSpec()).value();
  EXPECT_EQ(shape.num_candidates, 10);
  EXPECT_EQ(shape.num_item_features, 4);
  EXPECT_TRUE(shape.item_features);
  EXPECT_EQ(shape.slate_size, 2);
  EXPECT_EQ(shape.serving, SlateRule::kOptimal);
  EXPECT_FALSE(shape.no_click_is_zero);
  EXPECT_FALSE(shape.learned_clicks);
  EXPECT_EQ(shape.proposal_k, 0);
  EXPECT_EQ(shape.click_rule(), ClickRule::kShared);
  EXPECT_EQ(shape.q.action.inputs(), 6 + 4 + 1);
  EXPECT_EQ(shape.q.value_scale, 1);
  // RecSim's s = user . item + 1, s_none = 2.
  const std::vector<float> user = {1, 2, 0, 0, 9, 9}, items = {0.5, 0.25, 7, 7};
  std::vector<float> weights(1);
  EXPECT_EQ(shape.affinity->Weigh(user.data(), items.data(), absl::MakeSpan(weights)), 2);
  EXPECT_EQ(weights[0], 2);
}

TEST(MakeSlateQShapeTest, TakesEverythingFromTheConfiguration) {
  v1::SlateQConfig config;
  config.mutable_q()->set_hidden_units(12);
  config.mutable_q()->set_second_hidden_units(8);
  config.mutable_q()->set_dueling(true);
  config.mutable_q()->set_value_scale(50);
  config.set_serving(v1::TOP_K);
  config.mutable_click_model()->set_learned(true);
  config.mutable_click_model()->set_hidden_units(5);
  config.mutable_click_model()->mutable_choice()->set_kind(v1::ChoiceModelConfig::EXPONENTIAL_CASCADE);
  config.mutable_proposal()->set_k(3);
  config.mutable_proposal()->set_hidden_units(9);
  const SlateQShape shape = MakeSlateQShape(config, MakeSpec()).value();
  EXPECT_EQ(shape.serving, SlateRule::kTopK);
  EXPECT_EQ(shape.q.value_scale, 50);
  EXPECT_EQ(shape.affinity->click_rule(), ClickRule::kCascade) << "to compare with";
  EXPECT_EQ(shape.click_rule(), ClickRule::kShared) << "what is learned is a multinomial logit";
  EXPECT_EQ(shape.proposal_k, 3);
  std::vector<std::pair<std::string, std::vector<int32_t>>> tensors;
  for (const TensorSpec& tensor : PolicyTensors(shape)) tensors.emplace_back(tensor.name, tensor.shape);
  ASSERT_EQ(tensors.size(), 4 * kMlpTensors);
  using Named = std::pair<std::string, std::vector<int32_t>>;
  EXPECT_EQ(tensors[0], (Named{"q.w1", {12, 11}}));
  EXPECT_EQ(tensors[2], (Named{"q.w2", {8, 12}}));
  EXPECT_EQ(tensors[6], (Named{"v.w1", {12, 6}}));
  EXPECT_EQ(tensors[10], (Named{"v.w3", {1, 8}}));
  EXPECT_EQ(tensors[12], (Named{"click.w1", {5, 10}}));
  EXPECT_EQ(tensors[18], (Named{"actor.w1", {9, 6}}));
  EXPECT_EQ(tensors[22], (Named{"actor.w3", {4, 9}}));
}

TEST(MakeSlateQShapeTest, PositionsStandForFeaturesWhereThereAreNone) {
  v1::SlateQConfig config;
  config.mutable_click_model()->set_learned(true);
  config.set_legacy_no_click_zero(true);
  const SlateQShape shape = MakeSlateQShape(config, WithoutFeatures()).value();
  EXPECT_FALSE(shape.item_features);
  EXPECT_EQ(shape.num_item_features, 10);
  EXPECT_EQ(shape.q.action.inputs(), 6 + 10);
  EXPECT_TRUE(shape.no_click_is_zero);
  EXPECT_FALSE(shape.affinity.has_value());
}

TEST(MakeSlateQShapeTest, SaysWhatDoesNotFit) {
  const EnvironmentSpec spec = MakeSpec();
  EnvironmentSpec no_clicks = spec;
  no_clicks.response_fields = {"quality"};
  Refuses(
      no_clicks, [](auto&) {}, "algorithm.slate_q: responses of environment 'test' have no field 'click'");
  Refuses(
      spec, [](auto& c) { c.set_serving(v1::SLATE_RULE_UNSPECIFIED); },
      "algorithm.slate_q.serving SLATE_RULE_UNSPECIFIED, want TOP_K, GREEDY or OPTIMAL");
  Refuses(
      spec, [](auto& c) { c.set_target(v1::SlateQConfig::TARGET_RULE_UNSPECIFIED); },
      "algorithm.slate_q.target TARGET_RULE_UNSPECIFIED, want SARSA, TARGET_TOP_K, TARGET_GREEDY or TARGET_OPTIMAL");
  Refuses(
      spec,
      [](auto& c) {
        c.set_legacy_no_click_zero(true);
        c.mutable_q()->set_dueling(true);
      },
      "algorithm.slate_q.q.dueling true, want false with legacy_no_click_zero");
  EnvironmentSpec few = spec;
  few.num_user_features = 3;
  Refuses(
      few, [](auto&) {}, "'test' has 3 user features and 4 candidate features: there are no affinities");
  EnvironmentSpec remembers = few;
  remembers.num_user_features += 10;
  remembers.num_history_features = 10;
  Refuses(
      remembers, [](auto&) {}, "'test' has 3 user features and 4 candidate features: there are no affinities");
  Refuses(
      WithoutFeatures(), [](auto&) {}, "algorithm.slate_q.click_model.choice: environment 'test' has 6 user features");
  Refuses(
      spec, [](auto& c) { c.mutable_click_model()->mutable_choice()->set_kind(v1::ChoiceModelConfig::POSITION_BASED); },
      "algorithm.slate_q.click_model.choice.");
  Refuses(
      spec,
      [](auto& c) {
        c.mutable_click_model()->mutable_choice()->set_kind(v1::ChoiceModelConfig::EXPONENTIAL_CASCADE);
        c.mutable_click_model()->mutable_choice()->set_attention_prob(2);
      },
      "algorithm.slate_q.click_model.choice.attention_prob 2");
  Refuses(
      spec, [](auto& c) { c.mutable_proposal()->set_k(1); },
      "algorithm.slate_q.proposal.k 1, want 2..10 (slate size and candidates of test)");
  Refuses(
      spec, [](auto& c) { c.mutable_proposal()->set_k(11); }, "algorithm.slate_q.proposal.k 11, want 2..10");
  Refuses(
      WithoutFeatures(),
      [](auto& c) {
        c.mutable_click_model()->set_learned(true);
        c.mutable_proposal()->set_k(4);
      },
      "algorithm.slate_q.proposal: candidates of environment 'test' have no features to point at");
}

}  // namespace
}  // namespace recbots

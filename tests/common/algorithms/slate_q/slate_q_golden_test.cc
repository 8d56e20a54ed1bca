// Targets of RecSim's SlateQ (tests/golden/recsim/README.md, slateq_targets), through a whole update.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "common/algorithms/slate_q/slate_q.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using testing::GoldenValue;

constexpr std::pair<const char*, TargetRule> kRules[] = {{"sarsa", TargetRule::kSarsa},
                                                         {"topk", TargetRule::kTopK},
                                                         {"greedy", TargetRule::kGreedy},
                                                         {"optimal", TargetRule::kOptimal}};

// One transition, whose network says exactly `q`: behind its features each item has a one-hot position, which users,
// with zeros there, have no affinity for.
struct Case {
  explicit Case(const GoldenValue& in)
      : docs(in["docs"]), q(in["q"].get<std::vector<float>>()), num_docs(static_cast<int64_t>(docs.size())) {
    const int64_t features = static_cast<int64_t>(docs[0].size()) + num_docs;
    const auto slate = in["next_slate"].get<std::vector<int32_t>>();
    const auto slate_size = static_cast<int64_t>(slate.size());
    batch.observation = at::zeros({1, features});
    batch.candidates = at::zeros({1, num_docs, features});
    for (int64_t d = 0; d < features - num_docs; ++d) {
      batch.observation[0][d] = in["user"][static_cast<size_t>(d)].get<float>();
      for (int64_t i = 0; i < num_docs; ++i) {
        batch.candidates[0][i][d] = docs[static_cast<size_t>(i)][static_cast<size_t>(d)].get<float>();
      }
    }
    for (int64_t i = 0; i < num_docs; ++i) batch.candidates[0][i][features - num_docs + i] = 1;
    batch.next_observation = batch.observation;
    batch.next_candidates = batch.candidates;
    batch.slate = at::arange(slate_size, at::kInt).view({1, slate_size});
    batch.next_slate = at::tensor(slate, at::kInt).view({1, slate_size});
    batch.response = at::ones({1, slate_size, 1});
    batch.reward = at::full({1}, in["reward"].get<double>(), at::kFloat);
    batch.discount = at::full({1}, in["terminal"].get<int>() != 0 ? 0 : in["gamma"].get<double>(), at::kFloat);

    const int units = static_cast<int>(num_docs), width = static_cast<int>(features);
    options.shape.num_candidates = units;
    options.shape.num_item_features = width;
    options.shape.slate_size = static_cast<int>(slate_size);
    options.shape.no_click_is_zero = true;
    options.shape.q.action = {width, width, /*with_none=*/false, units, units};
    ChoiceModelOptions choice;
    choice.kind = ChoiceKind::kMultinomialProportional;
    choice.no_click_mass = 1;
    choice.min_normalizer = -1;
    options.shape.affinity = AffinityWeights::Create(ChoiceModel::Create(choice).value(), width).value();
    options.q.shape = options.shape.q;
    options.q.double_q = false;
  }

  // Q = w3 . I . I . position, where everything is at least 0 before it meets a ReLU.
  void SetValues(const QNetwork& network) const {
    network.arena.flat().zero_();
    const int64_t width = network.arena.at("q.w1").size(1);
    network.arena.at("q.w1").narrow(1, width - num_docs, num_docs).copy_(at::eye(num_docs));
    network.arena.at("q.w2").copy_(at::eye(num_docs));
    network.arena.at("q.w3").copy_(at::tensor(q).view({1, num_docs}));
  }

  GoldenValue docs;
  std::vector<float> q;
  int64_t num_docs;
  SlateQOptions options;
  TransitionBatch batch;
};

TEST(SlateQGoldenTest, TargetsAreThoseOfRecSim) {
  const testing::Golden golden("recsim/slateq_targets.json");
  ASSERT_FALSE(golden["cases"].empty());
  for (size_t i = 0; i < golden["cases"].size(); ++i) {
    const GoldenValue& in = golden["cases"][i]["in"];
    const GoldenValue& out = golden["cases"][i]["out"];
    for (const auto& [name, rule] : kRules) {
      Case c(in);
      c.options.target = rule;
      const auto algorithm = SlateQ::Create(c.options).value();
      c.SetValues(algorithm->q().online());
      c.SetValues(algorithm->q().target());
      std::vector<float> td_errors(1);
      const absl::Status status = algorithm->Update(c.batch, absl::MakeSpan(td_errors));
      ASSERT_TRUE(status.ok()) << status.ToString();
      const double want = out[name].get<double>();
      const double tolerance = 1e-5 * std::max(1.0, std::abs(want));
      EXPECT_NEAR(algorithm->target_values()[0], want, tolerance) << "case " << i << " " << name;
      // The first item was clicked.
      EXPECT_NEAR(td_errors[0], std::abs(double{c.q[0]} - want), tolerance) << "case " << i << " " << name;
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace recbots

// What SlateQ learns from a row: targets, errors and loss against the formulas, for every kind of it.
#include <gtest/gtest.h>

#include "tests/common/algorithms/slate_q/slate_q_options.h"

namespace recbots {
namespace {

using testing::Clicks;
using testing::MakeSlateBatch;
using testing::MakeSlateOptions;
using testing::PlainSlateQ;
using testing::SlateQKind;

std::vector<SlateQKind> AllKinds() {
  std::vector<SlateQKind> kinds;
  for (const TargetRule target : {TargetRule::kSarsa, TargetRule::kTopK, TargetRule::kGreedy, TargetRule::kOptimal}) {
    for (const Clicks clicks : {Clicks::kProportional, Clicks::kCascade, Clicks::kLearned}) {
      for (const bool zero : {false, true}) {
        SlateQKind kind = {.target = target, .clicks = clicks, .none_is_zero = zero};
        kinds.push_back(kind);
        kind.double_q = false;
        kinds.push_back(kind);
        kind.legacy = true;
        kinds.push_back(kind);
        kind.double_q = true;
        kind.legacy = false;
        kind.dueling = !zero;
        kind.k = 4;
        kinds.push_back(kind);
        kind.random_candidates = 2;  // With the nearest they are all there are.
        kinds.push_back(kind);
        if (clicks == Clicks::kLearned)
          kinds.push_back({.target = target, .clicks = clicks, .none_is_zero = zero, .features = false});
      }
    }
  }
  return kinds;
}

// An update beside the formulas; single precision keeps 1e-4 of values of a few units.
void CompareWithFormulas(SlateQ& algorithm, const SlateQOptions& options, const TransitionBatch& batch) {
  const int64_t rows = batch.reward.size(0);
  const PlainSlateQ plain(algorithm, options);
  std::vector<double> target, error, weight;
  double learnt = 0, loss = 0, proposal_loss = 0;
  for (int64_t row = 0; row < rows; ++row) {
    target.push_back(plain.Target(batch, row));
    if (options.shape.proposal_k > 0) proposal_loss += plain.ProposalError(batch, row) / static_cast<double>(rows);
    const bool teaches = !options.shape.no_click_is_zero || PlainSlateQ::Clicked(batch, row) >= 0;
    learnt += teaches ? 1 : 0;
    weight.push_back(!teaches                             ? 0
                     : batch.importance_weights.defined() ? batch.importance_weights[row].item<double>()
                                                          : 1);
    error.push_back(weight.back() == 0 ? 0 : plain.Learnt(batch, row) - target.back());
    loss += weight.back() * std::pow(error.back() / options.shape.q.value_scale, 2.0);
  }
  std::vector<float> td_errors(static_cast<size_t>(rows), -1);
  const absl::Status status = algorithm.Update(batch, absl::MakeSpan(td_errors));
  ASSERT_TRUE(status.ok()) << status.ToString();
  for (size_t row = 0; row < target.size(); ++row) {
    ASSERT_NEAR(algorithm.target_values()[row], target[row], 1e-4 * std::max(1.0, std::abs(target[row]))) << row;
    ASSERT_NEAR(td_errors[row], std::abs(error[row]), 2e-4 * std::max(1.0, std::abs(error[row]))) << row;
  }
  loss /= std::max(1.0, learnt);
  EXPECT_NEAR(algorithm.losses()[0].second, loss, 1e-3 * loss);
  if (options.shape.proposal_k > 0) {
    const Algorithm::Losses losses = algorithm.losses();
    const size_t i = losses.size() - (options.shape.learned_clicks ? 7 : 5);  // Two of each optimiser come behind it.
    EXPECT_EQ(losses[i].first, "proposal_loss");
    EXPECT_NEAR(losses[i].second, proposal_loss, 1e-3 * proposal_loss);
  }
}

// Behind some updates with large steps, so that all networks differ and have something to say.
TEST(SlateQTargetTest, AreThoseOfTheFormulas) {
  constexpr int64_t kRows = 16;
  for (const SlateQKind& kind : AllKinds()) {
    for (const bool by_program : {false, true}) {
      SCOPED_TRACE(::testing::Message() << ::testing::PrintToString(kind) << " program " << by_program);
      SlateQOptions options = MakeSlateOptions(kind);
      options.q.with_libtorch = by_program;
      const auto algorithm = SlateQ::Create(options).value();
      for (uint32_t i = 0; i < 25; ++i) {
        ASSERT_TRUE(algorithm->Update(MakeSlateBatch(kRows, i, kind.features), {}).ok());
      }
      TransitionBatch batch = MakeSlateBatch(kRows, 100, kind.features);
      CompareWithFormulas(*algorithm, options, batch);
      batch = MakeSlateBatch(kRows, 101, kind.features);
      batch.importance_weights = at::rand({kRows});
      Rng rng(3, Purpose::kTest, {});
      for (int64_t i = 0; i < kRows; ++i) batch.importance_weights[i] = i == 3 ? 0 : rng.Uniform(0, 2);
      CompareWithFormulas(*algorithm, options, batch);
      if (HasFailure()) return;
    }
  }
}

// Where nothing is clicked and no click is worth nothing there is nothing to learn.
TEST(SlateQTargetTest, WithoutClicksTheLegacySlateQLearnsNothing) {
  for (const bool by_program : {false, true}) {
    SlateQOptions options = MakeSlateOptions({.none_is_zero = true});
    options.q.with_libtorch = by_program;
    const auto algorithm = SlateQ::Create(options).value();
    TransitionBatch batch = MakeSlateBatch(8, 1);
    batch.response.zero_();
    const std::string before = algorithm->EncodeWeights();
    std::vector<float> td_errors(8, -1);
    ASSERT_TRUE(algorithm->Update(batch, absl::MakeSpan(td_errors)).ok());
    for (const float error : td_errors) EXPECT_EQ(error, 0);
    EXPECT_EQ(algorithm->losses()[0].second, 0);
    EXPECT_EQ(algorithm->EncodeWeights(), before);
  }
}

// A slate of nothing cannot be clicked.
TEST(SlateQTargetTest, AnEmptySlateTeachesWhatNoClickIsWorth) {
  for (const Clicks clicks : {Clicks::kProportional, Clicks::kLearned}) {
    for (const bool by_program : {false, true}) {
      SlateQOptions options = MakeSlateOptions({.target = TargetRule::kSarsa, .clicks = clicks});
      options.q.with_libtorch = by_program;
      const auto algorithm = SlateQ::Create(options).value();
      TransitionBatch batch = MakeSlateBatch(8, 1);
      batch.slate.fill_(kNoItem);
      batch.response.fill_(1);
      CompareWithFormulas(*algorithm, options, batch);
    }
  }
}

}  // namespace
}  // namespace recbots

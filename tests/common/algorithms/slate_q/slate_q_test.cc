#include "common/algorithms/slate_q/slate_q.h"

#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/common/algorithms/slate_q/slate_q_options.h"
#include "tests/common/slate/slate_enumeration.h"

namespace recbots {
namespace {

using testing::Clicks;
using testing::MakeSlateBatch;
using testing::MakeSlateOptions;
using testing::SlateQKind;

// Everything there is: a click model beside its reference, and a proposal with random candidates.
SlateQOptions EverythingOptions() {
  return MakeSlateOptions({.clicks = Clicks::kLearned, .dueling = true, .k = 2, .random_candidates = 2});
}

std::string WeightsAfter(const SlateQOptions& options, uint32_t updates) {
  const auto algorithm = SlateQ::Create(options).value();
  std::vector<float> td_errors(16);
  for (uint32_t i = 0; i < updates; ++i) {
    EXPECT_TRUE(algorithm->Update(MakeSlateBatch(16, i), absl::MakeSpan(td_errors)).ok());
    for (const float error : td_errors) EXPECT_TRUE(std::isfinite(error) && error >= 0) << error;
  }
  EXPECT_EQ(algorithm->updates(), updates);
  for (const auto& [name, loss] : algorithm->losses()) EXPECT_TRUE(std::isfinite(loss)) << name;
  return algorithm->EncodeWeights();
}

TEST(SlateQTest, SameSeedAndBatchesGiveTheSameBytes) {
  const SlateQOptions options = EverythingOptions();
  EXPECT_EQ(WeightsAfter(options, 60), WeightsAfter(options, 60));
}

TEST(SlateQTest, EveryOptionChangesTheResult) {
  const std::function<void(SlateQOptions&)> changes[] = {
      [](auto&) {},
      [](auto& o) { o.target = TargetRule::kSarsa; },
      [](auto& o) { o.target = TargetRule::kTopK; },
      [](auto& o) { o.shape.serving = SlateRule::kTopK; },  // What the proposal learns from.
      [](auto& o) { o.q.double_q = false; },
      [](auto& o) { o.q.legacy_target_state = true; },
      [](auto& o) { o.q.learning_rate = 0.02; },
      [](auto& o) { o.q.tau = 0.5; },
      [](auto& o) { o.q.target_update_period = 2; },
      [](auto& o) { o.q.huber_delta = 0.1; },
      [](auto& o) { o.q.seed = 5; },
      [](auto& o) { o.q.shape.value_scale = 5; },
      [](auto& o) { o.click.learning_rate = 0.01; },
      [](auto& o) { o.click.held_out = 0.5; },
      [](auto& o) { o.click.seed = 5; },
      [](auto& o) { o.proposer.random_candidates = 1; },
      [](auto& o) { o.proposer.learning_rate = 0.01; },
      [](auto& o) { o.proposer.seed = 5; },
  };
  std::set<std::string> results;
  for (const auto& change : changes) {
    SlateQOptions options = EverythingOptions();
    change(options);
    results.insert(WeightsAfter(options, 20));
  }
  EXPECT_EQ(results.size(), std::size(changes));
}

TEST(SlateQTest, WeightsAreThoseThatThePolicyWants) {
  for (const SlateQKind& kind : {SlateQKind{}, SlateQKind{.dueling = true}, SlateQKind{.none_is_zero = true, .k = 3},
                                 SlateQKind{.clicks = Clicks::kLearned, .features = false}}) {
    const SlateQOptions options = MakeSlateOptions(kind);
    const auto algorithm = SlateQ::Create(options).value();
    const auto tensors = DecodeTensors(algorithm->EncodeWeights()).value();
    EXPECT_TRUE(CheckTensors(tensors, PolicyTensors(options.shape)).ok());
  }
  const SlateQOptions options = EverythingOptions();
  const auto tensors = DecodeTensors(WeightsAfter(options, 1)).value();
  EXPECT_TRUE(CheckTensors(tensors, PolicyTensors(options.shape)).ok());
}

// A copy whose elements do not lie next to each other.
at::Tensor Spread(const at::Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  return at::stack({tensor, at::zeros_like(tensor)}, tensor.dim()).select(tensor.dim(), 0);
}

TEST(SlateQTest, HowABatchLiesInMemoryDoesNotMatter) {
  SlateQOptions options = EverythingOptions();
  options.target = TargetRule::kSarsa;
  const auto plain = SlateQ::Create(options).value(), spread = SlateQ::Create(options).value();
  for (uint32_t i = 0; i < 5; ++i) {
    TransitionBatch batch = MakeSlateBatch(16, i);
    batch.importance_weights = batch.reward.abs();
    ASSERT_TRUE(plain->Update(batch, {}).ok());
    for (at::Tensor* tensor :
         {&batch.observation, &batch.next_observation, &batch.candidates, &batch.next_candidates, &batch.slate,
          &batch.next_slate, &batch.response, &batch.reward, &batch.discount, &batch.importance_weights}) {
      *tensor = Spread(*tensor);
      ASSERT_FALSE(tensor->is_contiguous());
    }
    const absl::Status status = spread->Update(batch, {});
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  EXPECT_EQ(plain->EncodeWeights(), spread->EncodeWeights());
}

TEST(SlateQTest, BatchesOfAnotherSizeAreFine) {
  for (const SlateQKind& kind :
       {SlateQKind{.clicks = Clicks::kLearned, .dueling = true, .k = 2, .random_candidates = 2},
        SlateQKind{.clicks = Clicks::kLearned, .features = false}}) {
    const auto algorithm = SlateQ::Create(MakeSlateOptions(kind)).value();
    for (const int64_t rows : {1, 40, 3, 3}) {
      EXPECT_TRUE(algorithm->Update(MakeSlateBatch(rows, 1, kind.features), {}).ok()) << rows;
    }
  }
}

TEST(SlateQTest, RefusesBatchesThatDoNotFitAndChangesNothing) {
  SlateQOptions options = EverythingOptions();
  options.target = TargetRule::kSarsa;
  const auto algorithm = SlateQ::Create(options).value();
  const std::string before = algorithm->EncodeWeights();
  const auto refused = [&](const std::function<void(TransitionBatch&)>& change, const std::string& message) {
    TransitionBatch batch = MakeSlateBatch(8, 1);
    change(batch);
    const absl::Status status = algorithm->Update(batch, {});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(message));
  };
  refused([](auto& b) { b.observation = at::zeros({8, 6}); }, "observation is Float [8, 6], want Float [8, 5]");
  refused([](auto& b) { b.candidates = at::Tensor(); }, "candidates is undefined");
  refused([](auto& b) { b.next_candidates = at::zeros({8, 5, 3}); }, "next_candidates is Float [8, 5, 3]");
  refused([](auto& b) { b.response = at::zeros({8, 2, 1}); }, "response is Float [8, 2, 1], want Float [8, 2, 2]");
  refused([](auto& b) { b.response = at::zeros({8, 2, 3}, at::kInt); }, "response is Int");
  refused([](auto& b) { b.next_slate = at::Tensor(); }, "next_slate is undefined");
  refused([](auto& b) { b.slate[3][0] = 6; }, "slate[3] has candidate 6, want 0..5");
  refused([](auto& b) { b.slate[3][1] = -2; }, "slate[3] has candidate -2");
  refused([](auto& b) { b.next_slate[4][0] = 1000000; }, "next_slate[4] has candidate 1000000");
  refused(
      [](auto& b) {
        b.slate[2][0] = kNoItem;
        b.slate[2][1] = 3;
      },
      "slate[2] has an item behind its end");
  refused([](auto& b) { b.importance_weights = at::full({8}, -1.0); }, "importance_weights[0] is -1");
  EXPECT_EQ(algorithm->updates(), 0);
  EXPECT_EQ(algorithm->EncodeWeights(), before);
}

// What the model that is given says of the held-out clicks is reported beside what the learned one says.
TEST(SlateQTest, ReportsHowWellClicksArePredicted) {
  const auto names = [](const Algorithm::Losses& losses) {
    std::vector<std::string> all;
    for (const auto& [name, value] : losses) all.push_back(name);
    return all;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(names(SlateQ::Create(MakeSlateOptions({})).value()->losses()),
              ElementsAre("q_loss", "q_gradient_norm", "q_learning_rate"));
  EXPECT_THAT(names(SlateQ::Create(MakeSlateOptions({.k = 3})).value()->losses()),
              ElementsAre("q_loss", "proposal_loss", "q_gradient_norm", "q_learning_rate", "proposal_gradient_norm",
                          "proposal_learning_rate"));
  SlateQOptions options = MakeSlateOptions({.clicks = Clicks::kLearned});
  options.click.held_out = 0.5;
  const auto algorithm = SlateQ::Create(options).value();
  ASSERT_TRUE(algorithm->Update(MakeSlateBatch(64, 1), {}).ok());
  EXPECT_THAT(names(algorithm->losses()),
              ElementsAre("q_loss", "click_loss", "click_log_likelihood", "click_log_likelihood_given",
                          "q_gradient_norm", "q_learning_rate", "click_gradient_norm", "click_learning_rate"));
  for (size_t i = 2; i < 4; ++i) {
    EXPECT_LT(algorithm->losses()[i].second, 0);
    EXPECT_GT(algorithm->losses()[i].second, -5);
  }
}

// One state that lasts for ever, four items of known weights and rewards, slates of two at random: values have a closed
// form. Q(i) = r_i + discount V; V is that of the best slate, or, of SARSA, of the mean slate.
struct OneState {
  static constexpr double kDiscount = 0.8, kRewards[] = {10, 1, 5, 2};
  static constexpr float kWeights[] = {1, 2, 0.5, 3};
  static constexpr double kNoClick = 1.5;

  static double MeanReward(const std::vector<int32_t>& slate) {
    double sum = 0, total = kNoClick;
    for (const int32_t item : slate) {
      sum += double{kWeights[item]} * kRewards[item];
      total += double{kWeights[item]};
    }
    return sum / total;
  }
  // User: the weights; items: one-hot.
  static TransitionBatch Batch(int64_t rows, uint32_t stream) {
    Rng rng(12, Purpose::kTest, {.stream = stream});
    TransitionBatch batch;
    batch.observation = at::tensor(at::ArrayRef<float>(kWeights, 4)).expand({rows, 4}).contiguous();
    batch.candidates = at::eye(4).expand({rows, 4, 4}).contiguous();
    batch.next_observation = batch.observation;
    batch.next_candidates = batch.candidates;
    batch.slate = at::empty({rows, 2}, at::kInt);
    batch.next_slate = at::empty({rows, 2}, at::kInt);
    batch.response = at::zeros({rows, 2, 1});
    batch.reward = at::zeros({rows});
    batch.discount = at::full({rows}, kDiscount);
    for (int64_t row = 0; row < rows; ++row) {
      for (const at::Tensor& slate : {batch.slate, batch.next_slate}) {
        const uint32_t first = rng.Index(4), other = rng.Index(3);
        slate[row][0] = static_cast<int>(first);
        slate[row][1] = static_cast<int>(other + (other >= first ? 1 : 0));
      }
      const auto item = [&](int64_t k) { return batch.slate[row][k].item<int32_t>(); };
      const double total = kNoClick + double{kWeights[item(0)]} + double{kWeights[item(1)]};
      double u = rng.Uniform() * total;
      for (int64_t k = 0; k < 2; ++k) {
        u -= double{kWeights[item(k)]};
        if (u >= 0) continue;
        batch.response[row][k][0] = 1;
        batch.reward[row] = kRewards[item(k)];
        break;
      }
    }
    return batch;
  }
};

TEST(SlateQTest, ConvergesToTheValuesOfOneState) {
  double best = 0, mean = 0;
  testing::ForEachSlate(4, 2, [&](const std::vector<int32_t>& slate) {
    best = std::max(best, OneState::MeanReward(slate));
    mean += OneState::MeanReward(slate) / 12;
  });
  using Kind = ValueHead::Kind;
  for (const auto& [target, kind] : {std::pair{TargetRule::kOptimal, Kind::kScalar},
                                     {TargetRule::kSarsa, Kind::kScalar},
                                     {TargetRule::kOptimal, Kind::kQuantile},
                                     {TargetRule::kSarsa, Kind::kTwoHot}}) {
    SlateQOptions options = MakeSlateOptions({.target = target});
    options.click_field = 0;
    SlateQShape& shape = options.shape;
    shape.num_candidates = shape.num_item_features = 4;
    shape.q = {.action = {4, 4, /*with_none=*/true, 16, 16}, .value_scale = 20};
    shape.q.action.head = {kind, /*atoms=*/15, /*range=*/3};
    options.q.shape = shape.q;
    options.q.tau = 0.05;
    options.q.learning_rate = 0.003;
    ChoiceModelOptions choice;
    choice.kind = ChoiceKind::kMultinomialProportional;
    choice.no_click_mass = OneState::kNoClick;
    shape.affinity = AffinityWeights::Create(ChoiceModel::Create(choice).value(), 4).value();
    const auto algorithm = SlateQ::Create(options).value();
    for (uint32_t i = 0; i < 2500; ++i) ASSERT_TRUE(algorithm->Update(OneState::Batch(32, i % 200), {}).ok());
    const double next = OneState::kDiscount * (target == TargetRule::kSarsa ? mean : best) / (1 - OneState::kDiscount);
    const c10::InferenceMode no_autograd;  // As in updates, whose memory is used again.
    at::Tensor actions = at::eye(5);
    const at::Tensor values = algorithm->q().OnlineValues(OneState::Batch(1, 0).observation, actions);
    for (int64_t i = 0; i < 5; ++i) {
      const double want = (i < 4 ? OneState::kRewards[i] : 0) + next;
      EXPECT_NEAR(values[0][i].item<double>(), want, 0.05 * want)
          << "target " << static_cast<int>(target) << " head " << static_cast<int>(kind) << " " << i;
    }
  }
}

}  // namespace
}  // namespace recbots

#include "common/algorithms/full_slate_q/full_slate_q.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "common/rl/spec.h"
#include "tests/common/slate/slate_enumeration.h"
#include "tests/support/torch_reference.h"

namespace recbots {
namespace {

constexpr int64_t kRows = 14, kUser = 4, kCandidates = 5, kItem = 3;

struct Kind {
  int slate_size = 1;
  bool features = true;
  bool dueling = false;
  bool double_q = true;
  bool legacy = false;
};

FullSlateQOptions MakeOptions(const Kind& kind, bool by_program = false) {
  FullSlateQOptions options;
  FullSlateShape& shape = options.shape;
  shape.num_candidates = kCandidates;
  shape.item_features = kind.features;
  shape.num_item_features = kind.features ? kItem : kCandidates;
  shape.slate_size = kind.slate_size;
  shape.q = {.action = {kUser, kind.slate_size * shape.num_item_features, /*with_none=*/false, 12, 10},
             .dueling = kind.dueling,
             .value_scale = 4};
  options.q = {.shape = shape.q,
               .learning_rate = 0.01,
               .tau = 0.3,
               .double_q = kind.double_q,
               .legacy_target_state = kind.legacy,
               .seed = 4,
               .with_libtorch = by_program};
  return options;
}

at::Tensor Normals(at::IntArrayRef sizes, Rng& rng) { return testing::NormalTensor(sizes, rng).to(at::kFloat); }

// Some slates are short, some rows terminated, some of several steps.
TransitionBatch MakeBatch(const Kind& kind, uint32_t stream, int64_t rows = kRows) {
  Rng rng(9, Purpose::kTest, {.stream = stream});
  TransitionBatch batch;
  batch.observation = Normals({rows, kUser}, rng);
  batch.next_observation = Normals({rows, kUser}, rng);
  if (kind.features) {
    batch.candidates = Normals({rows, kCandidates, kItem}, rng);
    batch.next_candidates = Normals({rows, kCandidates, kItem}, rng);
  }
  batch.slate = at::full({rows, kind.slate_size}, kNoItem, at::kInt);
  batch.reward = Normals({rows}, rng).mul(3);
  batch.discount = at::empty({rows});
  for (int64_t row = 0; row < rows; ++row) {
    const int32_t first = static_cast<int32_t>(rng.Index(kCandidates));
    batch.slate[row][0] = first;
    if (kind.slate_size == 2 && row % 5 != 0) batch.slate[row][1] = (first + 1 + static_cast<int>(rng.Index(4))) % 5;
    batch.discount[row] = row % 4 == 0 ? 0.0 : row % 4 == 1 ? 0.81 : 0.9;
  }
  return batch;
}

// [B, K F]: features of one slate of each row.
at::Tensor Features(const Kind& kind, const at::Tensor& candidates, const at::Tensor& slates) {
  const int64_t width = kind.features ? kItem : kCandidates;
  const at::Tensor features = at::zeros({slates.size(0), kind.slate_size * width}, at::kDouble);
  for (int64_t row = 0; row < slates.size(0); ++row) {
    for (int64_t k = 0; k < kind.slate_size; ++k) {
      const auto item = slates[row][k].item<int32_t>();
      if (item == kNoItem) continue;
      const at::Tensor of_item = kind.features ? candidates[row][item] : at::eye(kCandidates)[item];
      features[row].narrow(0, k * width, width).copy_(of_item);
    }
  }
  return features;
}

// [B, S]: values of all slates.
at::Tensor AllValues(const Kind& kind, const testing::QReference& network, const at::Tensor& observation,
                     const at::Tensor& candidates) {
  std::vector<at::Tensor> values;
  testing::ForEachSlate(kCandidates, kind.slate_size, [&](const std::vector<int32_t>& slate) {
    const at::Tensor slates = at::tensor(slate, at::kInt).expand({observation.size(0), kind.slate_size});
    values.push_back(network.Value(observation.to(at::kDouble), Features(kind, candidates, slates)).detach());
  });
  return at::stack(values, 1);
}

TEST(FullSlateQTest, TargetsAndErrorsAreThoseOfTheFormulas) {
  std::vector<Kind> kinds;
  for (const int slate_size : {1, 2}) {
    for (const bool features : {false, true}) {
      for (const bool double_q : {false, true}) {
        kinds.push_back({slate_size, features, /*dueling=*/features, double_q});
        kinds.push_back({slate_size, features, /*dueling=*/!features, double_q, /*legacy=*/true});
      }
    }
  }
  for (size_t i = 0; i < 2 * kinds.size(); ++i) {
    const Kind& kind = kinds[i / 2];
    const bool by_program = i % 2 == 1;
    SCOPED_TRACE(::testing::Message() << "K " << kind.slate_size << " features " << kind.features << " dueling "
                                      << kind.dueling << " double " << kind.double_q << " legacy " << kind.legacy
                                      << " program " << by_program);
    const auto algorithm = FullSlateQ::Create(MakeOptions(kind, by_program)).value();
    for (uint32_t u = 0; u < 20; ++u) ASSERT_TRUE(algorithm->Update(MakeBatch(kind, u), {}).ok());
    TransitionBatch batch = MakeBatch(kind, 50);
    batch.importance_weights = batch.observation.select(1, 0).abs();
    const testing::QReference online(algorithm->q().online()), target(algorithm->q().target());
    const at::Tensor& seen = kind.legacy ? batch.observation : batch.next_observation;
    const at::Tensor& offered = kind.legacy ? batch.candidates : batch.next_candidates;
    const at::Tensor values = AllValues(kind, target, seen, offered);
    const at::Tensor best = (kind.double_q ? AllValues(kind, online, seen, offered) : values).argmax(1, true);
    const at::Tensor want = batch.reward + batch.discount * values.gather(1, best).view({-1}) * 4;
    const at::Tensor learnt =
        online.Value(batch.observation.to(at::kDouble), Features(kind, batch.candidates, batch.slate));
    const at::Tensor error = (learnt.detach() * 4 - want).abs();

    std::vector<float> td_errors(kRows, -1);
    ASSERT_TRUE(algorithm->Update(batch, absl::MakeSpan(td_errors)).ok());
    for (int64_t row = 0; row < kRows; ++row) {
      EXPECT_NEAR(algorithm->target_values()[static_cast<size_t>(row)], want[row].item<double>(), 1e-4) << row;
      EXPECT_NEAR(td_errors[static_cast<size_t>(row)], error[row].item<double>(), 2e-4) << row;
    }
    const double loss = (batch.importance_weights * error.div(4).square()).mean().item<double>();
    EXPECT_NEAR(algorithm->losses()[0].second, loss, 1e-4 * std::max(1.0, loss));
    if (HasFailure()) return;
  }
}

TEST(FullSlateQTest, SameSeedAndBatchesGiveTheSameBytes) {
  const auto weights_after = [](const FullSlateQOptions& options) {
    const auto algorithm = FullSlateQ::Create(options).value();
    for (uint32_t i = 0; i < 30; ++i) EXPECT_TRUE(algorithm->Update(MakeBatch({2}, i), {}).ok());
    EXPECT_EQ(algorithm->updates(), 30);
    return algorithm->EncodeWeights();
  };
  FullSlateQOptions options = MakeOptions({2});
  EXPECT_EQ(weights_after(options), weights_after(options));
  options.q.seed = 5;
  EXPECT_NE(weights_after(options), weights_after(MakeOptions({2})));
}

TEST(FullSlateQTest, RefusesBatchesThatDoNotFitAndChangesNothing) {
  const auto algorithm = FullSlateQ::Create(MakeOptions({2})).value();
  const std::string before = algorithm->EncodeWeights();
  const auto refused = [&](const std::function<void(TransitionBatch&)>& change, const std::string& message) {
    TransitionBatch batch = MakeBatch({2}, 1);
    change(batch);
    const absl::Status status = algorithm->Update(batch, {});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(message));
  };
  refused([](auto& b) { b.observation = at::Tensor(); }, "observation is undefined");
  refused([](auto& b) { b.next_candidates = at::zeros({kRows, 5}); }, "next_candidates is Float [14, 5]");
  refused([](auto& b) { b.slate = at::zeros({kRows, 1}, at::kInt); }, "slate is Int [14, 1], want Int [14, 2]");
  refused([](auto& b) { b.slate[3][1] = 5; }, "slate[3] has candidate 5, want 0..4");
  refused([](auto& b) { b.slate[0][0] = kNoItem, b.slate[0][1] = 1; }, "slate[0] has an item behind its end");
  EXPECT_EQ(algorithm->EncodeWeights(), before);
}

// What stands behind a terminated row is not looked at, whatever the networks say of it.
TEST(FullSlateQTest, NothingFollowsATerminatedRow) {
  using Head = ValueHead::Kind;
  for (const auto& [by_program, head] :
       {std::pair{false, Head::kScalar}, {true, Head::kScalar}, {true, Head::kQuantile}, {true, Head::kTwoHot}}) {
    FullSlateQOptions options = MakeOptions({1}, by_program);
    options.shape.q.action.head = {head, /*atoms=*/5, /*range=*/10};
    options.q.shape = options.shape.q;
    const auto algorithm = FullSlateQ::Create(options).value();
    TransitionBatch batch = MakeBatch({1}, 1);
    batch.next_observation[0].fill_(std::numeric_limits<float>::infinity());
    batch.next_observation[4].fill_(std::numeric_limits<float>::quiet_NaN());
    ASSERT_TRUE(algorithm->Update(batch, {}).ok());
    for (const size_t row : {0, 4}) {
      EXPECT_EQ(algorithm->target_values()[row], batch.reward[static_cast<int64_t>(row)].item<float>());
    }
    EXPECT_TRUE(algorithm->finite());
  }
}

// Rounding makes single steps of Adam differ where a gradient cancels, and of two slates that are worth the same to
// rounding another one may be chosen; both are forgotten. Batches have 14 and 15 rows by turns.
TEST(FullSlateQTest, ItsProgramLearnsWhatItsKernelsLearn) {
  for (const Kind& kind : {Kind{}, Kind{.slate_size = 2, .dueling = true}, Kind{.features = false, .double_q = false},
                           Kind{.slate_size = 2, .features = false, .legacy = true}}) {
    FullSlateQOptions options = MakeOptions(kind);
    options.q.target_update_period = kind.dueling ? 5 : 0;
    const auto kernels = FullSlateQ::Create(options).value();
    options.q.with_libtorch = true;
    const auto program = FullSlateQ::Create(options).value();
    EXPECT_EQ(kernels->compute_mode(), Algorithm::kKernelsMode);
    EXPECT_EQ(program->compute_mode(), "operators");
    const at::Tensor begin = kernels->tensors().parameters.flat().clone();
    for (uint32_t i = 0; i < 200; ++i) {
      for (FullSlateQ* algorithm : {kernels.get(), program.get()}) {
        ASSERT_TRUE(algorithm->Update(MakeBatch(kind, i, kRows + i % 2), {}).ok());
      }
    }
    const at::Tensor end = kernels->tensors().parameters.flat();
    const double way = (end - begin).norm().item<double>();
    EXPECT_LT((end - program->tensors().parameters.flat()).norm().item<double>() / way, 0.02) << kind.slate_size;
    EXPECT_NEAR(program->losses()[0].second, kernels->losses()[0].second, 0.02 * kernels->losses()[0].second);
  }
}

// Two states, three items. In state s item i pays s + i / 10 and leads to state 1 where i = 0, else to state 0. Staying
// in state 1 by item 0 is best: Q*(1, 0) = 1 / (1 - 0.9) = 10.
TEST(FullSlateQTest, DqnConvergesOnTwoStates) {
  constexpr double kDiscount = 0.9;
  double value[2] = {0, 0}, q[2][3];
  for (int i = 0; i < 2000; ++i) {
    for (int s = 0; s < 2; ++s) {
      for (int a = 0; a < 3; ++a) q[s][a] = s + a / 10.0 + kDiscount * value[a == 0 ? 1 : 0];
    }
    for (int s = 0; s < 2; ++s) value[s] = *std::max_element(q[s], q[s] + 3);
  }
  ASSERT_NEAR(q[1][0], 10, 1e-9);
  using Head = ValueHead::Kind;
  for (const auto& [double_q, kind] :
       {std::pair{false, Head::kScalar}, {true, Head::kScalar}, {true, Head::kQuantile}, {true, Head::kTwoHot}}) {
    SCOPED_TRACE(static_cast<int>(kind));
    FullSlateQOptions options;
    options.shape.num_candidates = options.shape.num_item_features = 3;
    options.shape.item_features = false;
    options.shape.q = {.action = {2, 3, /*with_none=*/false, 16, 16}, .value_scale = 10};
    options.shape.q.action.head = {kind, /*atoms=*/11, /*range=*/2};
    options.q = {.shape = options.shape.q, .learning_rate = 0.005, .tau = 0.05, .double_q = double_q, .seed = 1};
    const auto algorithm = FullSlateQ::Create(options).value();
    TransitionBatch batch;  // Each pair of state and item once.
    batch.observation = at::eye(2).repeat_interleave(3, 0);
    batch.slate = at::arange(3, at::kInt).repeat({2}).view({6, 1});
    batch.next_observation = at::eye(2).index_select(0, at::tensor({1, 0, 0, 1, 0, 0}));
    batch.reward = at::tensor({0.0f, 0.1f, 0.2f, 1.0f, 1.1f, 1.2f});
    batch.discount = at::full({6}, kDiscount);
    for (int i = 0; i < 2500; ++i) ASSERT_TRUE(algorithm->Update(batch, {}).ok());
    const c10::InferenceMode no_autograd;  // As in updates, whose memory is used again.
    const at::Tensor learnt = algorithm->q().OnlineValues(at::eye(2), at::eye(3).repeat({2, 1}));
    for (int s = 0; s < 2; ++s) {
      for (int a = 0; a < 3; ++a) EXPECT_NEAR(learnt[s][a].item<double>(), q[s][a], 0.1) << s << " " << a;
    }
  }
}

}  // namespace
}  // namespace recbots

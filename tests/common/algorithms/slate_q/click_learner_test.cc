#include "common/algorithms/slate_q/click_learner.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "common/slate/choice_model.h"
#include "tests/support/naive_mlp.h"

namespace recbots {
namespace {

constexpr size_t kUser = 3, kItem = 4, kSlate = 3;

ClickLearnerOptions MakeOptions(double held_out) {
  return {
      .sizes = {kUser, kItem, /*with_none=*/false, 24, 24}, .learning_rate = 0.003, .held_out = held_out, .seed = 6};
}

// How users of these data click: proportional to the affinity, against 1.
ChoiceModel TrueModel() {
  ChoiceModelOptions options;
  options.kind = ChoiceKind::kMultinomialProportional;
  options.no_click_mass = 1;
  return ChoiceModel::Create(options).value();
}

struct Data {
  at::Tensor observation;
  std::vector<float> items;
  std::vector<int32_t> sizes, clicked;
  std::vector<double> given;          // Log-likelihood of the click by the true model.
  std::vector<double> probabilities;  // [B, K + 1], none last.

  ShownSlates Shown() const { return {observation, items, sizes, clicked}; }
};

// Features 0..1; one slate in four is short, and rubbish lies behind its end.
Data MakeData(size_t rows, uint32_t stream, bool rubbish = true) {
  Rng rng(3, Purpose::kTest, {.stream = stream});
  const ChoiceModel model = TrueModel();
  Data data;
  data.observation = at::empty({static_cast<int64_t>(rows), kUser});
  for (size_t row = 0; row < rows; ++row) {
    float* user = data.observation.data_ptr<float>() + row * kUser;
    for (size_t f = 0; f < kUser; ++f) user[f] = static_cast<float>(rng.Uniform());
    const size_t size = rng.Index(4) == 0 ? 1 + rng.Index(kSlate) : kSlate;
    std::vector<double> scores(size, 0.0), weights(size);
    for (size_t i = 0; i < kSlate * kItem; ++i) {
      const bool shown = i / kItem < size;
      data.items.push_back(shown ? static_cast<float>(rng.Uniform(0, 3)) : rubbish ? 100.0f : 0.0f);
      if (shown && i % kItem < kUser) scores[i / kItem] += double{user[i % kItem]} * double{data.items.back()};
    }
    double no_click = 0;
    EXPECT_TRUE(model.Weigh(scores, absl::MakeSpan(weights), no_click).ok());
    const int click = ChoiceModel::Choose(weights, no_click, rng.Uniform());
    double total = no_click;
    for (const double weight : weights) total += weight;
    data.sizes.push_back(static_cast<int32_t>(size));
    data.clicked.push_back(click);
    data.given.push_back(std::log((click < 0 ? no_click : weights[static_cast<size_t>(click)]) / total));
    for (size_t k = 0; k < kSlate; ++k) data.probabilities.push_back(k < size ? weights[k] / total : 0);
    data.probabilities.push_back(no_click / total);
  }
  return data;
}

// Mean log-likelihood by the formula, in double.
double LogLikelihood(const std::vector<NamedTensor>& tensors, const Data& data) {
  double sum = 0;
  for (size_t row = 0; row < data.sizes.size(); ++row) {
    const absl::Span<const float> user(data.observation.data_ptr<float>() + row * kUser, kUser);
    double total = 1, clicked = 0;
    for (size_t k = 0; k < static_cast<size_t>(data.sizes[row]); ++k) {
      const double score = testing::NaiveValue(
          tensors, 0, user, absl::MakeConstSpan(data.items).subspan((row * kSlate + k) * kItem, kItem));
      total += std::exp(score);
      if (static_cast<int>(k) == data.clicked[row]) clicked = score;
    }
    sum += clicked - std::log(total);
  }
  return sum / static_cast<double>(data.sizes.size());
}

std::vector<NamedTensor> Export(const ClickLearner& learner) {
  return learner.parameters().Export(learner.parameters().layout().tensors());
}

// Central differences of 2e-4 in double; what single precision and kinks of ReLUs leave is below 1e-3 of the largest.
TEST(ClickLearnerTest, GradientsAreDifferencesOfTheLoss) {
  ClickLearner learner(MakeOptions(/*held_out=*/0));
  learner.parameters().at("click.w3").mul_(200);
  for (uint32_t step = 0; step < 3; ++step) {
    const Data data = MakeData(9, step);
    std::vector<NamedTensor> tensors = Export(learner);
    const double want_loss = -LogLikelihood(tensors, data);
    std::vector<std::vector<double>> want;
    double largest = 0;
    for (NamedTensor& tensor : tensors) {
      want.emplace_back();
      for (float& value : tensor.values) {
        const float before = value, up = before + 1e-4f, down = before - 1e-4f;
        value = up;
        const double above = -LogLikelihood(tensors, data);
        value = down;
        const double below = -LogLikelihood(tensors, data);
        value = before;
        want.back().push_back((above - below) / (double{up} - double{down}));
        largest = std::max(largest, std::abs(want.back().back()));
      }
    }
    learner.Learn(data.Shown(), {});
    EXPECT_NEAR(learner.loss(), want_loss, 1e-5);
    for (size_t i = 0; i < want.size(); ++i) {
      const at::Tensor gradient = learner.gradients()[i].contiguous();
      for (size_t j = 0; j < want[i].size(); ++j) {
        EXPECT_NEAR(gradient.data_ptr<float>()[j], want[i][j], 1e-3 * largest) << tensors[i].name << " " << j;
      }
    }
    if (HasFailure()) return;
  }
}

// Mean Kullback-Leibler divergence from the true click probabilities, in nats per slate, on slates that were never
// learnt from: 0.09 at first, 0.005 behind 3,000 batches of 64. The bar is twice that: a tenth of what there was to
// learn.
TEST(ClickLearnerTest, RecoversAProportionalModel) {
  ClickLearner learner(MakeOptions(/*held_out=*/0.1));
  const Data fresh = MakeData(500, 100000, /*rubbish=*/false);
  const auto divergence = [&] {
    std::vector<float> weights(500 * kSlate);
    learner.Weigh(fresh.observation, at::from_blob(const_cast<float*>(fresh.items.data()), {500 * kSlate, kItem}),
                  absl::MakeSpan(weights));
    double sum = 0;
    for (size_t row = 0; row < 500; ++row) {
      double total = 1;
      const auto size = static_cast<size_t>(fresh.sizes[row]);
      for (size_t k = 0; k < size; ++k) total += double{weights[row * kSlate + k]};
      const double* p = fresh.probabilities.data() + row * (kSlate + 1);
      for (size_t k = 0; k < size; ++k) sum += p[k] * std::log(p[k] * total / double{weights[row * kSlate + k]});
      sum += p[kSlate] * std::log(p[kSlate] * total);
    }
    return sum / 500;
  };
  EXPECT_GT(divergence(), 0.08);
  for (uint32_t step = 0; step < 3000; ++step) {
    const Data data = MakeData(64, step);
    learner.Learn(data.Shown(), data.given);
  }
  std::printf("divergence %.5f, held out %.4f, true model %.4f\n", divergence(), learner.held_out().mean(),
              learner.given().mean());
  EXPECT_LT(divergence(), 0.01);
  EXPECT_EQ(learner.held_out().count(), learner.given().count());
  // The same clicks in both: their difference estimates the divergence, over the whole training.
  EXPECT_LT(learner.held_out().mean(), learner.given().mean());
  EXPECT_GT(learner.held_out().mean(), learner.given().mean() - 0.03);
}

// Whether a row is held out does not depend on what was clicked, nor on the batch; what is held out teaches nothing.
TEST(ClickLearnerTest, HeldOutRowsNeverChangeParameters) {
  constexpr size_t kRows = 60;
  const Data data = MakeData(kRows, 1);
  std::vector<bool> held_out;
  for (size_t row = 0; row < kRows; ++row) {
    ClickLearner learner(MakeOptions(/*held_out=*/0.5));
    const std::vector<NamedTensor> before = Export(learner);
    const absl::Span<const float> items = absl::MakeConstSpan(data.items).subspan(row * kSlate * kItem, kSlate * kItem);
    learner.Learn({data.observation.narrow(0, static_cast<int64_t>(row), 1),
                   items,
                   {&data.sizes[row], 1},
                   {&data.clicked[row], 1}},
                  {});
    held_out.push_back(Export(learner) == before);
    EXPECT_EQ(learner.held_out().count(), held_out.back() ? 1 : 0);
  }
  const auto num_held_out = std::count(held_out.begin(), held_out.end(), true);
  ASSERT_GT(num_held_out, 10);
  ASSERT_LT(num_held_out, 50);
  Data changed = data;
  for (size_t row = 0; row < kRows; ++row) {
    if (held_out[row]) changed.clicked[row] = changed.clicked[row] < 0 ? 0 : -1;
  }
  ClickLearner one(MakeOptions(0.5)), two(MakeOptions(0.5));
  for (int i = 0; i < 5; ++i) {
    one.Learn(data.Shown(), {});
    two.Learn(changed.Shown(), {});
  }
  EXPECT_EQ(one.held_out().count(), 5 * num_held_out);
  // The step is that of the others alone: a mean over them.
  Data fitted;
  std::vector<at::Tensor> users;
  for (size_t row = 0; row < kRows; ++row) {
    if (held_out[row]) continue;
    users.push_back(data.observation[static_cast<int64_t>(row)]);
    const auto items = data.items.begin() + static_cast<ptrdiff_t>(row * kSlate * kItem);
    fitted.items.insert(fitted.items.end(), items, items + static_cast<ptrdiff_t>(kSlate * kItem));
    fitted.sizes.push_back(data.sizes[row]);
    fitted.clicked.push_back(data.clicked[row]);
  }
  fitted.observation = at::stack(users);
  ClickLearner among(MakeOptions(0.5)), alone(MakeOptions(0.5));
  among.Learn(data.Shown(), {});
  alone.Learn(fitted.Shown(), {});
  EXPECT_NEAR(among.loss(), alone.loss(), 1e-6);
  const at::Tensor difference = among.gradients().flat() - alone.gradients().flat();
  EXPECT_LT(difference.abs().max().item<double>(), 1e-5 * alone.gradients().flat().abs().max().item<double>());
  EXPECT_EQ(Export(one), Export(two));
  EXPECT_NE(one.held_out().mean(), two.held_out().mean());
}

// Within 5 sigma of 20,000 slates, whether features are numbers or one-hot, users or none.
TEST(ClickLearnerTest, TheShareThatIsHeldOutIsTheOneAskedFor) {
  constexpr size_t kRows = 20000;
  for (const double share : {0.0, 0.05, 0.5}) {
    for (const bool one_hot : {false, true}) {
      ClickLearnerOptions options = MakeOptions(share);
      Data data = MakeData(kRows, 2);
      if (one_hot) {  // 40 items in slates of three: 64,000 different slates.
        options.sizes = {0, 40, /*with_none=*/false, 4, 4};
        data.observation = at::empty({static_cast<int64_t>(kRows), 0});
        data.items.assign(kRows * kSlate * 40, 0.0f);
        Rng rng(5, Purpose::kTest, {});
        for (size_t i = 0; i < kRows * kSlate; ++i) data.items[i * 40 + rng.Index(40)] = 1;
      }
      ClickLearner learner(options);
      learner.Learn(data.Shown(), {});
      // Slates that come twice count twice: the variance is at most doubled.
      const double sigma = std::sqrt((one_hot ? 2 : 1) * share * (1 - share) / kRows);
      EXPECT_NEAR(learner.held_out().count() / kRows, share, 5 * sigma) << one_hot;
    }
  }
}

TEST(LikelihoodMeanTest, IsTheMeanAndForgetsSlowly) {
  double count = 0, value = 0;
  LikelihoodMean mean(count, value);
  for (int i = 0; i < 1000; ++i) mean.Add(i);
  EXPECT_NEAR(mean.mean(), 499.5, 1e-9);
  EXPECT_EQ(mean.count(), 1000);
  for (int i = 0; i < 400000; ++i) mean.Add(-1);
  EXPECT_NEAR(mean.mean(), -1, 1e-3);
}

}  // namespace
}  // namespace recbots

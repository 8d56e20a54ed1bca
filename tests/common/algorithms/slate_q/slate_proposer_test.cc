#include "common/algorithms/slate_q/slate_proposer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/support/naive_mlp.h"

namespace recbots {
namespace {

constexpr size_t kUser = 4, kItem = 3, kCandidates = 12, kRows = 200;

SlateProposerOptions MakeOptions(int k, int random_candidates) {
  return {.actor = MlpSizes{kUser, 16, 16, kItem},
          .k = k,
          .random_candidates = random_candidates,
          .learning_rate = 0.01,
          .seed = 2};
}

at::Tensor ToTensor(const std::vector<float>& values, int64_t columns) {
  return at::from_blob(const_cast<float*>(values.data()), {static_cast<int64_t>(values.size()) / columns, columns})
      .clone();
}

struct Offers {
  Offers() {
    Rng rng(1, Purpose::kTest, {});
    observation = ToTensor(testing::Normals(kRows * kUser, rng), kUser);
    candidates = testing::Normals(kRows * kCandidates * kItem, rng, 0.01);
  }
  at::Tensor observation;
  std::vector<float> candidates;
};

std::vector<int32_t> Pick(SlateProposer& proposer, const Offers& offers, uint32_t purpose = 1) {
  std::vector<int32_t> picked(kRows * static_cast<size_t>(proposer.considered()), -7);
  proposer.Pick(offers.observation, offers.candidates.data(), purpose, absl::MakeSpan(picked));
  return picked;
}

std::set<int32_t> RowOf(const std::vector<int32_t>& picked, size_t row) {
  const auto width = static_cast<ptrdiff_t>(picked.size() / kRows), begin = static_cast<ptrdiff_t>(row) * width;
  EXPECT_TRUE(std::is_sorted(picked.begin() + begin, picked.begin() + begin + width));
  return {picked.begin() + begin, picked.begin() + begin + width};
}

// The k nearest by the exported actor, in double.
std::set<int32_t> Nearest(const SlateProposer& proposer, const Offers& offers, size_t row, size_t k) {
  const ParameterArena& parameters = proposer.parameters();
  const std::vector<NamedTensor> tensors = parameters.Export(parameters.layout().tensors());
  const float* user = offers.observation.data_ptr<float>() + row * kUser;
  const std::vector<double> point = testing::NaiveMlp(tensors, 0, {user, user + kUser});
  std::vector<std::pair<double, int32_t>> distances;
  for (size_t i = 0; i < kCandidates; ++i) {
    double distance = 0;
    for (size_t f = 0; f < kItem; ++f) {
      distance += std::pow(point[f] - double{offers.candidates[(row * kCandidates + i) * kItem + f]}, 2.0);
    }
    distances.emplace_back(distance, static_cast<int32_t>(i));
  }
  std::sort(distances.begin(), distances.end());
  std::set<int32_t> nearest;
  for (size_t i = 0; i < k; ++i) nearest.insert(distances[i].second);
  return nearest;
}

TEST(SlateProposerTest, PicksTheNearestAndOthersBeside) {
  const Offers offers;
  for (const auto& [k, random] : {std::pair{1, 0}, {4, 0}, {4, 3}, {1, 5}, {8, 4}, {8, 100}, {12, 5}}) {
    SCOPED_TRACE(::testing::Message() << k << " + " << random);
    SlateProposer proposer(MakeOptions(k, random), kCandidates);
    ASSERT_EQ(proposer.considered(), std::min(k + random, static_cast<int>(kCandidates)));
    const std::vector<int32_t> picked = Pick(proposer, offers);
    size_t exact = 0;
    for (size_t row = 0; row < kRows; ++row) {
      const std::set<int32_t> chosen = RowOf(picked, row);
      ASSERT_EQ(chosen.size(), static_cast<size_t>(proposer.considered())) << "all different";
      EXPECT_GE(*chosen.begin(), 0);
      EXPECT_LT(*chosen.rbegin(), static_cast<int32_t>(kCandidates));
      const std::set<int32_t> nearest = Nearest(proposer, offers, row, static_cast<size_t>(k));
      exact += std::includes(chosen.begin(), chosen.end(), nearest.begin(), nearest.end()) ? 1 : 0;
    }
    EXPECT_GE(exact, kRows - 1) << "single precision may see a tie differently";
  }
}

TEST(SlateProposerTest, DrawsAreRepeatableAndDifferFromCallToCall) {
  const Offers offers;
  SlateProposer one(MakeOptions(3, 4), kCandidates), two(MakeOptions(3, 4), kCandidates);
  const std::vector<int32_t> picked = Pick(one, offers);
  EXPECT_EQ(Pick(one, offers), picked);
  EXPECT_EQ(Pick(two, offers), picked);
  EXPECT_NE(Pick(one, offers, 2), picked);
  SlateProposerOptions options = MakeOptions(3, 4);
  options.learning_rate = 0;  // A step that only counts.
  SlateProposer later(options, kCandidates);
  later.Learn(offers.observation, at::zeros({kRows, kItem}));
  EXPECT_NE(Pick(later, offers), picked);
}

// How often each of the others comes: uniform. Chi-square with 10 degrees of freedom: 46.9 is exceeded once in a
// million.
TEST(SlateProposerTest, RandomCandidatesAreUniform) {
  Offers offers;
  for (size_t i = 0; i < offers.candidates.size(); ++i) {
    offers.candidates[i] = i / kItem % kCandidates == 0 ? 0.0f : 1000.0f + static_cast<float>(i / kItem % kCandidates);
  }
  SlateProposer proposer(MakeOptions(1, 2), kCandidates);
  std::vector<double> count(kCandidates);
  constexpr uint32_t kCalls = 100;
  for (uint32_t call = 0; call < kCalls; ++call) {
    for (const int32_t item : Pick(proposer, offers, call + 1)) count[static_cast<size_t>(item)] += 1;
  }
  EXPECT_EQ(count[0], kRows * kCalls) << "the nearest is always there";
  double chi_square = 0;
  const double want = 2.0 * kRows * kCalls / (kCandidates - 1);
  for (size_t i = 1; i < kCandidates; ++i) chi_square += (count[i] - want) * (count[i] - want) / want;
  EXPECT_LT(chi_square, 46.9);
}

TEST(SlateProposerTest, LearnsItsGoals) {
  Offers offers;
  SlateProposer proposer(MakeOptions(2, 0), kCandidates);
  // A goal that depends on the user; the candidates 5 and 9 lie there.
  const at::Tensor goals = offers.observation.narrow(1, 0, kItem).abs().contiguous();
  for (size_t row = 0; row < kRows; ++row) {
    for (const size_t i : {size_t{5}, size_t{9}}) {
      std::copy_n(goals.data_ptr<float>() + row * kItem, kItem,
                  offers.candidates.data() + (row * kCandidates + i) * kItem);
    }
  }
  proposer.Learn(offers.observation, goals);
  const double first = proposer.loss();
  EXPECT_NEAR(first, goals.square().sum(1).mean().item<double>(), 0.1 * first) << "it points near 0 at first";
  for (int step = 0; step < 1500; ++step) proposer.Learn(offers.observation, goals);
  EXPECT_LT(proposer.loss(), 0.01 * first);
  const std::vector<int32_t> picked = Pick(proposer, offers);
  size_t found = 0;
  for (size_t row = 0; row < kRows; ++row) found += RowOf(picked, row) == std::set<int32_t>{5, 9} ? 1 : 0;
  EXPECT_GE(found, kRows * 95 / 100);
}

}  // namespace
}  // namespace recbots

// Properties of the choice models: probabilities against an enumeration of what the user may do, draws against
// probabilities, what is refused.
//
// 200,000 draws tell a probability that is off by 0.006 (5 standard errors at 0.5).
#include "common/slate/choice_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace recbots {
namespace {

using ::testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ChoiceModelOptions OptionsOf(ChoiceKind kind) {
  ChoiceModelOptions options;
  options.kind = kind;
  options.no_click_mass = 0.4;
  options.min_normalizer = -1.25;
  options.attention_prob = 0.8;
  options.score_scaling = 0.3;
  options.examination = {0.9, 0.6, 0.25};
  options.continuation = {0.7, 0.4, 0.15};
  return options;
}

std::vector<ChoiceKind> AllKinds() {
  std::vector<ChoiceKind> kinds;
  for (int kind = 1; kind <= 6; ++kind) kinds.push_back(static_cast<ChoiceKind>(kind));
  return kinds;
}

std::string NameOf(ChoiceKind kind) { return "kind " + std::to_string(static_cast<int>(kind)); }

struct Chances {
  std::vector<double> item;  // Of a click on each.
  double none = 0;
};

Chances ProbabilitiesOf(const ChoiceModel& model, const std::vector<double>& scores) {
  Chances chances{std::vector<double>(scores.size()), 0};
  chances.none = model.Probabilities(scores, absl::MakeSpan(chances.item)).value();
  return chances;
}

// Follows every course that the user's reading can take from `position` on, each with its probability.
class Reading {
 public:
  Reading(const ChoiceModelOptions& options, const std::vector<double>& scores) : options_(options), scores_(scores) {
    chances_.item.assign(scores.size(), 0.0);
  }

  Chances Enumerate() {
    Follow(0, 1.0, 0);
    return chances_;
  }

 private:
  void Follow(size_t i, double probability, uint64_t clicks) {
    if (i == scores_.size()) return End(probability, clicks);
    const double attraction = 1 / (1 + std::exp(-scores_[i]));
    const uint64_t clicked = clicks | uint64_t{1} << i;
    if (options_.kind == ChoiceKind::kPositionBased) {
      const double examined = options_.examination[std::min(i, options_.examination.size() - 1)];
      Follow(i + 1, probability * (1 - examined), clicks);
      Follow(i + 1, probability * examined * attraction, clicked);
      Follow(i + 1, probability * examined * (1 - attraction), clicks);
    } else {
      const double go_on = options_.continuation[std::min(i, options_.continuation.size() - 1)];
      Follow(i + 1, probability * (1 - attraction), clicks);
      Follow(i + 1, probability * attraction * go_on, clicked);
      End(probability * attraction * (1 - go_on), clicked);
    }
  }

  void End(double probability, uint64_t clicks) {
    if (clicks == 0) chances_.none += probability;
    for (size_t i = 0; i < scores_.size(); ++i) chances_.item[i] += clicks >> i & 1 ? probability : 0;
  }

  const ChoiceModelOptions options_;
  const std::vector<double> scores_;
  Chances chances_;
};

std::vector<double> RandomScores(Rng& rng, size_t n) {
  std::vector<double> scores;
  for (size_t i = 0; i < n; ++i) scores.push_back(rng.Uniform(-1, 1));
  return scores;
}

TEST(ChoiceModelTest, SeveralClicksHaveTheProbabilitiesOfTheEnumeratedReading) {
  for (const ChoiceKind kind : {ChoiceKind::kPositionBased, ChoiceKind::kDependentClick}) {
    const ChoiceModelOptions options = OptionsOf(kind);
    const ChoiceModel model = ChoiceModel::Create(options).value();
    for (size_t n = 0; n <= 7; ++n) {
      Rng rng(7, Purpose::kTest, {.stream = static_cast<uint32_t>(n)});
      const std::vector<double> scores = RandomScores(rng, n);
      const Chances want = Reading(options, scores).Enumerate();
      const Chances got = ProbabilitiesOf(model, scores);
      EXPECT_NEAR(got.none, want.none, 1e-12) << NameOf(kind) << ", " << n << " items";
      for (size_t i = 0; i < n; ++i) EXPECT_NEAR(got.item[i], want.item[i], 1e-12) << NameOf(kind) << ", item " << i;
    }
  }
}

TEST(ChoiceModelTest, SingleClicksHaveProbabilitiesThatSumToOne) {
  for (const ChoiceKind kind : AllKinds()) {
    const ChoiceModel model = ChoiceModel::Create(OptionsOf(kind)).value();
    EXPECT_EQ(model.single_click(), kind <= ChoiceKind::kProportionalCascade);
    if (!model.single_click()) continue;
    for (uint32_t n = 0; n <= ChoiceModel::kMaxSlate; ++n) {
      Rng rng(1, Purpose::kTest, {.stream = n});
      const Chances chances = ProbabilitiesOf(model, RandomScores(rng, n));
      double total = chances.none;
      for (const double p : chances.item) {
        EXPECT_GE(p, 0);
        total += p;
      }
      EXPECT_NEAR(total, 1, 1e-12) << NameOf(kind) << ", " << n << " items";
    }
  }
}

TEST(ChoiceModelTest, DrawnFrequenciesAreTheProbabilities) {
  constexpr int kDraws = 200000;
  const std::vector<double> scores = {0.3, -0.9, 1.0, 0.1};
  for (const ChoiceKind kind : AllKinds()) {
    SCOPED_TRACE(NameOf(kind));
    const ChoiceModel model = ChoiceModel::Create(OptionsOf(kind)).value();
    const Chances chances = ProbabilitiesOf(model, scores);
    std::vector<int> counts(scores.size());
    int none = 0, several = 0;
    for (uint32_t draw = 0; draw < kDraws; ++draw) {
      Rng rng(3, Purpose::kTest, {.stream = static_cast<uint32_t>(kind), .step = draw});
      const uint64_t clicks = model.Draw(scores, rng);
      none += clicks == 0;
      several += __builtin_popcountll(clicks) > 1;
      for (size_t i = 0; i < scores.size(); ++i) counts[i] += static_cast<int>(clicks >> i & 1);
    }
    const auto expect_rate = [](int count, double p) {
      EXPECT_NEAR(double{1} * count / kDraws, p, 5 * std::sqrt(p * (1 - p) / kDraws));
    };
    for (size_t i = 0; i < scores.size(); ++i) expect_rate(counts[i], chances.item[i]);
    expect_rate(none, chances.none);
    EXPECT_EQ(several > 0, !model.single_click());
  }
}

TEST(ChoiceModelTest, AnEmptySlateGivesNoneForCertain) {
  for (const ChoiceKind kind : AllKinds()) {
    const ChoiceModel model = ChoiceModel::Create(OptionsOf(kind)).value();
    EXPECT_EQ(model.Probabilities({}, {}).value(), 1.0) << NameOf(kind);
    Rng rng(1, Purpose::kTest, {});
    EXPECT_EQ(model.Draw({}, rng), 0u) << NameOf(kind);
  }
  // Even where none has no mass.
  const ChoiceModel always = ChoiceModel::Create({}).value();
  EXPECT_EQ(always.Probabilities({}, {}).value(), 1.0);
}

TEST(ChoiceModelTest, LogitWithoutMassForNoneAlwaysClicks) {
  const ChoiceModel model = ChoiceModel::Create({}).value();
  const std::vector<double> scores = {-700, 1, 2};
  EXPECT_EQ(ProbabilitiesOf(model, scores).none, 0.0);
  EXPECT_EQ(model.DrawFrom(scores, [] { return 1 - 0x1p-53; }), 4u);
  ChoiceModelOptions options;
  options.no_click_mass = -1e300;
  EXPECT_EQ(ProbabilitiesOf(ChoiceModel::Create(options).value(), scores).none, 0.0);
}

TEST(ChoiceModelTest, WeightsThatAreAllZeroGiveNone) {
  ChoiceModelOptions options;
  options.kind = ChoiceKind::kMultinomialProportional;
  options.min_normalizer = options.no_click_mass = -1;
  const ChoiceModel model = ChoiceModel::Create(options).value();
  const std::vector<double> scores = {-1, -1};
  EXPECT_EQ(ProbabilitiesOf(model, scores).none, 1.0);
  Rng rng(1, Purpose::kTest, {});
  EXPECT_EQ(model.Draw(scores, rng), 0u);
}

TEST(ChoiceModelTest, AnItemWithoutWeightIsNeverChosen) {
  const std::vector<double> weights = {0, 0.5, 0, 0.25, 0};
  for (const double u : {0.0, 0.25, 0.5, 2.0 / 3, 0.999, 1 - 0x1p-53}) {
    const int chosen = ChoiceModel::Choose(weights, /*no_click=*/0, u);
    EXPECT_TRUE(chosen == 1 || chosen == 3) << u << ": " << chosen;
  }
  EXPECT_EQ(ChoiceModel::Choose(weights, /*no_click=*/0.25, 0.75), ChoiceModel::kNone);
}

TEST(ChoiceModelTest, ProbabilitiesMayReplaceTheScores) {
  for (const ChoiceKind kind : AllKinds()) {
    const ChoiceModel model = ChoiceModel::Create(OptionsOf(kind)).value();
    std::vector<double> values = {0.5, -0.5, 0.25, 0};
    const Chances chances = ProbabilitiesOf(model, values);
    EXPECT_EQ(model.Probabilities(values, absl::MakeSpan(values)).value(), chances.none);
    EXPECT_EQ(values, chances.item) << NameOf(kind);
  }
}

// The options of `kind` after `change` are refused with a message that begins with `message`.
template <typename F>
void ExpectRefused(ChoiceKind kind, F&& change, const std::string& message) {
  ChoiceModelOptions options = OptionsOf(kind);
  change(options);
  const absl::Status status = ChoiceModel::Create(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << NameOf(kind) << ", want " << message;
  EXPECT_EQ(std::string(status.message()).find(message), 0u) << status;
}

TEST(ChoiceModelTest, OptionsOutOfBoundsAreRefused) {
  using Options = ChoiceModelOptions;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const ChoiceKind kind : {ChoiceKind::kExponentialCascade, ChoiceKind::kProportionalCascade}) {
    ExpectRefused(
        kind, [](Options& o) { o.attention_prob = -0.1; }, "attention_prob -0.1, want 0..1");
    ExpectRefused(
        kind, [](Options& o) { o.attention_prob = 1.5; }, "attention_prob 1.5, want 0..1");
    ExpectRefused(
        kind, [nan](Options& o) { o.attention_prob = nan; }, "attention_prob nan, want 0..1");
    ExpectRefused(
        kind, [](Options& o) { o.score_scaling = -1; }, "score_scaling -1, want at least 0");
    ExpectRefused(
        kind, [](Options& o) { o.score_scaling = kInfinity; }, "score_scaling inf, want");
  }
  ExpectRefused(
      ChoiceKind::kProportionalCascade, [](Options& o) { o.min_normalizer = kInfinity; }, "min_normalizer inf");
  ExpectRefused(
      ChoiceKind::kMultinomialLogit, [](Options& o) { o.no_click_mass = kInfinity; }, "no_click_mass inf");
  ExpectRefused(
      ChoiceKind::kMultinomialLogit, [nan](Options& o) { o.no_click_mass = nan; }, "no_click_mass nan");
  const ChoiceKind proportional = ChoiceKind::kMultinomialProportional;
  ExpectRefused(
      proportional, [](Options& o) { o.no_click_mass = -kInfinity; }, "no_click_mass -inf");
  ExpectRefused(
      proportional, [nan](Options& o) { o.min_normalizer = nan; }, "min_normalizer nan");
  ExpectRefused(
      proportional, [](Options& o) { o.min_normalizer = 0.5; }, "no_click_mass 0.4, want at least min_normalizer");
  const ChoiceKind position = ChoiceKind::kPositionBased;
  ExpectRefused(
      position, [](Options& o) { o.examination.clear(); }, "examination has no numbers");
  ExpectRefused(
      position, [](Options& o) { o.examination[1] = 1.01; }, "examination[1] 1.01, want 0..1");
  ExpectRefused(
      ChoiceKind::kDependentClick, [](Options& o) { o.continuation.clear(); }, "continuation has no numbers");
  ExpectRefused(
      ChoiceKind::kDependentClick, [](Options& o) { o.continuation[2] = -1; }, "continuation[2] -1, want 0..1");
  ExpectRefused(
      static_cast<ChoiceKind>(0), [](Options&) {}, "kind 0, want 1..6");
  ExpectRefused(
      static_cast<ChoiceKind>(7), [](Options&) {}, "kind 7, want 1..6");
}

TEST(ChoiceModelTest, ScoresThatCannotBeWeighedAreRefusedWithTheItem) {
  const auto refusal = [](ChoiceKind kind, std::vector<double> scores) {
    std::vector<double> weights(scores.size());
    double no_click = 0;
    const ChoiceModel model = ChoiceModel::Create(OptionsOf(kind)).value();
    const absl::Status status = model.Weigh(scores, absl::MakeSpan(weights), no_click);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << NameOf(kind);
    return std::string(status.message());
  };
  EXPECT_THAT(refusal(ChoiceKind::kMultinomialProportional, {0, -1.5}), HasSubstr("item 1 with score -1.5"));
  // Two bad items: still one clear error, of the first.
  EXPECT_THAT(refusal(ChoiceKind::kProportionalCascade, {0, -1.5, -2}), HasSubstr("item 1 with score -1.5"));
  EXPECT_THAT(refusal(ChoiceKind::kProportionalCascade, {3}), HasSubstr("item 0 with score 3 has click probability"));
  EXPECT_THAT(refusal(ChoiceKind::kExponentialCascade, {0, 0, 2}),
              HasSubstr("item 2 with score 2 has click probability"));
  for (const ChoiceKind kind : AllKinds()) {
    EXPECT_THAT(refusal(kind, {0, kInfinity}), HasSubstr("item 1 with score inf"));
    EXPECT_THAT(refusal(kind, {std::nan("")}), HasSubstr("item 0 with score nan"));
  }
}

// What CheckScores admits can be weighed, and what it does not admit cannot, at the bounds as everywhere between.
TEST(ChoiceModelTest, CheckScoresAdmitsExactlyWhatCanBeWeighed) {
  Rng rng(11, Purpose::kTest, {});
  int admitted = 0, refused = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto kind = static_cast<ChoiceKind>(1 + rng.Index(6));
    ChoiceModelOptions options = OptionsOf(kind);
    options.min_normalizer = rng.Uniform(-3, 0.4);
    options.score_scaling = rng.Uniform(0, 1);
    const ChoiceModel model = ChoiceModel::Create(options).value();
    const double low = rng.Uniform(-3, 1);
    const double high = low + rng.Uniform(0, 2);
    const auto can_weigh = [&model](double score) {
      double weight = 0, no_click = 0;
      return model.Weigh({&score, 1}, {&weight, 1}, no_click).ok();
    };
    const bool ok = model.CheckScores(low, high).ok();
    EXPECT_EQ(ok, can_weigh(low) && can_weigh(high)) << NameOf(kind) << " " << low << ".." << high;
    EXPECT_TRUE(!ok || can_weigh(rng.Uniform(low, high)));
    ++(ok ? admitted : refused);
  }
  EXPECT_GT(admitted, 500);
  EXPECT_GT(refused, 500);
}

TEST(ChoiceModelTest, CheckScoresSaysWhatWouldDo) {
  const auto message = [](ChoiceKind kind, double low, double high) {
    return std::string(ChoiceModel::Create(OptionsOf(kind)).value().CheckScores(low, high).message());
  };
  EXPECT_THAT(message(ChoiceKind::kMultinomialProportional, -20, 20),
              HasSubstr("min_normalizer -1.25, want at most -20"));
  EXPECT_THAT(message(ChoiceKind::kProportionalCascade, -1, 3.75), HasSubstr("score_scaling 0.3, want at most 0.2,"));
  EXPECT_THAT(message(ChoiceKind::kExponentialCascade, 0, 2), HasSubstr("score_scaling 0.3, want at most 0.135"));
  EXPECT_THAT(message(ChoiceKind::kPositionBased, 0, kInfinity), HasSubstr("scores 0..inf"));
}

}  // namespace
}  // namespace recbots

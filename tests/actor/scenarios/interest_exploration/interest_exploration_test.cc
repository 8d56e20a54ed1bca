// Interest exploration: single steps against the reference data, options, candidates and reference policies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "actor/recsim/model_scenario.h"
#include "actor/scenarios/interest_exploration/model.h"
#include "tests/conformance/environment_conformance.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Model = InterestExplorationModel;
using Options = InterestExplorationOptions;

// Of as many topics and with as large a slate as a case has.
Options OptionsOf(size_t topics, size_t slate_size, double no_click_mass) {
  Options options;
  options.num_candidates = options.slate_size = static_cast<int>(slate_size);
  options.topic_distribution.assign(topics, 1.0 / static_cast<double>(topics));
  options.topic_quality_log_mean.assign(topics, 0);
  options.topic_quality_log_stddev.assign(topics, 0.1);
  options.user_type_distribution = {1};
  options.affinity_log_mean.assign(topics, 0);
  options.affinity_log_stddev.assign(topics, 0.1);
  options.choice.no_click_mass = no_click_mass;
  return options;
}

void ExpectStep(const testing::GoldenValue& in, const testing::GoldenValue& out) {
  const auto affinity = in.at("affinity").get<std::vector<double>>();
  const testing::GoldenValue& docs = in.at("docs");
  const Options options = OptionsOf(affinity.size(), docs.size(), in.at("no_click_mass").get<double>());
  ASSERT_TRUE(Model::Validate(options).ok()) << Model::Validate(options);
  const Model model(options);
  Model::User user{};
  std::copy(affinity.begin(), affinity.end(), user.affinity.begin());
  std::vector<Model::Document> documents;
  std::vector<double> scores;
  for (const auto& doc : docs) {
    documents.push_back({std::log(doc.at(1).get<double>()), doc.at(0).get<int32_t>()});
    scores.push_back(Model::Score(user, documents.back()));
  }
  std::vector<int32_t> positions(documents.size());
  std::iota(positions.begin(), positions.end(), 0);
  const Model::Items slate(documents.data(), positions.data(), static_cast<int>(positions.size()));

  std::vector<double> probabilities(scores.size());
  probabilities.push_back(model.choice_model().Probabilities(scores, {probabilities.data(), scores.size()}).value());
  const auto expected = out.at("probs").get<std::vector<double>>();
  ASSERT_EQ(probabilities.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(probabilities[i], expected[i], 1e-12);

  const Model::Response response = model.RespondFrom(user, slate, [&in] { return in.at("u").get<double>(); });
  const int clicked = out.at("clicked").get<int>();
  EXPECT_EQ(response.clicks, clicked < 0 ? 0 : uint64_t{1} << clicked);
  EXPECT_EQ(model.Reward(response), out.at("reward").get<double>());
  EXPECT_EQ(model.IsTerminal(user), out.at("terminal").get<bool>());
  std::vector<float> fields(3 * documents.size());
  model.WriteResponse(slate, response, fields.data());
  for (size_t i = 0; i < documents.size(); ++i) {
    const testing::GoldenValue& observed = out.at("response_obs").at(i);
    EXPECT_EQ(fields[3 * i], observed.at("click").get<float>());
    EXPECT_NEAR(fields[3 * i + 1], observed.at("quality").get<double>(), 1e-6 * observed.at("quality").get<double>());
    EXPECT_EQ(fields[3 * i + 2], observed.at("cluster_id").get<float>());
  }
}

TEST(InterestExplorationGoldenTest, Steps) {
  const testing::Golden golden("recsim/ie_step.json");
  size_t run = 0;
  for (const auto& item : golden.at("cases")) {
    SCOPED_TRACE(item.dump());
    ++run;
    if (item.at("out").contains("error")) {
      ChoiceModelOptions choice;
      choice.no_click_mass = item.at("in").at("no_click_mass").get<double>();
      EXPECT_FALSE(ChoiceModel::Create(choice).ok());
    } else {
      ExpectStep(item.at("in"), item.at("out"));
    }
  }
  EXPECT_EQ(run, golden.at("cases").size());
  EXPECT_GT(run, 0u);
}

TEST(InterestExplorationGoldenTest, PriorAffinities) {
  const testing::Golden golden("recsim/ie_prior.json");
  size_t run = 0;
  for (const auto& item : golden.at("cases")) {
    SCOPED_TRACE(item.dump());
    ++run;
    const auto types = item.at("in").at("user_type_distribution").get<std::vector<double>>();
    std::vector<double> mean;
    size_t rows = 0;
    for (const auto& row : item.at("in").at("mean_affinity")) {
      for (const auto& element : row) mean.push_back(element.get<double>());
      ++rows;
    }
    if (item.at("out").contains("error")) {
      Options options;
      options.user_type_distribution = types;
      options.affinity_log_mean = mean;
      EXPECT_FALSE(Model::Validate(options).ok());
      continue;
    }
    ASSERT_EQ(rows, types.size());
    const std::vector<double> prior = PriorAffinity(types, mean);
    const auto expected = item.at("out").at("prior").get<std::vector<double>>();
    ASSERT_EQ(prior.size(), expected.size());
    for (size_t i = 0; i < prior.size(); ++i) EXPECT_NEAR(prior[i], expected[i], 1e-12);
  }
  EXPECT_EQ(run, golden.at("cases").size());
  EXPECT_GT(run, 0u);
}

TEST(InterestExplorationTest, CandidatesAreTheTopicOneHotAndTheQuality) {
  const auto scenario = ModelScenario<Model>::Create({}, 3).value();
  const EnvironmentSpec& spec = scenario->spec();
  EXPECT_EQ(spec.num_clusters, 2);
  EXPECT_EQ(spec.quality_feature, 2);
  testing::Stage stage(*scenario, 500, 0);
  for (size_t i = 0; i < stage.candidates.size(); i += 3) {
    EXPECT_TRUE(stage.candidates[i] + stage.candidates[i + 1] == 1 &&
                stage.candidates[i] * stage.candidates[i + 1] == 0);
    EXPECT_GT(stage.candidates[i + 2], 0);
  }
  EXPECT_FALSE(spec.fixed_catalogue);
}

TEST(InterestExplorationTest, CountsWhatRecSimCounts) {
  Options options;
  options.slate_size = 2;
  const auto scenario = ModelScenario<Model>::Create(options, 3).value();
  const ScenarioMetrics* const metrics = scenario->metrics();
  ASSERT_NE(metrics, nullptr);
  const int32_t slate[] = {4, 1};
  const float response[] = {0, 1.5f, 0, 1, 2.5f, 1};  // The second one is clicked, of topic 1.
  std::vector<double> sums(metrics->counters().size(), 0.0);
  metrics->Count(slate, response, sums.data());
  for (const RatioMetric& ratio : metrics->ratios()) {
    const double denominator = sums[static_cast<size_t>(ratio.denominator)];
    ASSERT_EQ(denominator, 1) << ratio.name;
    const double value = sums[static_cast<size_t>(ratio.numerator)] / denominator;
    const bool hit = ratio.name == "CTR" || ratio.name == "cluster_watch_count_frac/cluster_1";
    EXPECT_EQ(value, ratio.name == "AverageQuality" ? 2.5 : hit ? 1 : 0) << ratio.name;
  }
  EXPECT_EQ(metrics->ratios().size(), 5u);
}

TEST(InterestExplorationTest, CandidatesLastAsLongAsTheConfigurationSays) {
  for (const auto refresh : {CandidateRefresh::kEveryStep, CandidateRefresh::kEveryEpisode, CandidateRefresh::kNever}) {
    Options options;
    options.candidate_refresh = refresh;
    options.max_episode_steps = 2;
    const auto scenario = ModelScenario<Model>::Create(options, 3).value();
    EXPECT_EQ(scenario->spec().fixed_catalogue, refresh == CandidateRefresh::kNever);
    testing::Stage stage(*scenario, 2, 0);
    const std::vector<float> first = stage.candidates;
    const bool one_for_all = std::equal(first.begin(), first.begin() + 30, first.begin() + 30);
    EXPECT_EQ(one_for_all, refresh == CandidateRefresh::kNever);
    std::fill(stage.slates.begin(), stage.slates.end(), 4);
    ASSERT_TRUE(stage.Step().ok());
    EXPECT_EQ(stage.candidates == first, refresh != CandidateRefresh::kEveryStep);
    ASSERT_TRUE(stage.Step().ok());  // The last of the episode: what follows is the next one.
    EXPECT_EQ(stage.candidates == first, refresh == CandidateRefresh::kNever);
  }
}

TEST(InterestExplorationTest, TheOracleShowsTheBestScoresOfTheUserThatIsThere) {
  Options options;
  options.slate_size = 3;
  options.max_episode_steps = 4;
  constexpr uint64_t kSeed = 8;
  const Model model(options);
  const auto scenario = ModelScenario<Model>::Create(options, kSeed).value();
  std::vector<ReferencePolicy> references = scenario->MakeReferencePolicies();
  ASSERT_EQ(references.size(), 4u);
  EXPECT_EQ(references[0].name, "random");
  EXPECT_EQ(references[1].name, "greedy");
  EXPECT_EQ(references[2].name, "greedy_quality");
  EXPECT_EQ(references[3].name, "oracle");
  testing::Stage stage(*scenario, 100, 40);
  for (int step = 0; step < 10; ++step) {
    const auto positions = stage.environment->positions();
    for (const size_t policy : {size_t{2}, size_t{3}}) {
      stage.Act(*references[policy].policy);
      for (size_t user = 0; user < 100; ++user) {
        Rng draws(kSeed, Purpose::kUser, {positions[user].stream, positions[user].episode, 0});
        const Model::User known = model.SampleUser(draws);
        const float* const candidates = stage.candidates.data() + user * 30;
        const auto value = [&](size_t i) {
          const double affinity = candidates[3 * i] == 1 ? known.affinity[0] : known.affinity[1];
          return candidates[3 * i + 2] + (policy == 3 ? affinity : 0.0);
        };
        std::vector<size_t> order(10);
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&value](size_t a, size_t b) { return value(a) > value(b); });
        for (size_t k = 0; k < 3; ++k) EXPECT_EQ(static_cast<size_t>(stage.slates[user * 3 + k]), order[k]);
      }
    }
    ASSERT_TRUE(stage.Step().ok());
  }
}

// Of all slates of the user, none has a larger probability of a click than that of the highest scores.
TEST(InterestExplorationTest, TheHighestScoresMakeTheBestSlate) {
  ChoiceModelOptions choices[3];
  choices[0].no_click_mass = 5;
  choices[1].kind = ChoiceKind::kMultinomialProportional;
  choices[1].no_click_mass = 3;
  choices[2].kind = ChoiceKind::kProportionalCascade;
  choices[2].score_scaling = 0.1;
  Rng draws(12, Purpose::kTest, {});
  for (const ChoiceModelOptions& options : choices) {
    const ChoiceModel choice = ChoiceModel::Create(options).value();
    for (int round = 0; round < 100; ++round) {
      std::vector<double> scores(6), shown(3), probabilities(3);
      for (double& score : scores) score = draws.Uniform(0, 8);
      std::sort(scores.rbegin(), scores.rend());
      double least = 1;
      for (size_t code = 0; code < 216; ++code) {
        const size_t a = code % 6, b = code / 6 % 6, c = code / 36;
        if (a == b || b == c || a == c) continue;
        shown = {scores[a], scores[b], scores[c]};
        least = std::min(least, choice.Probabilities(shown, absl::MakeSpan(probabilities)).value());
      }
      shown = {scores[0], scores[1], scores[2]};
      EXPECT_NEAR(choice.Probabilities(shown, absl::MakeSpan(probabilities)).value(), least, 1e-12);
    }
  }
}

TEST(InterestExplorationTest, SeveralClicksAreCountedWhereTheChoiceModelHasThem) {
  Options options;
  options.slate_size = 4;
  options.choice.kind = ChoiceKind::kPositionBased;
  options.choice.examination = {1};
  const auto scenario = ModelScenario<Model>::Create(options, 3).value();
  EXPECT_EQ(scenario->spec().max_reward, 4);
  testing::Stage stage(*scenario, 1000, 0);
  stage.Act(*scenario->MakeReferencePolicies().front().policy);
  ASSERT_TRUE(stage.Step().ok());
  float most = 0;
  for (size_t user = 0; user < 1000; ++user) {
    float clicks = 0;
    for (size_t k = 0; k < 4; ++k) clicks += stage.response[(user * 4 + k) * 3];
    EXPECT_EQ(stage.reward[user], clicks);
    most = std::max(most, clicks);
  }
  EXPECT_EQ(most, 4);
}

TEST(InterestExplorationTest, RefusesOptionsOutOfBounds) {
  const auto message = [](void (*change)(Options&)) {
    Options options;
    change(options);
    return std::string(Model::Validate(options).message());
  };
  EXPECT_EQ(message([](Options&) {}), "");
  EXPECT_THAT(message([](Options& o) { o.num_candidates = 0; }), HasSubstr("num_candidates 0, want 1..4096"));
  EXPECT_THAT(message([](Options& o) { o.slate_size = 11; }), HasSubstr("slate_size 11, want 1..10"));
  EXPECT_THAT(message([](Options& o) { o.num_candidates = o.slate_size = 65; }), HasSubstr("want 1..64"));
  EXPECT_THAT(message([](Options& o) { o.max_episode_steps = 0; }), HasSubstr("max_episode_steps 0"));
  EXPECT_THAT(message([](Options& o) { o.candidate_refresh = CandidateRefresh{0}; }), HasSubstr("candidate_refresh 0"));
  EXPECT_THAT(message([](Options& o) { o.topic_distribution = {}; }), HasSubstr("0 numbers, want 1..32"));
  EXPECT_THAT(message([](Options& o) { o.topic_distribution = {0.2, 0.7}; }), HasSubstr("sums to 0.9, want 1"));
  EXPECT_THAT(message([](Options& o) {
                o.topic_distribution = {-0.2, 1.2};
              }),
              HasSubstr("topic_distribution[0] -0.2, want 0..1"));
  EXPECT_THAT(message([](Options& o) {
                o.topic_distribution = {0.2, 0.3, 0.5};
              }),
              HasSubstr("topic_quality_log_mean has 2 numbers, want 3"));
  EXPECT_THAT(message([](Options& o) { o.topic_quality_log_stddev = {0.1}; }),
              HasSubstr("topic_quality_log_stddev has 1 numbers, want 2"));
  EXPECT_THAT(message([](Options& o) { o.topic_quality_log_mean[1] = std::nan(""); }),
              HasSubstr("topic_quality_log_mean[1] nan"));
  EXPECT_THAT(message([](Options& o) {
                o.user_type_distribution = {0.3, 0.3, 0.4};
              }),
              HasSubstr("affinity_log_mean has 4 numbers, want 6 (3 user types x 2 topics)"));
  EXPECT_THAT(message([](Options& o) { o.affinity_log_stddev[2] = -1; }), HasSubstr("affinity_log_stddev[2] -1"));
  EXPECT_THAT(message([](Options& o) { o.affinity_log_stddev.pop_back(); }), HasSubstr("3 numbers, want 4"));
  EXPECT_THAT(message([](Options& o) { o.choice.kind = ChoiceKind::kExponentialCascade; }),
              StartsWith("choice.score_scaling 1, want at most"));
  EXPECT_THAT(message([](Options& o) {
                o.choice.kind = ChoiceKind::kMultinomialProportional;
                o.choice.min_normalizer = 4;
              }),
              StartsWith("choice.min_normalizer 4, want at most"));
}

TEST(InterestExplorationTest, TopicsAndTypesThatCannotBeAreNeverDrawn) {
  Options options;
  options.topic_distribution = {0.5, 0, 0.5, 0};
  options.topic_quality_log_mean = {0, 5, 0, 5};
  options.topic_quality_log_stddev.assign(4, 0);
  options.user_type_distribution = {0, 1, 0};
  options.affinity_log_mean = {5, 5, 5, 5, 1, 1, 1, 1, 5, 5, 5, 5};
  options.affinity_log_stddev.assign(12, 0);
  ASSERT_TRUE(Model::Validate(options).ok()) << Model::Validate(options);
  const Model model(options);
  Rng draws(5, Purpose::kTest, {});
  for (int i = 0; i < 20000; ++i) {
    EXPECT_NEAR(model.SampleDocument(draws).quality(), 1, 1e-12);
    EXPECT_NEAR(model.SampleUser(draws).affinity[3], std::exp(1), 1e-12);
  }
}

}  // namespace
}  // namespace recbots

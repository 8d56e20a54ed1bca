// What the scenarios write of users, candidates and responses, against RecSim's encodings of the same, every case of
// the files. The models themselves write all rows but the features of interest evolution's videos: those are drawn
// there and cannot be given.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "actor/scenarios/interest_evolution/model.h"
#include "actor/scenarios/interest_exploration/model.h"
#include "actor/scenarios/long_term_satisfaction/model.h"
#include "tests/support/golden.h"
#include "tests/support/recsim_encoding.h"

namespace recbots {
namespace {

using testing::GoldenValue;
using testing::Matrix;

constexpr float kTolerance = 1e-6f;  // Relative to numbers beyond 1.

template <typename Compare>
void ForEachCase(const std::string& name, Compare&& compare) {
  const testing::Golden golden("recsim/" + name + ".json");
  size_t compared = 0;
  for (const GoldenValue& test : golden.at("cases")) {
    SCOPED_TRACE(name + " case " + std::to_string(compared));
    compare(test.at("in"), test.at("out"));
    ++compared;
  }
  EXPECT_GT(compared, 0u);
}

// What to do with a case of the scenario that it names; throws (and so fails the test) on one that it does not know.
template <typename Function>
Function OfKind(const GoldenValue& in, Function evolution, Function exploration, Function satisfaction) {
  const auto kind = in.at("kind").get<std::string>();
  if (kind == "interest_evolution") return evolution;
  if (kind == "interest_exploration") return exploration;
  if (kind == "long_term_satisfaction") return satisfaction;
  throw std::invalid_argument("golden case: no scenario '" + kind + "'");
}

void ExpectMatrix(const Matrix& ours, const GoldenValue& theirs) {
  const auto expected = theirs.get<Matrix>();
  ASSERT_EQ(ours.size(), expected.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    ASSERT_EQ(ours[i].size(), expected[i].size()) << "row " << i;
    for (size_t j = 0; j < ours[i].size(); ++j) {
      EXPECT_NEAR(ours[i][j], expected[i][j], kTolerance * std::max(1.0f, std::abs(expected[i][j])))
          << "row " << i << ", column " << j;
    }
  }
}

InterestEvolutionModel EvolutionModel(size_t num_features) {
  InterestEvolutionOptions options;
  options.num_features = static_cast<int>(num_features);
  EXPECT_TRUE(InterestEvolutionModel::Validate(options).ok());
  return InterestEvolutionModel(options);
}

InterestExplorationModel ExplorationModel(size_t num_topics) {
  InterestExplorationOptions options;
  options.topic_distribution.assign(num_topics, 1 / static_cast<double>(num_topics));
  options.topic_quality_log_mean.assign(num_topics, 0.0);
  options.topic_quality_log_stddev.assign(num_topics, 0.1);
  options.user_type_distribution = {1};
  options.affinity_log_mean.assign(num_topics, 0.0);
  options.affinity_log_stddev.assign(num_topics, 0.1);
  EXPECT_TRUE(InterestExplorationModel::Validate(options).ok());
  return InterestExplorationModel(options);
}

InterestExplorationModel::Document TopicDocument(int topic, double quality) {
  return {.log_quality = std::log(quality), .topic = topic};
}

template <typename Model>
Matrix ObservationOf(const Model& model, const typename Model::User& user,
                     const std::vector<typename Model::Document>& documents) {
  const EnvironmentSpec& spec = model.spec();
  std::vector<float> observation(static_cast<size_t>(spec.num_user_features));
  model.WriteObservation(user, observation.data());
  const auto row = static_cast<size_t>(spec.num_candidate_features);
  std::vector<float> candidates(documents.size() * row);
  for (size_t i = 0; i < documents.size(); ++i) model.WriteDocument(documents[i], &candidates[i * row]);
  return testing::EncodeObservation(spec, observation, candidates);
}

Matrix EvolutionObservation(const GoldenValue& in) {
  const auto interests = in.at("user").get<std::vector<double>>();
  const InterestEvolutionModel model = EvolutionModel(interests.size());
  InterestEvolutionModel::User user;
  std::copy(interests.begin(), interests.end(), user.interests.begin());
  std::vector<float> observation(static_cast<size_t>(model.spec().num_user_features)), candidates;
  model.WriteObservation(user, observation.data());
  for (const auto& features : in.at("docs").get<Matrix>()) {
    EXPECT_EQ(features.size(), static_cast<size_t>(model.spec().num_candidate_features));
    candidates.insert(candidates.end(), features.begin(), features.end());
  }
  return testing::EncodeObservation(model.spec(), observation, candidates);
}

Matrix ExplorationObservation(const GoldenValue& in) {
  EXPECT_TRUE(in.at("user").empty()) << "users show nothing of themselves";
  std::vector<InterestExplorationModel::Document> documents;
  for (const GoldenValue& document : in.at("docs")) {
    documents.push_back(TopicDocument(document.at(0).get<int>(), document.at(1).get<double>()));
  }
  return ObservationOf(ExplorationModel(in.at("clusters").get<size_t>()), {}, documents);
}

Matrix SatisfactionObservation(const GoldenValue& in) {
  EXPECT_TRUE(in.at("user").empty()) << "users show nothing of themselves";
  std::vector<LongTermSatisfactionModel::Document> documents;
  for (const GoldenValue& document : in.at("docs")) documents.push_back({.clickbait = document.at(0).get<double>()});
  return ObservationOf(LongTermSatisfactionModel({}), {}, documents);
}

TEST(EncodingGoldenTest, Observations) {
  ForEachCase("encode_observation", [](const GoldenValue& in, const GoldenValue& out) {
    const Matrix matrix = OfKind(in, EvolutionObservation, ExplorationObservation, SatisfactionObservation)(in);
    EXPECT_EQ(matrix.size(), out.at("rows").get<size_t>());
    EXPECT_EQ(matrix.front().size(), out.at("width").get<size_t>());
    ExpectMatrix(matrix, out.at("matrix"));
  });
}

uint64_t ClicksOf(const GoldenValue& raw) {
  uint64_t clicks = 0;
  for (size_t i = 0; i < raw.size(); ++i) clicks |= uint64_t{raw[i].at("clicked").get<bool>()} << i;
  return clicks;
}

std::vector<int32_t> AllPositions(size_t num_items) {
  std::vector<int32_t> positions(num_items);
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

testing::EncodedResponse EvolutionResponse(const GoldenValue& raw) {
  const InterestEvolutionModel model = EvolutionModel(20);
  InterestEvolutionModel::Response response;
  response.clicks = ClicksOf(raw);
  response.size = static_cast<int>(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    EXPECT_FALSE(raw[i].at("liked").get<bool>()) << "nobody ever likes a video";
    response.watch_time[i] = raw[i].at("watch_time").get<double>();
    response.quality[i] = raw[i].at("quality").get<double>();
    response.cluster[i] = raw[i].at("cluster_id").get<uint32_t>();
  }
  std::vector<float> fields(raw.size() * model.spec().response_fields.size());
  const std::vector<int32_t> positions = AllPositions(raw.size());
  model.WriteResponse({nullptr, positions.data(), response.size}, response, fields.data());
  return testing::EncodeResponse(model.spec(), fields);
}

testing::EncodedResponse ExplorationResponse(const GoldenValue& raw) {
  const InterestExplorationModel model = ExplorationModel(8);
  std::vector<InterestExplorationModel::Document> documents;
  for (const GoldenValue& item : raw) {
    documents.push_back(TopicDocument(item.at("cluster_id").get<int>(), item.at("quality").get<double>()));
  }
  std::vector<float> fields(raw.size() * model.spec().response_fields.size());
  const std::vector<int32_t> positions = AllPositions(raw.size());
  model.WriteResponse({documents.data(), positions.data(), static_cast<int>(raw.size())}, {ClicksOf(raw)},
                      fields.data());
  return testing::EncodeResponse(model.spec(), fields);
}

// Only the first item of a slate gets a response there: one slate per item.
testing::EncodedResponse SatisfactionResponse(const GoldenValue& raw) {
  const LongTermSatisfactionModel model({});
  const size_t row = model.spec().response_fields.size();
  std::vector<float> fields(raw.size() * row);
  for (size_t i = 0; i < raw.size(); ++i) {
    const LtsResponse response{.clicked = raw[i].at("clicked").get<bool>(),
                               .engagement = raw[i].at("engagement").get<double>()};
    model.WriteResponse({nullptr, nullptr, 1}, response, &fields[i * row]);
  }
  return testing::EncodeResponse(model.spec(), fields);
}

TEST(EncodingGoldenTest, Responses) {
  ForEachCase("encode_response", [](const GoldenValue& in, const GoldenValue& out) {
    const testing::EncodedResponse encoded =
        OfKind(in, EvolutionResponse, ExplorationResponse, SatisfactionResponse)(in.at("raw"));
    EXPECT_EQ(encoded.fields, out.at("fields").get<std::vector<std::string>>());
    ExpectMatrix(encoded.matrix, out.at("matrix"));
  });
}

}  // namespace
}  // namespace recbots

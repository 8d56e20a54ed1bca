#include "common/agents/layers/fixed_length_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "common/base/random.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

EnvironmentSpec ToySpec() {
  EnvironmentSpec spec;
  spec.name = "toy";
  spec.num_user_features = 2;
  spec.num_candidates = 3;
  spec.num_candidate_features = 2;
  spec.slate_size = 2;
  spec.response_fields = {"click", "cluster_id"};
  return spec;
}

std::unique_ptr<FixedLengthHistory> Make(const FixedLengthHistoryOptions& options, const EnvironmentSpec& spec) {
  auto history = FixedLengthHistory::Create(options, spec);
  EXPECT_TRUE(history.ok()) << history.status();
  (*history)->Reserve(2);
  return *std::move(history);
}

std::vector<float> Written(const UserStatistics& statistics, size_t user) {
  std::vector<float> out(static_cast<size_t>(statistics.width()), -1);
  statistics.Write(user, absl::MakeSpan(out));
  return out;
}

TEST(FixedLengthHistoryTest, HoldsWhatTheGoldenCasesHold) {
  const testing::Golden golden("recsim/fixed_length_history.json");
  EnvironmentSpec spec = ToySpec();
  spec.num_user_features = 1;
  size_t cases = 0;
  for (const auto& c : golden.at("cases")) {
    SCOPED_TRACE(c.dump());
    const size_t length = c.at("in").at("length").get<size_t>();
    auto history = Make({.history_length = static_cast<int>(length), .remember_response = false}, spec);
    const auto tags = c.at("in").at("tags").get<std::vector<float>>();
    for (size_t i = 0; i < tags.size(); ++i) {
      const UserView view{.observation = absl::MakeConstSpan(tags).subspan(i, 1), .candidates = {}};
      if (i == 0) {
        history->Begin(1, view);
      } else {
        history->Add(1, {}, view);
      }
      std::vector<float> want;
      for (const auto& tag : c.at("out").at("contents").at(i)) want.push_back(tag.is_null() ? 0 : tag.get<float>());
      for (const auto& tag : c.at("out").at("contents").at(i)) want.push_back(tag.is_null() ? 0 : 1);
      ASSERT_THAT(want, SizeIs(2 * length));
      EXPECT_EQ(Written(*history, 1), want);
    }
    ++cases;
  }
  EXPECT_GT(cases, 0U);
  EXPECT_THAT(golden.at("cases"), SizeIs(cases));
}

// All parts, several episodes: a deque of entries beside it.
TEST(FixedLengthHistoryTest, AgreesWithAListOfEntries) {
  Rng draws(1, Purpose::kTest, {});
  for (int parts = 1; parts < 8; ++parts) {
    const FixedLengthHistoryOptions options{.history_length = 1 + static_cast<int>(draws.Index(4)),
                                            .remember_user = (parts & 1) != 0,
                                            .remember_response = (parts & 2) != 0,
                                            .remember_candidates = (parts & 4) != 0};
    const auto length = static_cast<size_t>(options.history_length);
    auto history = Make(options, ToySpec());
    std::deque<std::vector<float>> model;
    for (int step = 0; step < 60; ++step) {
      const bool begins = step == 0 || draws.Index(10) == 0;
      std::vector<float> observation(2), candidates(6), response(4), entry;
      for (auto* part : {&observation, &candidates, &response}) {
        for (float& number : *part) number = static_cast<float>(draws.Uniform());
      }
      if (options.remember_user) entry.insert(entry.end(), observation.begin(), observation.end());
      if (options.remember_candidates) entry.insert(entry.end(), candidates.begin(), candidates.end());
      const UserView view{.observation = observation, .candidates = candidates};
      if (begins) {
        model.clear();
        history->Begin(0, view);
        if (step % 2 == 0) history->Begin(0, view);  // Doing so twice is doing so once.
        if (options.remember_response) entry.resize(entry.size() + 5);
      } else {
        history->Add(0, {.slate = {}, .response = response}, view);
        if (options.remember_response) {
          entry.insert(entry.end(), response.begin(), response.end());
          entry.push_back(1);
        }
      }
      ASSERT_EQ(history->entry_width(), static_cast<int>(entry.size()));
      model.push_front(entry);
      if (model.size() > length) model.pop_back();
      std::vector<float> want;
      for (const auto& e : model) want.insert(want.end(), e.begin(), e.end());
      want.resize(length * entry.size());
      want.resize(want.size() + model.size(), 1);
      want.resize(length * (entry.size() + 1));
      EXPECT_EQ(Written(*history, 0), want);
    }
  }
}

TEST(FixedLengthHistoryTest, RefusesImpossibleOptions) {
  EXPECT_THAT(FixedLengthHistory::Create({.history_length = 0}, ToySpec()).status().ToString(),
              HasSubstr("history_length 0, want 1..10000"));
  EXPECT_EQ(FixedLengthHistory::Create({.history_length = 10001}, ToySpec()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EnvironmentSpec blind = ToySpec();
  blind.num_user_features = 0;
  const auto nothing = FixedLengthHistory::Create({.history_length = 3, .remember_response = false}, blind);
  EXPECT_THAT(nothing.status().ToString(), HasSubstr("history of toy remembers nothing"));
}

}  // namespace
}  // namespace recbots

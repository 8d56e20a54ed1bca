#include "actor/simulate/impression_log.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/policies/random_policy.h"
#include "tests/actor/simulate/fake_videos.h"
#include "tests/actor/simulate/simulate_support.h"

namespace recbots {
namespace {

using nlohmann::json;
using testing::AnyLengthPolicy;
using testing::Factory;
using ::testing::HasSubstr;
using testing::MakeFakeVideos;
using testing::ReplayedStep;

// A row of either format: column -> number; null and empty cells are not in it. Numbers are float32, as they were.
using Row = std::map<std::string, float>;

void Flatten(const json& value, const std::string& name, Row& row) {
  if (value.is_boolean()) {
    row[name] = value.get<bool>() ? 1.0f : 0.0f;
  } else if (value.is_number()) {
    row[name] = value.get<float>();
  } else if (value.is_object()) {
    for (const auto& [key, element] : value.items()) Flatten(element, name.empty() ? key : name + "." + key, row);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) Flatten(value[i], absl::StrCat(name, ".", i), row);
  }
}

std::vector<Row> ParseJsonLines(const std::string& text) {
  std::vector<Row> rows;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    Flatten(json::parse(line.begin(), line.end()), "", rows.emplace_back());
  }
  return rows;
}

std::vector<Row> ParseCsv(const std::string& text) {
  const std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  const std::vector<std::string> names = absl::StrSplit(lines.at(0), ',');
  std::vector<Row> rows;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> cells = absl::StrSplit(lines[i], ',');
    EXPECT_EQ(cells.size(), names.size()) << lines[i];
    Row& row = rows.emplace_back();
    for (size_t k = 0; k < cells.size(); ++k) {
      if (!cells[k].empty()) row[names[k]] = static_cast<float>(std::stod(cells[k]));
    }
  }
  return rows;
}

void AddAll(const std::string& name, const std::vector<float>& values, Row& row) {
  for (size_t i = 0; i < values.size(); ++i) row[absl::StrCat(name, ".", i)] = values[i];
}

// The rows that a replayed step must have.
std::vector<Row> RowsOf(const ReplayedStep& step, int users_per_session) {
  std::vector<Row> rows;
  for (size_t k = 0; k == 0 || (k < 2 && step.slate[k] != kNoItem); ++k) {
    Row& row = rows.emplace_back();
    row = {{"episode", static_cast<float>(step.episode)},
           {"stream", static_cast<float>(step.episode * users_per_session + step.user)},
           {"user", static_cast<float>(step.user)},
           {"step", static_cast<float>(step.step)},
           {"slate_propensity", step.slate_propensity},
           {"reward", step.reward},
           {"terminated", step.terminated ? 1.0f : 0.0f},
           {"truncated", step.truncated ? 1.0f : 0.0f}};
    AddAll("observation", step.observation, row);
    for (size_t item = 0; item < 5; ++item) {
      AddAll(absl::StrCat("candidates.", item),
             {step.candidates.begin() + static_cast<std::ptrdiff_t>(4 * item),
              step.candidates.begin() + static_cast<std::ptrdiff_t>(4 * item + 4)},
             row);
    }
    if (step.slate[k] == kNoItem) break;
    const auto item = static_cast<std::ptrdiff_t>(step.slate[k]);
    row["position"] = static_cast<float>(k);
    row["item"] = static_cast<float>(item);
    row["item_propensity"] = step.item_propensity[k];
    if (!std::isnan(step.prefix_propensity[k])) row["prefix_propensity"] = step.prefix_propensity[k];
    row["clicked"] = step.response[3 * k];
    row["response.click"] = step.response[3 * k];
    row["response.quality"] = step.response[3 * k + 1];
    row["response.cluster_id"] = step.response[3 * k + 2];
    AddAll("document", {step.candidates.begin() + 4 * item, step.candidates.begin() + 4 * item + 4}, row);
  }
  return rows;
}

void ExpectRows(const std::vector<Row>& rows, const std::vector<Row>& want) {
  ASSERT_EQ(rows.size(), want.size());
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], want[i]) << "row " << i;
}

class ImpressionLogTest : public testing::FolderTest {
 protected:
  // Simulates with a log of this name and returns its (decompressed) text.
  std::string LogText(const std::string& name, const Scenario& scenario, const PolicyFactory& policy,
                      const SimulationOptions& options, bool with_candidates) {
    auto log = ImpressionLog::Create(Path(name), scenario.spec(), with_candidates);
    EXPECT_TRUE(log.ok()) << log.status();
    const auto result = Simulate(scenario, policy, options, log->get());
    EXPECT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE((*log)->Finish().ok());
    rows_ = (*log)->rows();
    return absl::EndsWith(name, ".gz") ? testing::ReadGzip(Path(name)) : testing::ReadAll(Path(name));
  }

  int64_t rows_ = 0;
};

TEST_F(ImpressionLogTest, BothFormatsAgreeWithAReplay) {
  for (const int users_per_session : {1, 3}) {
    for (const int min_slate_size : {0, 1, 2}) {
      const auto scenario = MakeFakeVideos(users_per_session, {.min_slate_size = min_slate_size});
      const auto make = Factory([min_slate_size] { return std::make_unique<AnyLengthPolicy>(min_slate_size); });
      AnyLengthPolicy policy(min_slate_size);
      std::vector<Row> want;
      for (const ReplayedStep& step : testing::Replay(*scenario, policy, 90)) {
        for (Row& row : RowsOf(step, users_per_session)) want.push_back(std::move(row));
      }
      const SimulationOptions options = {.episodes = 90, .threads = 2, .users = 7};
      const std::string json_text = LogText("x.jsonl", *scenario, make, options, true);
      EXPECT_EQ(rows_, static_cast<int64_t>(want.size()));
      ExpectRows(ParseJsonLines(json_text), want);
      ExpectRows(ParseCsv(LogText("x.csv", *scenario, make, options, true)), want);
    }
  }
}

TEST_F(ImpressionLogTest, HasTheSameBytesForAnyThreadsAndUsers) {
  const auto scenario = MakeFakeVideos(/*users_per_session=*/2, {.min_slate_size = 1});
  const auto make = Factory([] { return std::make_unique<AnyLengthPolicy>(1); });
  for (const char* name : {"x.jsonl", "x.csv", "x.jsonl.gz", "x.csv.gz"}) {
    std::string want;
    for (const int threads : {1, 2, 4}) {
      for (const int users : {1, 64, 4096}) {
        LogText(name, *scenario, make, {.episodes = 500, .threads = threads, .users = users}, false);
        const std::string bytes = testing::ReadAll(Path(name));
        if (want.empty()) want = bytes;
        EXPECT_EQ(bytes, want) << name << ", " << threads << " threads, " << users << " users";
      }
    }
  }
}

TEST_F(ImpressionLogTest, GzipHoldsThePlainBytes) {
  const auto scenario = MakeFakeVideos();
  const auto make = Factory([] { return std::make_unique<AnyLengthPolicy>(2); });
  const SimulationOptions options = {.episodes = 300};
  for (const std::string ending : {".jsonl", ".csv"}) {
    const std::string plain = LogText("x" + ending, *scenario, make, options, true);
    EXPECT_EQ(LogText("x" + ending + ".gz", *scenario, make, options, true), plain);
    EXPECT_LT(std::filesystem::file_size(Path("x" + ending + ".gz")), plain.size() / 2);
  }
}

// Over all slates that can be logged, the logged propensities are a distribution: each slate has one, they sum to one.
TEST_F(ImpressionLogTest, PropensitiesOfTheRandomPolicySumToOne) {
  const auto scenario = MakeFakeVideos();
  const auto make = Factory([] { return std::make_unique<RandomPolicy>(/*seed=*/7, 5, 2); });
  const auto rows = ParseCsv(LogText("x.csv", *scenario, make, {.episodes = 400}, false));
  std::map<std::pair<float, float>, float> slates;
  for (size_t i = 0; i + 1 < rows.size(); i += 2) {
    ASSERT_EQ(rows[i].at("step"), rows[i + 1].at("step"));
    const auto [slate, is_new] =
        slates.insert({{rows[i].at("item"), rows[i + 1].at("item")}, rows[i].at("slate_propensity")});
    EXPECT_EQ(slate->second, rows[i].at("slate_propensity"));
    EXPECT_EQ(rows[i].at("prefix_propensity"), 1.0f / 5);
    EXPECT_EQ(rows[i + 1].at("prefix_propensity"), rows[i].at("slate_propensity"));
  }
  EXPECT_EQ(slates.size(), 20u);  // About 1,700 slates of 20: none is missing but with probability 1e-36.
  double sum = 0;
  for (const auto& [slate, propensity] : slates) sum += static_cast<double>(propensity);
  EXPECT_NEAR(sum, 1, 1e-6);
}

TEST_F(ImpressionLogTest, UnknownPropensitiesAreEmpty) {
  const auto scenario = MakeFakeVideos();
  testing::LearningPolicy::Seen seen;
  const auto make = Factory([&seen] { return std::make_unique<testing::LearningPolicy>(seen); });
  for (const Row& row : ParseJsonLines(LogText("x.jsonl", *scenario, make, {.episodes = 5}, false))) {
    EXPECT_EQ(row.count("slate_propensity"), 0u);
    EXPECT_EQ(row.count("item_propensity"), 0u);
    EXPECT_EQ(row.count("prefix_propensity"), 0u);
  }
}

TEST_F(ImpressionLogTest, AStoppedLogHoldsTheEpisodesReportedUnderItsOtherName) {
  const auto scenario = MakeFakeVideos();
  const auto make = Factory([] { return std::make_unique<AnyLengthPolicy>(2); });
  SimulationResult result;
  {
    auto log = ImpressionLog::Create(Path("x.csv.gz"), scenario->spec(), false);
    ASSERT_TRUE(log.ok()) << log.status();
    std::atomic<int> questions{0};
    SimulationOptions options = {.episodes = 1000000, .threads = 2};
    options.should_stop = [&questions] { return ++questions > 500; };
    auto stopped = Simulate(*scenario, make, options, log->get());
    ASSERT_TRUE(stopped.ok()) << stopped.status();
    result = *std::move(stopped);
  }
  EXPECT_FALSE(std::filesystem::exists(Path("x.csv.gz")));
  const auto rows = ParseCsv(testing::ReadGzip(Path("x.csv.gz.partial")));
  EXPECT_EQ(static_cast<int64_t>(rows.size()), 2 * result.env_steps);
  ASSERT_FALSE(rows.empty());
  EXPECT_EQ(rows.back().at("episode"), static_cast<float>(result.episodes - 1));
}

TEST_F(ImpressionLogTest, AFullDiskEndsTheSimulation) {
  const auto scenario = MakeFakeVideos();
  const auto make = Factory([] { return std::make_unique<AnyLengthPolicy>(2); });
  std::filesystem::create_symlink("/dev/full", Path("x.jsonl"));
  auto log = ImpressionLog::Create(Path("x.jsonl"), scenario->spec(), false);
  ASSERT_TRUE(log.ok()) << log.status();
  const auto result = Simulate(*scenario, make, {.episodes = 100000000, .threads = 2}, log->get());
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("x.jsonl': No space left on device"));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("x.jsonl"))) << "a device is never replaced";
}

TEST_F(ImpressionLogTest, WithoutRowsItIsAFileAllTheSame) {
  const EnvironmentSpec spec = MakeFakeVideos()->spec();
  for (const char* name : {"x.csv", "x.csv.gz", "x.jsonl", "x.jsonl.gz"}) {
    auto log = ImpressionLog::Create(Path(name), spec, false);
    ASSERT_TRUE(log.ok()) << log.status();
    ASSERT_TRUE((*log)->Finish().ok());
    const std::string text = absl::EndsWith(name, ".gz") ? testing::ReadGzip(Path(name)) : testing::ReadAll(Path(name));
    EXPECT_EQ(text, (*log)->format().Header()) << name;
  }
}

TEST_F(ImpressionLogTest, RefusesOtherEndings) {
  const EnvironmentSpec spec = MakeFakeVideos()->spec();
  for (const char* name : {"x", "x.json", "x.gz", "x.csv.bz2", "x.CSV"}) {
    const auto log = ImpressionLog::Create(Path(name), spec, false);
    EXPECT_EQ(log.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(log.status().message()), HasSubstr("ends in .jsonl, .csv, .jsonl.gz or .csv.gz"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
}

}  // namespace
}  // namespace recbots

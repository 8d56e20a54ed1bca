// The dashboard's data: what docs/formats.md says is there, and nothing else.
#include "learner/dashboard/dashboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "learner/dashboard/advice.h"
#include "learner/dashboard/embedded_files.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

v1::GoalConfig GapGoal() {
  v1::GoalConfig goal;
  goal.set_share_of_gap(0.9);
  goal.set_evaluations(1);
  return goal;
}

class DashboardTest : public ::testing::Test {
 protected:
  static v1::Evaluation MakeEvaluation(int64_t version, double value) {
    v1::Evaluation evaluation;
    evaluation.set_weights_version(version);
    evaluation.set_updates(version * 10);
    evaluation.set_env_steps(version * 1000);
    evaluation.set_value(value);
    evaluation.set_value_ci95(0.25);
    for (const auto& [name, reference] : {std::pair{"random", 1.0}, {"best known", 5.0}}) {
      v1::ReferenceValue& one = *evaluation.add_references();
      one.set_name(name);
      one.set_value(reference);
    }
    evaluation.set_optimum(6);
    return evaluation;
  }
  static StatusLine MakeLine(int64_t second) {
    StatusLine line;
    line.counters = {second * 1000, second * 10, static_cast<double>(second)};
    line.updates_per_second = 10;
    line.bound_by = "actors";
    line.waited_ratio = 0.6;
    line.losses = {{"q", 0.5}, {"q_gradient_norm", 2}};
    line.replay_rows = 42;
    return line;
  }
  void Evaluate(int64_t version, double value) {
    const v1::Evaluation evaluation = MakeEvaluation(version, value);
    ASSERT_TRUE(run_.OnEvaluation(evaluation));
    dashboard_.OnEvaluation(evaluation, static_cast<double>(version));
  }
  nlohmann::json Status() const { return nlohmann::json::parse(dashboard_.StatusJson()); }
  nlohmann::json Series(const WebPage::Parameters& parameters) const {
    const WebPage::Answer answer = dashboard_.Series(parameters);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return nlohmann::json::parse(answer.body);
  }

  RunState run_{GapGoal()};
  Dashboard dashboard_{{.experiment = "browse",
                        .algorithm = "wolpertinger",
                        .version = "0.1.0",
                        .incarnation = 0x1f,
                        .capacity_rows = 100,
                        .goal = GapGoal()},
                       run_,
                       [] { return std::string("training"); }};
};

// The names in code font of the first column of the table below `heading` in docs/formats.md.
std::set<std::string> DocumentedNames(const std::string& heading) {
  const std::string text = ReadFile(testing::SourceDir() + "/docs/formats.md").value();
  const size_t begin = text.find("\n" + heading + "\n");
  EXPECT_NE(begin, std::string::npos) << heading;
  const size_t table = text.find("\n|", begin);
  std::set<std::string> names;
  for (absl::string_view line : absl::StrSplit(text.substr(table + 1), '\n')) {
    if (!absl::StartsWith(line, "|")) break;
    const std::vector<absl::string_view> cells = absl::StrSplit(line, '|');
    const std::vector<absl::string_view> pieces = absl::StrSplit(cells[1], '`');
    for (size_t i = 1; i < pieces.size(); i += 2) names.emplace(pieces[i]);
  }
  return names;
}

std::set<std::string> KeysOf(const nlohmann::json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

TEST_F(DashboardTest, TheStatusHasTheDocumentedFields) {
  Evaluate(1, 3);
  dashboard_.OnStatus(MakeLine(7));
  const nlohmann::json status = Status();
  EXPECT_EQ(KeysOf(status), DocumentedNames("### /api/v1/status"));
  EXPECT_EQ(KeysOf(status["goal"]), DocumentedNames("#### goal"));
  ASSERT_EQ(status["new_evaluations"].size(), 1u);
  EXPECT_EQ(KeysOf(status["new_evaluations"][0]), DocumentedNames("#### new_evaluations"));
  ASSERT_EQ(status["references"].size(), 3u);
  EXPECT_EQ(KeysOf(status["references"][0]), DocumentedNames("#### references"));
  std::set<std::string> values = KeysOf(status["values"]);
  EXPECT_EQ(values.erase("loss.q") + values.erase("loss.q_gradient_norm"), 2u);
  values.insert({"loss.NAME", "value", "value_ci95", "share_of_gap", "share_of_optimum"});
  EXPECT_EQ(values, DocumentedNames("#### Names of series"));
}

TEST_F(DashboardTest, TheStatusSaysWhatTheLoopHandedOver) {
  Evaluate(1, 3);
  dashboard_.OnStatus(MakeLine(7));
  nlohmann::json status = Status();
  EXPECT_EQ(status["incarnation"], "000000000000001f");
  EXPECT_EQ(status["sequence"], 1);
  EXPECT_EQ(status["env_steps"], 7000);
  EXPECT_EQ(status["doing"], "training");
  EXPECT_EQ(status["values"]["replay_rows"], 42);
  EXPECT_EQ(status["references"][2]["name"], "optimum");
  EXPECT_EQ(status["new_evaluations"][0]["share_of_gap"], 0.5);
  EXPECT_EQ(status["goal"]["reached"], nullptr);
  dashboard_.OnStatus(MakeLine(8));
  status = Status();
  EXPECT_EQ(status["sequence"], 2);
  EXPECT_EQ(status["evaluations"], 1);
  EXPECT_THAT(status["new_evaluations"], IsEmpty()) << "it was shown in the period before";
  Evaluate(2, 4.8);
  EXPECT_EQ(Status()["goal"]["reached"], "share of gap closed");
}

TEST_F(DashboardTest, ANumberThatIsNotFiniteIsNull) {
  StatusLine line = MakeLine(1);
  line.losses = {{"q", std::nan("")}};
  dashboard_.OnStatus(line);
  EXPECT_EQ(Status()["values"]["loss.q"], nullptr);
}

TEST_F(DashboardTest, SeriesHaveTheDocumentedFieldsAndBothKinds) {
  for (int i = 1; i <= 3; ++i) {
    Evaluate(i, i);
    dashboard_.OnStatus(MakeLine(i));
  }
  const nlohmann::json page = Series({{"names", "value,updates_per_second,nothing"}, {"x", "updates"}});
  EXPECT_EQ(KeysOf(page), DocumentedNames("### /api/v1/series"));
  EXPECT_EQ(KeysOf(page["series"]["value"]), DocumentedNames("#### series"));
  EXPECT_EQ(page["x"], "updates");
  EXPECT_EQ(page["series"]["value"]["x"], nlohmann::json({10, 20, 30}));
  EXPECT_EQ(page["series"]["value"]["mean"], nlohmann::json({1, 2, 3}));
  EXPECT_EQ(page["series"]["updates_per_second"]["max"], nlohmann::json({10, 10, 10}));
  EXPECT_THAT(page["series"]["nothing"]["x"], IsEmpty());
  const nlohmann::json all = Series({});
  EXPECT_EQ(all["names"].size(), all["series"].size());
  EXPECT_EQ(Series({{"names", "value"}, {"since", "1000"}, {"points", "1"}})["series"]["value"]["mean"],
            nlohmann::json({2.5}));
}

TEST_F(DashboardTest, WrongParametersAreRefusedWithNameAndBound) {
  for (const auto& [name, value, want] :
       std::vector<std::tuple<std::string, std::string, std::string>>{{"x", "days", "env_steps, updates or seconds"},
                                                                      {"points", "0", "1..2000"},
                                                                      {"points", "9999", "1..2000"},
                                                                      {"points", "-1", "1..2000"},
                                                                      {"since", "soon", "a number"},
                                                                      {"until", "nan", "a number"},
                                                                      {"names", std::string(64, ','), "at most 64"}}) {
    const WebPage::Answer answer = dashboard_.Series({{name, value}});
    EXPECT_EQ(answer.status, 400) << name;
    const nlohmann::json page = nlohmann::json::parse(answer.body);
    EXPECT_EQ(KeysOf(page), std::set<std::string>{"error"});
    EXPECT_THAT(page["error"].get<std::string>(), AllOf(HasSubstr(name), HasSubstr(value), HasSubstr(want)));
  }
}

TEST_F(DashboardTest, ThePagesAreThePageItsFilesAndTheApi) {
  const MorePages more = dashboard_.Pages([] { return std::string("{}"); });
  EXPECT_EQ(more.events, "/api/v1/events");
  std::vector<std::string> paths;
  for (const WebPage& page : more.pages) {
    paths.push_back(page.path);
    EXPECT_EQ(page.make({}).status, 200) << page.path;
  }
  EXPECT_THAT(paths, ::testing::IsSupersetOf({"/", "/dashboard.css", "/dashboard.js", "/api/v1/status", "/api/v1/roles",
                                              "/api/v1/series"}));
}

// The page is embedded byte by byte, and everything that it loads is a file of its own.
TEST_F(DashboardTest, ThePageLoadsNothingFromElsewhere) {
  for (const EmbeddedFile& file : EmbeddedFiles()) {
    const std::string path = absl::StrCat(testing::SourceDir(), "/learner/dashboard/page/", file.name);
    EXPECT_EQ(file.bytes, ReadFile(path).value()) << file.name;
    std::string text(file.bytes);
    for (const std::string space : {"http://www.w3.org/2000/svg"}) {
      for (size_t at; (at = text.find(space)) != std::string::npos;) text.erase(at, space.size());
    }
    EXPECT_THAT(text, AllOf(Not(HasSubstr("http://")), Not(HasSubstr("https://")), Not(HasSubstr("@import"))))
        << file.name;
  }
}

TEST_F(DashboardTest, EveryBoundHasAnAdvice) {
  for (const std::string by :
       {"learner", "actors", "actors (none connected)", "replay", "replay (no batches come)", "the other learners"}) {
    StatusLine line = MakeLine(1);
    line.bound_by = by;
    EXPECT_THAT(WhatToDo(line), Not(IsEmpty())) << by;
  }
  StatusLine line = MakeLine(1);
  EXPECT_THAT(WhatToDo(line), AllOf(HasSubstr("60 %"), HasSubstr("--actors")));
  line.blocked_on = "min_size";
  EXPECT_THAT(WhatToDo(line), HasSubstr("min_size"));
}

}  // namespace
}  // namespace recbots

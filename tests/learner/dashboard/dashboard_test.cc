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
#include "learner/dashboard/policy_json.h"
#include "learner/dashboard/policy_picture.h"
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
    line.lag_updates = {{1, 10}, {3, 2, 1}};
    line.lag_seconds = {{0.5}, {4, 0}};
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

  WebPage::Answer Control(const std::string& body) const {
    return dashboard_.Pages([] { return std::string("{}"); }).controls.at(0).act(body);
  }

  RunState run_{GapGoal()};
  RunControls controls_;
  std::string no_evaluation_;
  std::vector<ShardTables> tables_;
  Dashboard dashboard_{{.experiment = "browse",
                        .algorithm = "wolpertinger",
                        .version = "0.1.0",
                        .incarnation = 0x1f,
                        .capacity_rows = 100,
                        .goal = GapGoal()},
                       run_,
                       {.doing = [] { return std::string("training"); },
                        .tables = [this] { return tables_; },
                        .controls = {.controls = &controls_,
                                     .no_evaluation = [this] { return no_evaluation_; },
                                     .no_checkpoint = [] { return std::string("no folder"); }}}};
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

v1::InfoResponse InfoOfOneTable() {
  v1::InfoResponse info;
  v1::TableInfo& table = *info.add_tables();
  table.set_name("transitions");
  table.set_capacity_rows(100);
  table.set_samples_per_insert(8);
  table.mutable_state()->set_rows(50);
  table.mutable_state()->set_inserted(60);
  table.mutable_state()->set_restored(10);
  table.mutable_state()->set_sampled(400);
  table.set_inserts_blocked_on(v1::BLOCKED_ON_NONE);
  table.set_samples_blocked_on(v1::BLOCKED_ON_SPI_SAMPLE);
  return info;
}

TEST_F(DashboardTest, TheStatusHasTheDocumentedFields) {
  tables_ = {{"127.0.0.1:7001", InfoOfOneTable()}};
  Evaluate(1, 3);
  dashboard_.OnStatus(MakeLine(7));
  const nlohmann::json status = Status();
  EXPECT_EQ(KeysOf(status), DocumentedNames("### /api/v1/status"));
  EXPECT_EQ(KeysOf(status["goal"]), DocumentedNames("#### goal"));
  ASSERT_EQ(status["new_evaluations"].size(), 1u);
  EXPECT_EQ(KeysOf(status["new_evaluations"][0]), DocumentedNames("#### new_evaluations"));
  ASSERT_EQ(status["references"].size(), 3u);
  EXPECT_EQ(KeysOf(status["references"][0]), DocumentedNames("#### references"));
  for (const char* lag : {"lag_updates", "lag_seconds"}) {
    EXPECT_EQ(KeysOf(status[lag]), DocumentedNames("#### lag_updates"));
    EXPECT_EQ(status[lag]["counts"].size(), status[lag]["up_to"].size() + 1) << lag;
  }
  ASSERT_EQ(status["tables"].size(), 1u);
  EXPECT_EQ(KeysOf(status["tables"][0]), DocumentedNames("#### tables"));
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

TEST_F(DashboardTest, TheStatusHasEachTableOfEachShard) {
  tables_ = {{"a:1", InfoOfOneTable()}, {"b:2", InfoOfOneTable()}};
  const nlohmann::json tables = Status()["tables"];
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(tables[1]["shard"], "b:2");
  EXPECT_EQ(tables[1]["rows"], 50);
  EXPECT_EQ(tables[1]["samples_per_insert"], 8) << "rows of a checkpoint were sampled by another process";
  EXPECT_EQ(tables[1]["inserts_wait_for"], nullptr);
  EXPECT_EQ(tables[1]["samples_wait_for"], "spi_sample");
}

PolicyView MakeView() {
  PolicyView view;
  view.map.emplace();
  view.map->states = view.map->rows = 2;
  view.map->candidates = view.map->columns = 3;
  view.map->recommended = {{1, 1.0f}, {5, 1.0f}};
  view.map->rewards = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.65432f};
  view.map->best_reward_share = 0.5;
  view.map->references = {{"optimal", {{2, 1.0f}, {5, 1.0f}}, 0.5}};
  view.topics.emplace();
  view.topics->names = {"topic 0", "topic 1"};
  view.topics->policy = {{0.5, 0.5}, {0.25, 0.75}, {}};
  view.points.emplace();
  view.points->items = {0};
  view.points->item_xy = {0.12345f, 1};
  return view;
}

TEST_F(DashboardTest, ThePolicyHasTheDocumentedFields) {
  const auto policy = [this](const WebPage::Parameters& parameters) {
    return nlohmann::json::parse(dashboard_.Policy(parameters).body);
  };
  nlohmann::json page = policy({});
  EXPECT_EQ(KeysOf(page), DocumentedNames("### /api/v1/policy"));
  EXPECT_EQ(page["views"], 0) << "none yet";
  EXPECT_EQ(page["map"], nullptr);
  const ViewedWeights weights = {.version = 7, .updates = 140, .env_steps = 700, .views = 1, .incarnation = 0x1f};
  dashboard_.OnPolicy(PolicyJson(weights, MakeView(), true), PolicyJson(weights, MakeView(), false));
  EXPECT_EQ(Status()["policy_views"], 1);
  page = policy({});
  EXPECT_EQ(page["incarnation"], Status()["incarnation"]);
  EXPECT_EQ(page["updates"], 140);
  EXPECT_EQ(KeysOf(page["map"]), DocumentedNames("#### map"));
  EXPECT_EQ(KeysOf(page["map"]["references"][0]), DocumentedNames("#### references of the map"));
  EXPECT_EQ(KeysOf(page["topics"]), DocumentedNames("#### topics"));
  EXPECT_EQ(KeysOf(page["points"]), DocumentedNames("#### points"));
  EXPECT_EQ(page["map"]["recommended"], nlohmann::json({{1, 1.0}, {5, 1.0}}));
  EXPECT_EQ(page["map"]["rewards"][5], 0.654) << "three digits";
  EXPECT_EQ(page["points"]["item_xy"][0], 0.123);
  EXPECT_EQ(page["topics"]["clicked"], nullptr);
  EXPECT_EQ(page["topics"]["best_known"], nullptr);
  EXPECT_EQ(policy({{"fixed", "0"}})["map"]["rewards"], nullptr);
  EXPECT_EQ(policy({{"fixed", "1"}}), page);
  const WebPage::Answer wrong = dashboard_.Policy({{"fixed", "no\"\n"}});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(nlohmann::json::parse(wrong.body)["error"].get<std::string>(), HasSubstr("want 0 or 1"));
}

TEST_F(DashboardTest, ThePictureShowsWhatIsRecommended) {
  const Picture picture = PictureOf(*MakeView().map);
  EXPECT_GE(picture.width, 200u);
  ASSERT_EQ(picture.rgb.size(), size_t{3} * picture.width * picture.height);
  const uint32_t side = picture.width / 3;
  EXPECT_EQ(picture.height, 2 * side);
  const auto is_orange = [&](uint32_t row, uint32_t column) {
    const size_t at = 3 * (size_t{row * side + side / 2} * picture.width + column * side + side / 2);
    return static_cast<uint8_t>(picture.rgb[at]) > static_cast<uint8_t>(picture.rgb[at + 2]);
  };
  for (uint32_t row = 0; row < 2; ++row) {
    for (uint32_t column = 0; column < 3; ++column) {
      EXPECT_EQ(is_orange(row, column), (row == 0 && column == 1) || (row == 1 && column == 2)) << row << column;
    }
  }
}

TEST_F(DashboardTest, ControlsDoWhatIsAskedOrSayWhyNot) {
  EXPECT_EQ(Control(R"({"action": "evaluate"})").status, 200);
  EXPECT_EQ(controls_.evaluations_asked(), 1);
  no_evaluation_ = "no evaluator is connected";
  WebPage::Answer answer = Control(R"({"action": "evaluate"})");
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(nlohmann::json::parse(answer.body)["error"], no_evaluation_);
  EXPECT_EQ(controls_.evaluations_asked(), 1);
  EXPECT_EQ(Control(R"({"action": "checkpoint"})").status, 409);
  EXPECT_FALSE(controls_.TakeCheckpoint());
  EXPECT_EQ(Control(R"({"action": "pause"})").status, 200);
  EXPECT_TRUE(controls_.paused());
  answer = Control(R"({"action": "continue"})");
  EXPECT_EQ(KeysOf(nlohmann::json::parse(answer.body)), std::set<std::string>{"done"});
  EXPECT_FALSE(controls_.paused());
  for (const std::string wrong : {"", "end", "{}", "[]", R"({"action": 1})", R"({"action": "stop"})",
                                  R"({"action": "end", "more": 1})", "{\"action\": \"\xff\"}"}) {
    answer = Control(wrong);
    EXPECT_EQ(answer.status, 400) << wrong;
    EXPECT_THAT(nlohmann::json::parse(answer.body)["error"].get<std::string>(), HasSubstr("pause, continue or end"));
  }
  EXPECT_FALSE(controls_.end_asked());
  EXPECT_EQ(Control(R"({"action": "end"})").status, 200);
  EXPECT_TRUE(controls_.end_asked());
  EXPECT_EQ(Control(R"({"action": "pause"})").status, 409) << "the run is ending";
  EXPECT_EQ(DocumentedNames("### /api/v1/control"),
            (std::set<std::string>{"evaluate", "checkpoint", "pause", "continue", "end"}));
}

TEST_F(DashboardTest, WithoutControlsNobodyCanAskForAnything) {
  const Dashboard other({}, run_, {.doing = [] { return std::string(); }});
  EXPECT_THAT(other.Pages([] { return std::string("{}"); }).controls, IsEmpty());
}

TEST_F(DashboardTest, CurvesGoOnWithTheHistoryOfTheRun) {
  RunHistory history;
  for (int i = 1; i <= 3; ++i) {
    const RunCounters clocks = {i * 1000, i * 10, static_cast<double>(i)};
    history.evaluations.push_back({clocks, {{"value", i}}});
    history.statuses.push_back({clocks, {{"lag_p50_updates", i}, {"updates_per_second", 9}}});
  }
  dashboard_.AddHistory(history);
  dashboard_.OnStatus(MakeLine(4));
  Evaluate(4, 4);
  const nlohmann::json series = Series({{"x", "updates"}})["series"];
  EXPECT_EQ(series["value"]["x"], nlohmann::json({10, 20, 30, 40}));
  EXPECT_EQ(series["lag_updates_p50"]["mean"], nlohmann::json({1, 2, 3, 0}));
  EXPECT_EQ(series["updates_per_second"]["mean"], nlohmann::json({9, 9, 9, 10}));
  EXPECT_EQ(Status()["sequence"], 1) << "only those of this process";
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
                                              "/api/v1/series", "/api/v1/policy"}));
  ASSERT_EQ(more.controls.size(), 1u);
  EXPECT_EQ(more.controls[0].path, "/api/v1/control");
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
  for (const std::string by : {"learner", "actors", "actors (none connected)", "replay", "replay (no batches come)",
                               "the other learners", "a pause by hand"}) {
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

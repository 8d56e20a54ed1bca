#include "deploy/cli/status/status_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "deploy/cli/terminal/cells.h"
#include "deploy/cli/top/top_screen.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

RunView LiveRun(int num_roles = 4) {
  RunView view;
  view.where = "http://127.0.0.1:9100";
  view.ending = "training";
  view.experiment = "browse";
  view.algorithm = "wolpertinger";
  view.updates = 12'345;
  view.env_steps = 98'765;
  view.wall_seconds = 100;
  view.goal_updates = 24'690;
  view.evaluations = 40;
  view.value = 8.5;
  view.value_ci95 = 0.25;
  view.best_value = 8.75;
  view.share_of_gap = 0.93;
  view.references = {{"random", 1.01, 0}, {"row_argmax", 9.07, 0}};
  view.values = {{"updates_per_second", 809}, {"lag_updates_p50", 130},    {"lag_updates_p99", 395},
                 {"replay_rows", 5000},       {"samples_per_insert", 7.9}, {"waited_ratio", 0.123}};
  view.samples_per_insert_target = 8;
  view.capacity_rows = 10'000;
  view.bound_by = "actors";
  view.what_to_do = "The learner waits for rows: start more actors, or lower samples_per_insert.";
  for (int i = 0; i < num_roles; ++i) {
    RoleView& role = view.roles.emplace_back();
    role.role = "actor";
    role.name = absl::StrCat("host/", i);
    role.state = i == 1 ? "lost" : "joined";
    role.doing = "playing";
  }
  for (int i = 0; i <= 20; ++i) {
    view.curve_steps.push_back(1000.0 * i);
    view.curve_values.push_back(1 + 0.37 * i);
  }
  return view;
}

std::string Text(const RunView& view, const StatusLayout& layout) {
  return absl::StrJoin(StatusLines(view, layout), "\n");
}

TEST(StatusLinesTest, SaysWhatTheDashboardSays) {
  const std::string text = Text(LiveRun(), {.columns = 100});
  EXPECT_THAT(text, AllOf(HasSubstr("browse (wolpertinger)"), HasSubstr("live"), HasSubstr("updates 12,345 of 24,690"),
                          HasSubstr("value 8.5 +- 0.25"), HasSubstr("best 8.75"), HasSubstr("93.0 % of the gap")));
  EXPECT_THAT(text, AllOf(HasSubstr("random 1.01"), HasSubstr("row_argmax 9.07"),
                          HasSubstr("lag p50/p99 130/395 updates"), HasSubstr("samples per insert 7.9 of 8"),
                          HasSubstr("(50.0 %)"), HasSubstr("waited for batches 12.3 %")));
  EXPECT_THAT(text, AllOf(HasSubstr("bound by: actors"), HasSubstr("start more actors"), HasSubstr("host/1"),
                          HasSubstr("lost")));
  // Half of the updates took 100 s.
  EXPECT_THAT(text, HasSubstr("about 1:40 left"));
}

TEST(StatusLinesTest, HasNoLineForWhatIsNotKnown) {
  RunView view;
  view.where = "runs/x";
  view.stage = RunView::Stage::kBroken;
  view.ending = "killed: it has left no report";
  EXPECT_EQ(Text(view, {}), "runs/x   killed\nkilled: it has left no report\nruns/x\nvalue: not evaluated yet");
}

TEST(StatusLinesTest, FitsEveryWidth) {
  for (int columns = 20; columns <= 220; columns += 7) {
    for (const bool color : {false, true}) {
      for (const std::string& line : StatusLines(LiveRun(30), {.columns = columns, .color = color})) {
        EXPECT_LE(CellsOf(line), columns) << line;
      }
    }
  }
  EXPECT_THAT(Text(LiveRun(), {}), Not(HasSubstr("\x1b")));
}

TEST(StatusLinesTest, ForeignTextIsHarmless) {
  RunView view = LiveRun();
  view.experiment = "a\x1b[2Jb";
  view.what_to_do = "x\x1b]0;title\x07";
  view.roles[0].doing = "\x1b[31mred";
  view.troubles = {
      "\x9b"
      "2J"};
  EXPECT_THAT(Text(view, {.columns = 150}), Not(AnyOf(HasSubstr("\x1b"), HasSubstr("\x07"), HasSubstr("\x9b"))));
}

TEST(StatusLinesTest, SaysHowManyRolesAreNotShown) {
  const std::string text = Text(LiveRun(30), {.columns = 100, .max_roles = 5});
  EXPECT_THAT(text, AllOf(HasSubstr("host/3"), Not(HasSubstr("host/4 ")), HasSubstr("and 26 more")));
  EXPECT_LT(text.find("host/1 "), text.find("host/0 "));  // The lost one comes first.
  EXPECT_THAT(Text(LiveRun(30), {.columns = 100, .max_roles = 2}), HasSubstr("roles: 30 actor (1 lost)"));
}

PolledRun Polled(const RunView& view) {
  PolledRun run;
  run.view = view;
  run.answers = run.questions = 1;
  return run;
}

TEST(TopScreenTest, HasExactlyTheLinesOfTheTerminal) {
  for (const int num_roles : {0, 1, 4, 100}) {
    for (const int rows : {5, 10, 24, 60}) {
      for (const int columns : {20, 40, 80, 200}) {
        const auto lines = TopScreen(Polled(LiveRun(num_roles)), "runs/x", {columns, rows}, true, false, Instant());
        ASSERT_EQ(lines.size(), static_cast<size_t>(rows));
        for (const std::string& line : lines) EXPECT_LE(CellsOf(line), columns) << line;
        if (columns >= 40) {
          EXPECT_THAT(lines[0], HasSubstr("recbots top"));
        }
        EXPECT_THAT(lines.back(), HasSubstr("q quits"));
      }
    }
  }
}

TEST(TopScreenTest, SharesALargeScreenBetweenCurveAndRoles) {
  const std::string text =
      absl::StrJoin(TopScreen(Polled(LiveRun(6)), "runs/x", {80, 24}, false, false, Instant()), "\n");
  EXPECT_THAT(text, AllOf(HasSubstr("env steps"), HasSubstr("bound by: actors")));
  EXPECT_THAT(text, HasSubstr("host/0"));
}

TEST(TopScreenTest, SaysThatNumbersAreOld) {
  PolledRun run = Polled(LiveRun());
  run.trouble = absl::UnavailableError("no answer from http://h:1: Connection refused");
  const auto lines = TopScreen(run, "h:1", {120, 40}, false, false, Instant() + absl::Seconds(7));
  EXPECT_THAT(lines[0], HasSubstr("silent: numbers are 7 s old, trying again"));
  EXPECT_THAT(absl::StrJoin(lines, "\n"), AllOf(HasSubstr("Connection refused"), HasSubstr("value 8.5")));
  EXPECT_THAT(TopScreen({}, "h:1", {80, 24}, false, false, Instant())[0], HasSubstr("asking"));
}

}  // namespace
}  // namespace recbots

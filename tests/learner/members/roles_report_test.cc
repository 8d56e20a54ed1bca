#include "learner/members/roles_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/metrics/metrics.h"
#include "learner/members/roles_watch.h"
#include "learner/members/weight_ages.h"
#include "tests/learner/members/make_report.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MakeReport;

class RolesReportTest : public ::testing::Test {
 protected:
  static v1::RoleReport Stalled(uint64_t instance, const std::string& role = "actor") {
    v1::RoleReport report = MakeReport(instance, role);
    report.set_stall("no step for 42 s: waiting for room in table t at 127.0.0.1:8000");
    report.set_stalled_seconds(42);
    return report;
  }
  void Report(const v1::RoleReport& report, const std::string& peer = "ipv4:127.0.0.1:5000") {
    ASSERT_TRUE(table_.OnReport(report, peer).ok());
  }
  nlohmann::json Json() const {
    return nlohmann::json::parse(RolesJson(table_.members(), absl::FromUnixMillis(1'700'000'100'250)));
  }
  static std::vector<std::string> KeysOf(const nlohmann::json& object) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    return keys;
  }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  WeightStore store_;
  WeightAges ages_{store_, clock_};
  MemberTable table_{{.age_of = [this](const v1::RoleReport& report) { return ages_.Of(report, /*updates=*/50); }},
                     clock_};
};

// The fields and their types: a dashboard reads them. docs/formats.md has the same list.
TEST_F(RolesReportTest, TheJsonHasTheDocumentedFields) {
  v1::RoleReport report = MakeReport(0x1f);
  report.set_worker_index(3);
  v1::WaitReport& wait = *report.add_waits();
  wait.set_thing("room in table t");
  wait.set_peer("127.0.0.1:8000");
  wait.set_seconds(1.5);
  wait.set_deadline_seconds(-1);
  store_.Publish("w", {.updates = 40});
  report.set_weights_version(1);
  report.set_weights_updates(40);
  report.set_weights_incarnation(store_.incarnation());
  clock_.Advance(absl::Seconds(2));
  Report(report);
  clock_.Advance(absl::Seconds(1));  // The age is that of the moment when the report came.
  const nlohmann::json page = Json();
  EXPECT_THAT(KeysOf(page), ElementsAre("now", "roles"));
  EXPECT_EQ(page["now"], "2023-11-14T22:15:00.250Z");
  ASSERT_EQ(page["roles"].size(), 1u);
  const nlohmann::json& role = page["roles"][0];
  EXPECT_THAT(KeysOf(role), ElementsAre("doing", "for_seconds", "host", "instance", "joined", "name", "pages", "peer",
                                        "pid", "progress", "progress_per_second", "progress_unit", "role",
                                        "silent_seconds", "since", "stalled", "stalled_seconds", "state",
                                        "uptime_seconds", "version", "waits", "weights", "worker_index"));
  EXPECT_EQ(role["role"], "actor");
  EXPECT_EQ(role["name"], "host/31");
  EXPECT_EQ(role["instance"], "000000000000001f");
  EXPECT_EQ(role["state"], "joined");
  EXPECT_EQ(role["since"], "2023-11-14T22:13:22.000Z");
  EXPECT_EQ(role["joined"], role["since"]);
  EXPECT_EQ(role["pid"], 31);
  EXPECT_EQ(role["worker_index"], 3);
  EXPECT_EQ(role["stalled"], nullptr);
  EXPECT_EQ(role["weights"], nlohmann::json::parse(R"({"version": 1, "lag_updates": 10, "lag_seconds": 2.0})"));
  EXPECT_EQ(role["waits"], nlohmann::json::parse(
                               R"([{"for": "room in table t", "at": "127.0.0.1:8000", "seconds": 1.5,
                                    "gives_up_in_seconds": null}])"));
}

// Prometheus reads it. docs/formats.md has the same fields.
TEST_F(RolesReportTest, TargetsAreThoseThatReportAndHavePages) {
  // What serves at all addresses of the learner's own machine is there for the machine itself.
  v1::RoleReport learner = MakeReport(2, "learner");
  learner.set_pages("https://0.0.0.0:9200");
  v1::RoleReport without = MakeReport(3);
  without.set_pages("");
  v1::RoleReport gone = MakeReport(4);
  gone.set_leaving(true);
  v1::RoleReport odd = MakeReport(5);
  odd.set_pages("http://no port");
  for (const v1::RoleReport& report : {MakeReport(1), without, gone, odd}) Report(report);
  Report(learner, /*peer=*/"");
  EXPECT_EQ(nlohmann::json::parse(TargetsJson(table_.members(), "a \"run\"")), nlohmann::json::parse(R"([
    {"targets": ["127.0.0.1:9100"], "labels": {"service": "actor", "run": "a \"run\""}},
    {"targets": ["127.0.0.1:9200"], "labels": {"service": "learner", "run": "a \"run\""}}])"));
}

TEST_F(RolesReportTest, WhatIsNotKnownIsNull) {
  v1::RoleReport report = MakeReport(1, "replay");
  report.set_pages("");
  report.set_progress_unit("");
  Report(report, /*peer=*/"");
  const nlohmann::json role = Json()["roles"][0];
  for (const char* field : {"pages", "peer", "progress_unit", "worker_index", "weights", "stalled"}) {
    EXPECT_EQ(role[field], nullptr) << field;
  }
  EXPECT_TRUE(role["waits"].is_array() && role["waits"].empty());
}

// Versions of another incarnation say nothing about ours.
TEST_F(RolesReportTest, WeightsOfAnEarlierLearnerHaveNoLag) {
  store_.Publish("w", {});
  v1::RoleReport report = MakeReport(1);
  report.set_weights_version(1);
  report.set_weights_incarnation(store_.incarnation() + 1);
  Report(report);
  EXPECT_EQ(Json()["roles"][0]["weights"],
            nlohmann::json::parse(R"({"version": 1, "lag_updates": null, "lag_seconds": null})"));
}

TEST_F(RolesReportTest, NoTextOfAPeerBreaksTheJson) {
  v1::RoleReport report = MakeReport(1);
  report.set_name("\"</script>\\\x01\xff");
  Report(report);
  EXPECT_EQ(Json()["roles"][0]["name"], R"(\"</script>\\\x01\xff)");
}

TEST_F(RolesReportTest, TheSectionHasARowForEach) {
  store_.Publish("w", {});
  clock_.Advance(absl::Milliseconds(400));
  v1::RoleReport actor = MakeReport(1);
  actor.set_weights_version(1);
  actor.set_weights_updates(43);
  actor.set_weights_incarnation(store_.incarnation());
  actor.set_progress(1234);
  Report(actor);
  Report(Stalled(2));
  v1::RoleReport gone = MakeReport(3, "evaluator");
  gone.set_leaving(true);
  Report(gone);
  clock_.Advance(absl::Seconds(2));
  const StatusSection section = RolesSection(table_.members());
  EXPECT_EQ(section.title, "Roles (3)");
  ASSERT_EQ(section.rows.size(), 3u);
  EXPECT_EQ(section.rows[0].first, "actor host/1");
  EXPECT_EQ(section.rows[0].second,
            "joined for 2.0 s; 1.23k steps (0/s); weights 7 updates, 0.4 s old; acting; http://127.0.0.1:9100");
  EXPECT_THAT(section.rows[1].second, HasSubstr("; no step for 42 s: waiting for room in table t at 127.0.0.1:8000;"));
  EXPECT_EQ(section.rows[2].first, "evaluator host/3");
  EXPECT_EQ(section.rows[2].second, "left for 2.0 s");
}

TEST_F(RolesReportTest, TheStatusLineNamesTheFirstThatStallsAndCountsTheOthers) {
  EXPECT_EQ(StalledText(table_.members()), "");
  Report(MakeReport(1));
  EXPECT_EQ(StalledText(table_.members()), "");
  Report(Stalled(2));
  const std::string one = "actor host/2 (no step for 42 s: waiting for room in table t at 127.0.0.1:8000)";
  EXPECT_EQ(StalledText(table_.members()), one);
  Report(Stalled(3));
  Report(Stalled(4, "evaluator"));
  EXPECT_EQ(StalledText(table_.members()), one + ", 2 more");
  clock_.Advance(absl::Seconds(8));
  EXPECT_EQ(StalledText(table_.members()), "") << "what those that are lost did is old";
}

TEST_F(RolesReportTest, TheMetricsCountRolesByState) {
  Metrics metrics({"learner"});
  Report(MakeReport(1));
  Report(Stalled(2));
  Report(MakeReport(3, "replay"));
  ShowRoles(table_.members(), metrics);
  const auto value = [&metrics](const char* role, const char* state) {
    return metrics.gauge(metric::kLearnerRoles, role, state).Value();
  };
  EXPECT_EQ(value("actor", "joined"), 2);
  EXPECT_EQ(value("actor", "stalled"), 1);
  EXPECT_EQ(value("replay", "joined"), 1);
  EXPECT_THAT(metrics.Text(), HasSubstr("recbots_learner_roles{role=\"evaluator\",state=\"lost\"} 0\n"));
  table_.OnBroken(1);
  ShowRoles(table_.members(), metrics);
  EXPECT_EQ(value("actor", "joined"), 1);
  EXPECT_EQ(value("actor", "lagging"), 1);
}

// The learner is in its own table.
TEST_F(RolesReportTest, TheWatchAddsTheLearnerItself) {
  Metrics metrics({"learner"});
  MemberTable table({.report_every = absl::Milliseconds(1)});
  std::atomic<int> looks{0};
  const RolesWatch watch(
      table, metrics, [] { return MakeReport(9, "learner"); }, [&looks] { ++looks; });
  const Instant deadline = Instant::Now() + absl::Seconds(30);
  while (looks < 3 && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_GE(looks, 3);
  EXPECT_EQ(metrics.gauge(metric::kLearnerRoles, "learner", "joined").Value(), 1);
  ASSERT_EQ(table.members().size(), 1u);
  EXPECT_EQ(table.members()[0].report.instance(), 9u);
}

}  // namespace
}  // namespace recbots

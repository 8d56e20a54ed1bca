// The learner's dashboard and its data, as a browser and a program get them from a real run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/programs.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::ProgramsTest;

class DashboardPagesTest : public ProgramsTest {
 protected:
  // A cluster that goes on after its goal, and `base_`, the link in its first line.
  ChildProcess StartCluster(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"cluster", testing::SourceDir() + "/deploy/config/browse.textproto",
                                          "--run_dir=" + dir_ + "/run", "--keep", "--set=learner.status_seconds=0.2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    ChildProcess cluster = Start("recbots", arguments);
    std::smatch link;
    EXPECT_TRUE(Await([&] {
      const std::string log = Read(cluster.log_path());
      if (!std::regex_search(log, link, std::regex("^recbots: .*; dashboard (http://127\\.0\\.0\\.1:[0-9]+)/\n")))
        return false;
      base_ = link[1];
      return true;
    })) << Read(cluster.log_path());
    return cluster;
  }
  httplib::Result Get(const std::string& path) const { return httplib::Client(base_).Get(path); }
  // null where no answer comes, or one that is not 200.
  nlohmann::json Json(const std::string& path) const {
    const httplib::Result answer = Get(path);
    return answer && answer->status == 200 ? nlohmann::json::parse(answer->body) : nlohmann::json();
  }

  std::string base_;
};

TEST_F(DashboardPagesTest, EveryPathIsThereAndTheNumbersAreThoseOfTheRun) {
  ChildProcess cluster = StartCluster();
  ASSERT_TRUE(Await([&] {
    const nlohmann::json status = Json("/api/v1/status");
    return status.is_object() && status["evaluations"] >= 2 && status["sequence"] >= 5;
  })) << Read(cluster.log_path());

  const auto page = Get("/");
  ASSERT_TRUE(page);
  EXPECT_THAT(page->body, HasSubstr("<title>recbots learner</title>"));
  EXPECT_THAT(page->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  for (const std::string file : {"/dashboard.css", "/dashboard.js", "/plot.js", "/dashboard.svg"}) {
    const auto answer = Get(file);
    ASSERT_TRUE(answer) << file;
    EXPECT_EQ(answer->status, 200) << file;
  }

  const nlohmann::json status = Json("/api/v1/status");
  EXPECT_EQ(status["experiment"], "browse");
  EXPECT_EQ(status["algorithm"], "wolpertinger");
  EXPECT_GT(status["updates"], 0);
  EXPECT_EQ(status["actors"], 1);
  EXPECT_NE(status["bound_by"], "");
  EXPECT_NE(status["what_to_do"], "");
  EXPECT_GT(status["values"]["replay_rows"], 0);
  EXPECT_GT(status["values"]["loss.critic_gradient_norm"], 0) << status["values"];
  EXPECT_EQ(status["references"][0]["name"], "random");

  const nlohmann::json series = Json("/api/v1/series?names=value,updates_per_second&x=updates&points=100");
  ASSERT_GE(series["series"]["value"]["x"].size(), 2u);
  ASSERT_GE(series["series"]["updates_per_second"]["mean"].size(), 4u);
  EXPECT_THAT(series["names"].get<std::vector<std::string>>(), AllOf(Contains("value"), Contains("lag_seconds_p99")));
  EXPECT_EQ(Get("/api/v1/series?points=0")->status, 400);
  EXPECT_EQ(Json("/api/v1/roles")["roles"].size(), Json("/api/roles")["roles"].size());
  EXPECT_THAT(Get("/nothing")->body, AllOf(HasSubstr("/api/v1/status"), HasSubstr("/api/v1/events")));

  cluster.Signal(SIGINT);
  Finish(cluster, absl::Seconds(60));
}

TEST_F(DashboardPagesTest, EventsFollowTheRun) {
  ChildProcess cluster = StartCluster();
  ASSERT_TRUE(Await([&] { return Json("/api/v1/status").is_object(); })) << Read(cluster.log_path());
  std::string events;
  httplib::Client client(base_);
  client.set_read_timeout(20);
  client.Get("/api/v1/events", [&events](const char* bytes, size_t size) {
    events.append(bytes, size);
    return events.find("event: status") == events.rfind("event: status");  // Until the second one begins.
  });
  EXPECT_THAT(events, HasSubstr("event: status\ndata: {"));
  const size_t first = events.find("data: ") + 6;
  const nlohmann::json status = nlohmann::json::parse(events.substr(first, events.find('\n', first) - first));
  EXPECT_GE(status["sequence"], 1);
  cluster.Signal(SIGINT);
  Finish(cluster, absl::Seconds(60));
}

TEST_F(DashboardPagesTest, ThePolicyIsShownAndBecomesTheOptimum) {
  ChildProcess cluster = StartCluster();
  nlohmann::json policy;
  const auto same_share = [&policy] {
    for (const nlohmann::json& reference : policy["map"]["references"]) {
      if (reference["name"] == "optimal") return reference["same_share"].get<double>();
    }
    return -1.0;
  };
  ASSERT_TRUE(Await([&] {
    policy = Json("/api/v1/policy");
    return policy.is_object() && policy["views"] >= 1 && same_share() == 1;
  })) << policy
      << Read(cluster.log_path());
  EXPECT_EQ(policy["map"]["rewards"].size(), 100u);
  EXPECT_EQ(policy["map"]["recommended"].size(), 10u);
  EXPECT_EQ(policy["points"]["actor_xy"].size(), 20u);
  EXPECT_EQ(Json("/api/v1/policy?fixed=0")["map"]["rewards"], nullptr);
  nlohmann::json status;
  ASSERT_TRUE(Await([&] {  // Replay is asked once a second.
    status = Json("/api/v1/status");
    return status.is_object() && status["tables"].size() == 1;
  })) << status;
  EXPECT_GE(status["policy_views"], 1);
  EXPECT_GT(status["tables"][0]["rows"], 0);
  EXPECT_EQ(status["tables"][0]["samples_per_insert_target"], status["samples_per_insert_target"]);
  int64_t lags = 0;
  for (const nlohmann::json& count : status["lag_updates"]["counts"]) lags += count.get<int64_t>();
  EXPECT_GT(lags, 0);
  cluster.Signal(SIGINT);
  Finish(cluster, absl::Seconds(60));
}

TEST_F(DashboardPagesTest, ControlsPauseTheRunAndEndIt) {
  // A goal that is not reached before somebody ends the run.
  ChildProcess cluster = StartCluster({"--set=goal.share_of_optimum=0", "--set=goal.max_updates=1000000000"});
  const auto post = [this](const std::string& action, const httplib::Headers& headers = {}) {
    const auto answer =
        httplib::Client(base_).Post("/api/v1/control", headers, "{\"action\": \"" + action + "\"}", "application/json");
    return answer ? answer->status : 0;
  };
  ASSERT_TRUE(Await([&] {
    const nlohmann::json status = Json("/api/v1/status");
    return status.is_object() && status["updates"] > 0 && status["evaluators"] > 0;
  })) << Read(cluster.log_path());
  EXPECT_EQ(post("end", {{"Origin", "http://elsewhere.example"}}), 403);
  EXPECT_EQ(post("pause"), 200);
  ASSERT_TRUE(Await([&] { return Json("/api/v1/status")["paused"] == true; }));
  const int64_t paused_at = Json("/api/v1/status")["updates"];
  const int64_t sequence = Json("/api/v1/status")["sequence"];
  ASSERT_TRUE(Await([&] { return Json("/api/v1/status")["sequence"] >= sequence + 3; })) << "statuses go on";
  EXPECT_EQ(Json("/api/v1/status")["updates"], paused_at);
  EXPECT_EQ(Json("/api/v1/status")["bound_by"], "a pause by hand");
  // The weights of the pause are published and evaluated, whatever was evaluated before.
  EXPECT_EQ(post("evaluate"), 200);
  ASSERT_TRUE(Await([&] {
    return absl::StrContains(Read(dir_ + "/run/evaluations.jsonl"), absl::StrCat("\"updates\":", paused_at, ","));
  }));
  EXPECT_EQ(post("checkpoint"), 200);
  EXPECT_EQ(post("continue"), 200);
  ASSERT_TRUE(Await([&] { return Json("/api/v1/status")["updates"] > paused_at; }));
  EXPECT_EQ(post("end"), 200);
  const testing::Outcome outcome = Finish(cluster, absl::Seconds(60));
  EXPECT_EQ(nlohmann::json::parse(Read(dir_ + "/run/report.json"))["ended_by"], "ended by hand") << outcome.log;
}

}  // namespace
}  // namespace recbots

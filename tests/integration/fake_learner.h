// The pages of a learner whose numbers a test chooses: what commands ask that show a run.
#pragma once

#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"

namespace recbots::testing {

// Serves from construction to destruction.
class FakeLearner {
 public:
  // Port 0 takes a free one. With a token every page wants it.
  explicit FakeLearner(int port = 0, const std::string& token = "") {
    Serve("/api/v1/status", kStatus, token);
    Serve("/api/v1/roles", kRoles, token);
    Serve("/api/v1/series", kSeries, token);
    if (port == 0) {
      port_ = server_.bind_to_any_port("127.0.0.1");
    } else {
      port_ = port;
      EXPECT_TRUE(server_.bind_to_port("127.0.0.1", port));
    }
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    // A server that is stopped before it runs would run for ever.
    for (const Instant end = Instant::Now() + absl::Seconds(60); !server_.is_running() && Instant::Now() < end;) {
      absl::SleepFor(absl::Milliseconds(1));
    }
  }
  ~FakeLearner() {
    server_.stop();
    thread_.join();
  }
  FakeLearner(const FakeLearner&) = delete;
  FakeLearner& operator=(const FakeLearner&) = delete;

  int port() const { return port_; }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  static constexpr char kStatus[] =
      R"({"experiment":"made_up","algorithm":"slate_q","version":"1","doing":"training","goal":{"max_updates":2000,"reached":null},
"references":[{"name":"random","value":1,"value_ci95":0},{"name":"optimum","value":9,"value_ci95":0}],"sequence":5,"evaluations":3,
"new_evaluations":[{"value":7.5,"value_ci95":0.5,"share_of_gap":0.8,"share_of_optimum":0.83}],"env_steps":8000,"updates":1000,
"wall_seconds":60,"device":"cpu","bound_by":"actors","what_to_do":"The learner waits for rows: start more actors.","stalled":null,
"blocked_on":null,"capacity_rows":10000,"samples_per_insert_target":8,"values":{"updates_per_second":123,"lag_updates_p50":4,
"lag_updates_p99":9,"replay_rows":5000,"samples_per_insert":7.9}})";
  static constexpr char kRoles[] =
      R"({"now":"","roles":[{"role":"actor","name":"host/12","state":"joined","doing":"playing","progress":800,"progress_unit":"steps",
"progress_per_second":50,"weights":{"lag_updates":3}},{"role":"evaluator","name":"host/13","state":"lost","doing":"waiting"}]})";
  static constexpr char kSeries[] =
      R"({"x":"env_steps","names":["value"],"series":{"value":{"x":[1000,4000,8000],"mean":[2,5,7.5]}}})";

  void Serve(const std::string& path, const std::string& json, const std::string& token) {
    server_.Get(path, [json, token](const httplib::Request& request, httplib::Response& response) {
      if (!token.empty() && request.get_header_value("Authorization") != "Bearer " + token) {
        response.status = 401;
        return;
      }
      response.set_content(json, "application/json");
    });
  }

  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace recbots::testing

// Every bench of replay and of load runs for a moment, with processes and all, so that none rots. What its figures are
// decides nothing; that they are there, and that no row came out other than it was written, does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "common/base/instant.h"
#include "deploy/cli/cluster/child_process.h"
#include "tests/documents/bench_lines.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

struct Smoke {
  std::string name;
  // Some lines that must be there: "case metric".
  std::vector<std::string> lines;
};

const Smoke kSmokes[] = {
    {"replay/memory", {" copied_megabytes_per_second"}},
    {"replay/table", {"/uniform inserted_rows_per_second", "/prioritized sample_cpu_us_per_row"}},
    {"replay/many_objects", {"/uniform table_insert_speedup", "/prioritized table_sample_cpu_speedup"}},
    {"replay/insert/400B",
     {"/1_writer rows_per_second", "/64_writers server_cpu_us_per_row", "/unix megabytes_per_second",
      "/row_by_row ack_p99_seconds"}},
    {"replay/insert/4kB", {"/4_writers client_cpu_us_per_row"}},
    {"replay/insert/40kB", {"/1_writer wire_bytes_per_row"}},
    {"replay/insert/400kB", {"/unix rows_per_second"}},
    {"replay/insert/recsim", {"/1_writer rows_per_second"}},
    {"replay/flush/400B", {"/tcp ack_p50_seconds", "/unix ack_p99_seconds"}},
    {"replay/flush/4kB", {"/tcp ack_p99_seconds"}},
    {"replay/flush/40kB", {"/tcp ack_p50_seconds", "/unix ack_p50_seconds"}},
    {"replay/sample/uniform", {"/256/4_readers rows_per_second", "/2048/one_in_flight batch_p50_seconds"}},
    {"replay/sample/prioritized", {"/256/1_reader batch_p999_seconds", "/256/unix server_cpu_us_per_row"}},
    {"replay/sample/4kB", {"/256/1_reader rows_per_second"}},
    {"replay/sample/40kB", {"/32/1_reader megabytes_per_second"}},
    {"replay/sample/400kB", {"/4/unix rows_per_second"}},
    {"replay/sample/recsim", {"/256/1_reader rows_per_second"}},
    {"replay/mixed", {"/4_writers learner_batch_p99_seconds", "/64_writers learner_rows_per_second"}},
    {"replay/limiter", {" samples_per_insert", " error_percent"}},
    {"replay/checkpoint",
     {"/full pause_seconds", "/after_a_tenth bytes_written", "/load_with longest_insert_stall_seconds",
      "/restore seconds"}},
    {"replay/churn", {"/plain rss_to_capacity", "/checkpoints rss_beyond_empty_to_capacity"}},
    {"load/writers", {" rows_per_second", " slowest_share_of_mean", " server_bytes_per_writer"}},
    {"load/flood", {"/alone paced_ack_p99_seconds", "/beside_4 paced_ack_p99_seconds"}},
    {"load/stalled_readers", {"/none rows_per_second", "/16 rows_per_second", "/16 server_bytes_per_stalled_reader"}},
    {"load/watchers", {"/1000 server_bytes_per_watcher", "/half_stalled publish_to_last_watcher_seconds"}},
};

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Bench : public ::testing::Test {
 protected:
  Bench() : log_(::testing::TempDir() + "/replay_bench_" + std::to_string(getpid())) {}
  ~Bench() override { std::filesystem::remove(log_); }

  // What `recbots bench` prints, errors and all; its exit code has to be 0.
  std::string Run(const std::vector<std::string>& arguments) {
    ChildOptions options;
    options.name = "recbots";
    options.log_path = log_;
    options.arguments = {std::string(RECBOTS_PROGRAM_DIR) + "/recbots", "bench"};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    auto child = ChildProcess::Start(options);
    EXPECT_TRUE(child.ok()) << child.status();
    EXPECT_TRUE(child->AwaitEnd(Instant::Now() + absl::Minutes(4))) << Contents(log_);
    EXPECT_EQ(child->exit_code(), 0) << Contents(log_);
    return Contents(log_);
  }

  static std::set<std::string> printed_;  // "bench metric" of all lines so far.

 private:
  const std::string log_;
};
std::set<std::string> Bench::printed_;

using ReplayBenchListTest = Bench;
class ReplayBenchTest : public Bench, public ::testing::WithParamInterface<Smoke> {
 protected:
  // Lines that documents name are printed.
  static void TearDownTestSuite() {
    const auto* suite = ::testing::UnitTest::GetInstance()->current_test_suite();
    if (suite->test_to_run_count() < static_cast<int>(std::size(kSmokes))) return;
    for (const char* group : {"replay", "load"}) {
      for (const documents::CodeSpan& line : documents::DocumentedBenchLines(testing::SourceDir(), group)) {
        // On a machine with one processor nothing is pinned.
        const bool is_pinned = line.text.find("/pinned") != std::string::npos;
        EXPECT_TRUE(is_pinned || documents::IsPrinted(line.text, printed_))
            << line.place.ToString() << ": " << line.text;
      }
    }
  }
};

TEST_P(ReplayBenchTest, PrintsItsFigures) {
  const std::string name = GetParam().name;
  std::istringstream output(Run({name, "--window=0.02", "--windows=1", "--seconds=0.2", "--table_bytes=5000000"}));
  std::map<std::string, double> figures;
  for (std::string text; std::getline(output, text);) {
    const auto line = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!line.is_object()) continue;  // A line of the log.
    ASSERT_EQ(line["bench"].get<std::string>().rfind(name, 0), 0U) << text;
    const double value = line["value"].get<double>();
    EXPECT_TRUE(std::isfinite(value) && value >= 0) << text;
    EXPECT_THAT(line["better"].get<std::string>(), ::testing::AnyOf("higher", "lower"));
    for (const char* field : {"unit", "processor", "arch", "left_out"}) {
      EXPECT_FALSE(line[field].get<std::string>().empty()) << field << " of " << text;
    }
    EXPECT_TRUE(std::isfinite(line["cores_used"].get<double>())) << text;
    printed_.insert(line["bench"].get<std::string>() + " " + line["metric"].get<std::string>());
    figures[line["bench"].get<std::string>().substr(name.size()) + " " + line["metric"].get<std::string>()] = value;
  }
  for (const std::string& wanted : GetParam().lines) {
    ASSERT_EQ(figures.count(wanted), 1U) << name << wanted;
    EXPECT_TRUE(figures[wanted] > 0 || wanted == " error_percent") << name << wanted;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ReplayBenchTest, ::testing::ValuesIn(kSmokes), [](const auto& smoke) {
  std::string name = smoke.param.name;
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
});

// A bench that is not among those above would go unseen.
TEST_F(ReplayBenchListTest, HasEveryBenchAbove) {
  for (const std::string group : {"replay", "load"}) {
    std::string names;
    for (const Smoke& smoke : kSmokes) {
      if (smoke.name.rfind(group + "/", 0) == 0) names += smoke.name + "\n";
    }
    EXPECT_EQ(Run({group, "--list"}), names);
  }
}

}  // namespace
}  // namespace recbots

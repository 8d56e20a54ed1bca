#include "deploy/cli/reproduce/job_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "common/base/instant.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

class JobQueueTest : public ::testing::Test {
 protected:
  JobQueueTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ = ::testing::TempDir() + "/job_queue_" + info->name() + "_" + std::to_string(getpid());
    std::filesystem::create_directories(dir_);
  }
  ~JobQueueTest() override { std::filesystem::remove_all(dir_); }

  // A job that does what a shell says, in the test's directory.
  Job Shell(const std::string& name, const std::string& script, double cost = 1) const {
    return {name, {"/bin/sh", "-c", "cd " + dir_ + "; " + script}, dir_ + "/" + name + ".log", cost, false};
  }
  bool Exists(const std::string& name) const { return std::filesystem::exists(dir_ + "/" + name); }
  std::string Read(const std::string& name) const {
    std::ifstream file(dir_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Never stops; a job that hangs fails the test by its time limit.
  static bool Run(JobQueue& queue, std::map<size_t, JobEnd>& ends) {
    return queue.Run([] { return false; }, [&](const JobEnd& end) { ends[end.job] = end; });
  }

  std::string dir_;
};

TEST_F(JobQueueTest, RunsAllAndTellsOfEach) {
  std::vector<Job> jobs;
  for (int i = 0; i < 7; ++i) jobs.push_back(Shell("job" + std::to_string(i), "exit " + std::to_string(i % 2)));
  JobQueue queue(jobs, 3);
  EXPECT_LT(queue.SecondsLeft(), 0);
  std::map<size_t, JobEnd> ends;
  EXPECT_TRUE(Run(queue, ends));
  ASSERT_EQ(ends.size(), 7u);
  for (const auto& [job, end] : ends) EXPECT_EQ(end.exit_code, static_cast<int>(job % 2));
  EXPECT_EQ(queue.SecondsLeft(), 0);
}

TEST_F(JobQueueTest, AFailedOneIsNamedWithItsLastLinesAndTheOthersGoOn) {
  JobQueue queue({Shell("bad", "for i in 1 2 3 4 5 6 7; do echo line $i; done; echo broken >&2; exit 3"),
                  Shell("good", "touch good"),
                  {"none", {dir_ + "/no-such-program"}, dir_ + "/none.log", 1, false},
                  {"no-log", {"/bin/true"}, dir_ + "/no/such/folder.log", 1, false}},
                 1);
  std::map<size_t, JobEnd> ends;
  EXPECT_TRUE(Run(queue, ends));
  EXPECT_EQ(ends[0].exit_code, 3);
  EXPECT_EQ(ends[0].log_excerpt, "line 4\nline 5\nline 6\nline 7\nbroken");
  EXPECT_EQ(ends[1].exit_code, 0);
  EXPECT_EQ(ends[1].log_excerpt, "");
  EXPECT_TRUE(Exists("good"));
  EXPECT_EQ(ends[2].exit_code, 127);
  EXPECT_EQ(ends[3].exit_code, 127);
  EXPECT_THAT(ends[3].log_excerpt, HasSubstr("folder.log"));
}

TEST_F(JobQueueTest, CostlyOnesStartFirstAndThoseAloneComeLast) {
  std::vector<Job> jobs = {Shell("a", "echo a >> order"), Shell("b", "echo b >> order", 5),
                           Shell("c", "echo c >> order"), Shell("d", "echo d >> order", 9)};
  jobs[3].alone = true;
  JobQueue queue(jobs, 1);
  std::map<size_t, JobEnd> ends;
  EXPECT_TRUE(Run(queue, ends));
  EXPECT_EQ(Read("order"), "b\na\nc\nd\n");
}

// Each waits for what only the other makes; the one alone finds neither at work.
TEST_F(JobQueueTest, RunsSoManyAtATimeAndOneAloneBesideNothing) {
  const auto meet = [](const std::string& own, const std::string& other) {
    return "touch " + own + "; until [ -e " + other + " ]; do sleep 0.01; done; sleep 0.05; touch " + own + ".done";
  };
  std::vector<Job> jobs = {Shell("alone", "[ -e a.done ] && [ -e b.done ]"), Shell("a", meet("a", "b")),
                           Shell("b", meet("b", "a"))};
  jobs[0].alone = true;
  JobQueue queue(jobs, 2);
  std::map<size_t, JobEnd> ends;
  EXPECT_TRUE(Run(queue, ends));
  for (const auto& [job, end] : ends) EXPECT_EQ(end.exit_code, 0) << jobs[job].name;
}

TEST_F(JobQueueTest, AStopEndsThoseThatRunAndStartsNoOther) {
  const std::string wait = "trap 'touch told; exit 1' TERM; touch up; while :; do sleep 0.01; done";
  JobQueue queue({Shell("one", wait), Shell("next", "touch next")}, 1);
  int ends = 0;
  EXPECT_FALSE(queue.Run([this] { return Exists("up"); }, [&](const JobEnd&) { ++ends; }));
  EXPECT_EQ(ends, 0);
  EXPECT_TRUE(Exists("told"));
  EXPECT_FALSE(Exists("next"));
}

TEST_F(JobQueueTest, WhoDoesNotEndIsKilled) {
  JobQueue queue({Shell("deaf", "trap '' TERM; touch up; while :; do sleep 0.01; done")}, 1);
  const Instant start = Instant::Now();
  EXPECT_FALSE(queue.Run([this] { return Exists("up"); }, [](const JobEnd&) {}, absl::Milliseconds(100)));
  EXPECT_LT(Instant::Now() - start, absl::Seconds(30));
}

}  // namespace
}  // namespace recbots

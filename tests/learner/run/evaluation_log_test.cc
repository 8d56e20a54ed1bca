#include "learner/run/evaluation_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/learner/run/make_evaluation.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using testing::AddReferences;
using testing::MakeEvaluation;

std::string NewDirectory(const std::string& name) {
  const std::string path = ::testing::TempDir() + "/evaluation_log_" + name;
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

std::vector<nlohmann::json> Lines(const std::string& directory) {
  std::ifstream file(directory + "/evaluations.jsonl");
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(EvaluationLogTest, EachEvaluationIsALineAtOnce) {
  const std::string directory = NewDirectory("lines");
  EvaluationLog log(directory);
  EXPECT_TRUE(Lines(directory).empty());
  v1::Evaluation first = MakeEvaluation(1, 4, /*optimum=*/8);
  first.set_value_ci95(0.5);
  log.Append(first, 1.25);
  ASSERT_EQ(Lines(directory).size(), 1u);
  EXPECT_EQ(Lines(directory)[0], nlohmann::json({{"env_steps", 100},
                                                 {"updates", 20},
                                                 {"wall_seconds", 1.25},
                                                 {"value", 4.0},
                                                 {"value_ci95", 0.5},
                                                 {"share_of_gap", nullptr},
                                                 {"share_of_optimum", 0.5}}));
  v1::Evaluation second = MakeEvaluation(2, 5);
  second.clear_optimum();
  AddReferences({{"random", 3}, {"best", 7}}, second);
  log.Append(second, 2.5);
  ASSERT_EQ(Lines(directory).size(), 2u);
  EXPECT_EQ(Lines(directory)[1]["share_of_gap"], 0.5);
  EXPECT_TRUE(Lines(directory)[1]["share_of_optimum"].is_null());
}

// What a checkpoint notes of the curve must not cut off what is there.
TEST(EvaluationLogTest, KnowsItsBytesAlsoAfterTheDiskWasFull) {
  const testing::TempFolder folder;
  EvaluationLog log(folder.path());
  log.Append(MakeEvaluation(1, 5), 1);
  const int64_t bytes = log.bytes();
  EXPECT_GT(bytes, 0);
  {
    const testing::FileSizeLimit full(static_cast<rlim_t>(bytes) + 3);
    log.Append(MakeEvaluation(2, 5), 2);
  }
  EXPECT_FALSE(log.status().ok());
  EXPECT_EQ(log.bytes(), bytes);
  EvaluationLog next(folder.path(), bytes);
  EXPECT_EQ(next.bytes(), bytes);
  next.Append(MakeEvaluation(2, 5), 2);
  EXPECT_EQ(next.bytes(), 2 * bytes);
}

TEST(EvaluationLogTest, BeginsAnew) {
  const std::string directory = NewDirectory("anew");
  EvaluationLog(directory).Append(MakeEvaluation(1, 4), 1);
  EXPECT_EQ(Lines(directory).size(), 1u);
  const EvaluationLog log(directory);
  EXPECT_TRUE(Lines(directory).empty()) << "the curve of an earlier run is not that of this one";
}

TEST(EvaluationLogTest, WithoutADirectoryNothingIsWritten) {
  EvaluationLog log("");
  log.Append(MakeEvaluation(1, 4), 1);
  EXPECT_FALSE(std::filesystem::exists("/evaluations.jsonl"));
}

TEST(EvaluationLogTest, ABrokenDiskIsSaidOnceAndEndsNothing) {
  ::testing::internal::CaptureStderr();
  EvaluationLog nowhere("/no/such/directory");
  nowhere.Append(MakeEvaluation(1, 4), 1);
  nowhere.Append(MakeEvaluation(2, 4), 2);
  const std::string said = ::testing::internal::GetCapturedStderr();
  const size_t first = said.find("/no/such/directory/evaluations.jsonl");
  EXPECT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("evaluations.jsonl", first + 40), std::string::npos) << said;
}

TEST(EvaluationLogTest, AFullDiskIsSaidOnceAndEndsNothing) {
  const std::string directory = NewDirectory("full");
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  std::filesystem::create_symlink("/dev/full", directory + "/evaluations.jsonl");
  ::testing::internal::CaptureStderr();
  EvaluationLog log(directory);
  for (int64_t version = 1; version < 4; ++version) log.Append(MakeEvaluation(version, 4), 1);
  const std::string said = ::testing::internal::GetCapturedStderr();
  const size_t first = said.find("evaluations.jsonl");
  EXPECT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("evaluations.jsonl", first + 1), std::string::npos) << said;
}

}  // namespace
}  // namespace recbots

#include "common/config/config.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "common/base/thread.h"
#include "common/config/config_file.h"

namespace recbots {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kGood[] = "environment { document_browsing {} } algorithm { wolpertinger {} }";

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

std::string Message(const absl::StatusOr<v1::ExperimentConfig>& result) {
  return std::string(result.status().message());
}

TEST(LoadTest, ReadsAppliesOverridesInOrderAndValidates) {
  const std::string path = WriteFile("good.textproto", std::string("# a run\nseed: 9\n") + kGood);
  const auto config = LoadExperimentConfig(path, {"learner.batch_size=16", "learner.batch_size=64"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->seed(), 9u);
  EXPECT_EQ(config->learner().batch_size(), 64);
  EXPECT_THAT(Message(LoadExperimentConfig(path, {"learner.batch_size=0"})), HasSubstr("learner.batch_size 0"));
  EXPECT_THAT(Message(LoadExperimentConfig(path, {"learner.batch_sizes=1"})), HasSubstr("did you mean 'batch_size'"));
}

TEST(LoadTest, FilesThatCannotBeReadAreNotFound) {
  const std::pair<std::string, std::string> cases[] = {{"/no/such/file.textproto", "No such file"},
                                                       {::testing::TempDir(), "it is a folder"}};
  for (const auto& [path, why] : cases) {
    const auto config = LoadExperimentConfig(path, {});
    EXPECT_EQ(config.status().code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(Message(config), AllOf(HasSubstr(path), HasSubstr(why)));
  }
}

TEST(LoadTest, ErrorsOfTheFileNameFileAndLine) {
  const struct {
    std::string text;
    std::string words;
  } cases[] = {
      {"seed: 1\n\nlearner {\n  batch_sise: 3\n}", ":4:"},
      {"seed: 1\n\nlearner {\n  batch_sise: 3\n}", "did you mean 'batch_size'?"},
      {"seed: 1\nlerner { }", "did you mean 'learner'?"},
      {"seed: -1", ":1:"},
      {"seed: \"x\"", "integer"},
      {"learner { batch_size: 3000000000 }", "out of range"},
      {"algorithm { wolpertinger { search_space: ROUND } }", "ROUND"},
      {"seed: 1\nseed: 2", ":2:"},
      {"learner {", ":1:"},
      {std::string("\0\x01\xff", 3), ":1:"},
  };
  for (const auto& c : cases) {
    const std::string path = WriteFile("wrong.textproto", c.text);
    const auto config = LoadExperimentConfig(path, {});
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_THAT(Message(config), HasSubstr("wrong.textproto:")) << c.text;
    EXPECT_THAT(Message(config), HasSubstr(c.words)) << c.text;
  }
}

TEST(LoadTest, AFileWithoutSettingsIsNamed) {
  for (const std::string text : {"", "# Nothing but a comment.\n", "\xEF\xBB\xBF"}) {
    EXPECT_THAT(Message(LoadExperimentConfig(WriteFile("empty.textproto", text), {})),
                AllOf(HasSubstr("empty.textproto has no settings"), HasSubstr("no scenario")));
  }
  const std::vector<std::string> all = {"environment.known_q.slate_size=1"};
  EXPECT_TRUE(LoadExperimentConfig(WriteFile("empty.textproto", ""), all).ok());
}

TEST(LoadTest, AByteOrderMarkIsTakenAsEditorsWriteIt) {
  const auto config = LoadExperimentConfig(WriteFile("mark.textproto", std::string("\xEF\xBB\xBF") + kGood), {});
  ASSERT_TRUE(config.ok()) << config.status();
  const auto wrong = LoadExperimentConfig(WriteFile("mark.textproto", "\xEF\xBB\xBFseed: x"), {});
  EXPECT_THAT(Message(wrong), HasSubstr("mark.textproto:1:7: ")) << "columns count from behind the mark";
}

TEST(LoadTest, WhatIsNoTextSaysSo) {
  const struct {
    std::string text;
    std::string words;
  } cases[] = {
      {std::string("seed: 1\n\0", 9), "wrong.textproto:2: a NUL byte"},
      {std::string("\xFF\xFEs\0e\0e\0d\0", 10), "UTF-16"},
      {std::string("\xFE\xFF\0s\0e\0e\0d", 10), "UTF-16"},
      {std::string(kMaxConfigBytes + 1, ' '), "more than 67108864 bytes"},
  };
  for (const auto& c : cases) {
    const auto config = LoadExperimentConfig(WriteFile("wrong.textproto", c.text), {});
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(Message(config), HasSubstr(c.words));
  }
  EXPECT_THAT(Message(LoadExperimentConfig("/dev/zero", {})), HasSubstr("more than"));
}

TEST(LoadTest, ReadsAPipe) {
  const std::string path = ::testing::TempDir() + "/pipe.textproto";
  std::filesystem::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  Thread writer("writer", [&path] { std::ofstream(path) << kGood; });
  EXPECT_TRUE(LoadExperimentConfig(path, {}).ok());
}

TEST(LoadTest, NamesThatBecomeFoldersAndLinesAreChecked) {
  const std::string path = WriteFile("named.textproto", kGood);
  for (const std::string name : {"", ".", "..", ".hidden", "../../x", "a/b", "a\nb", "a\tb", "\x7F", "\xFF", "\xC2\x85",
                                 "\xC0\xAF", "\xE2\x82", "\xED\xA0\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_THAT(Message(LoadExperimentConfig(path, {"name=" + name})),
                AllOf(HasSubstr("name \""), HasSubstr("want 1..100 bytes of UTF-8 without '/'")))
        << name;
  }
  EXPECT_THAT(Message(LoadExperimentConfig(path, {"name=" + std::string(101, 'x')})), HasSubstr("of 101 bytes"));
  for (const std::string name : {"browse 2", "a..b", "M\xC3\xBCnchen", "\xE2\x82\xAC", "\xF0\x9F\x99\x82", "x=y"}) {
    EXPECT_TRUE(LoadExperimentConfig(path, {"name=" + name}).ok()) << name;
  }
}

TEST(LoadTest, MatrixFilesAreRelativeToWhereTheyAreNamed) {
  const std::string path =
      WriteFile("matrix.textproto",
                "environment { document_browsing { matrix_file: \"sub/../w.json\" } } algorithm { wolpertinger {} }");
  const auto from_file = LoadExperimentConfig(path, {});
  ASSERT_TRUE(from_file.ok()) << from_file.status();
  EXPECT_EQ(from_file->environment().document_browsing().matrix_file(),
            (std::filesystem::path(::testing::TempDir()) / "w.json").lexically_normal().string());
  const auto from_override = LoadExperimentConfig(path, {"environment.document_browsing.matrix_file=v.json"});
  ASSERT_TRUE(from_override.ok()) << from_override.status();
  EXPECT_EQ(from_override->environment().document_browsing().matrix_file(),
            (std::filesystem::current_path() / "v.json").string());
  const auto absolute = LoadExperimentConfig(path, {"environment.document_browsing.matrix_file=/x/v.json"});
  ASSERT_TRUE(absolute.ok());
  EXPECT_EQ(absolute->environment().document_browsing().matrix_file(), "/x/v.json");
}

TEST(PrintTest, WhatIsPrintedReadsBackTheSame) {
  const std::string path = WriteFile("print.textproto", kGood);
  const auto config = LoadExperimentConfig(
      path, {"name=a name with \"quotes\" \\ and \xC3\xA9", "actor.policy_share_min=0.1",
             "learner.status_seconds=0.123456789012", "environment.document_browsing.num_documents=2",
             "environment.document_browsing.acceptance=0.1,0.2,1,0", "algorithm.wolpertinger.k=2",
             "algorithm.wolpertinger.actor_objective=CLIMB_CRITIC"});
  ASSERT_TRUE(config.ok()) << config.status();
  const auto again = LoadExperimentConfig(WriteFile("again.textproto", PrintExperimentConfig(*config)), {});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(MessageDifferencer::Equals(*config, *again)) << PrintExperimentConfig(*again);
}

}  // namespace
}  // namespace recbots

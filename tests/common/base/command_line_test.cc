#include "common/base/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<FlagSpec> kFlags = {
    {"set", "FIELD=VALUE", "override", ""}, {"run_dir", "DIR", "folder", "runs"}, {"keep", "", "go on", ""}};

TEST(CommandLineTest, KeepsEveryValueAndThePositions) {
  const auto line = CommandLine::Parse({"a.textproto", "--set=x=1,2", "--set", "y=3", "--keep", "b"}, kFlags);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(line->values("set"), ElementsAre("x=1,2", "y=3"));
  EXPECT_EQ(line->value("set"), "y=3");
  EXPECT_THAT(line->positional(), ElementsAre("a.textproto", "b"));
  EXPECT_TRUE(line->has("keep"));
  EXPECT_FALSE(line->has("run_dir"));
  EXPECT_EQ(line->value("run_dir"), "runs");
}

TEST(CommandLineTest, TakesDashesForUnderscoresAndStopsAtTwoDashes) {
  const auto line = CommandLine::Parse({"--run-dir=d", "--", "--keep"}, kFlags);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->value("run_dir"), "d");
  EXPECT_FALSE(line->has("keep"));
  EXPECT_THAT(line->positional(), ElementsAre("--keep"));
}

TEST(CommandLineTest, RefusesWhatItDoesNotKnow) {
  const auto unknown = CommandLine::Parse({"--sett=1"}, kFlags).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.message()), AllOf(HasSubstr("--sett"), HasSubstr("--run_dir")));
  EXPECT_FALSE(CommandLine::Parse({"--run_dir"}, kFlags).ok());
  EXPECT_FALSE(CommandLine::Parse({"--keep=yes"}, kFlags).ok());
}

TEST(CommandLineTest, ReadsNumbersWithinTheirBounds) {
  const std::vector<FlagSpec> specs = {{"n", "N", "", "5"}, {"x", "X", "", "0.5"}};
  const auto whole = [&](const std::string& text) {
    return CommandLine::Parse({"--n=" + text}, specs)->WholeNumber("n", 1, int64_t{1} << 60);
  };
  EXPECT_EQ(*whole("20000"), 20000);
  EXPECT_EQ(*whole("1e6"), 1000000);
  EXPECT_EQ(*whole("1152921504606846975"), (int64_t{1} << 60) - 1) << "not rounded to a double";
  EXPECT_EQ(*CommandLine::Parse({}, specs)->WholeNumber("n", 1, 9), 5) << "the default";
  for (const char* wrong : {"0", "-1", "1.5", "", "x", "1e30", "nan", "inf", "2305843009213693952"}) {
    const absl::Status status = whole(wrong).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wrong;
    EXPECT_EQ(status.message(), "--n '" + std::string(wrong) + "', want 1..1152921504606846976");
  }
  const auto number = [&](const std::string& text) {
    return CommandLine::Parse({"--x=" + text}, specs)->Number("x", 0, 60);
  };
  EXPECT_EQ(*number("0.25"), 0.25);
  EXPECT_EQ(*number("60"), 60);
  for (const char* wrong : {"-0.1", "61", "nan", "", "1s"}) {
    EXPECT_EQ(number(wrong).status().message(), "--x '" + std::string(wrong) + "', want 0..60");
  }
}

TEST(CommandLineTest, ADashAndAnHIsHelp) {
  const std::vector<FlagSpec> flags = {{"help", "", "this text", ""}, {"run_dir", "DIR", "folder", ""}};
  const auto line = CommandLine::Parse({"-h"}, flags);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_TRUE(line->has("help"));
  EXPECT_TRUE(line->positional().empty());
  EXPECT_EQ(CommandLine::Parse({"-h"}, kFlags).status().message(),
            "unknown flag -h, want one of: --set, --run_dir, --keep");
}

TEST(CommandLineTest, OtherFlagsOfOneDashAreUnknown) {
  for (const std::string wrong : {"-set", "-k", "-1", "-run_dir=x"}) {
    EXPECT_EQ(CommandLine::Parse({wrong}, kFlags).status().message(),
              "unknown flag " + wrong + ", want one of: --set, --run_dir, --keep");
  }
  const auto line = CommandLine::Parse({"-", "--run_dir", "-1", "--", "-k"}, kFlags);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(line->positional(), ElementsAre("-", "-k"));
  EXPECT_EQ(line->value("run_dir"), "-1");
}

// As they are: no list is read into a value, and an empty value is one.
TEST(CommandLineTest, TakesEveryValueAsItIs) {
  const auto line = CommandLine::Parse({"[a,b]", "--set=[1,2]", "--set=", "--set", "", "--set=--keep", "--set", "--",
                                        "++", "=", "x=y", "--run_dir={}", "", "--", "--", "--run_dir="},
                                       kFlags);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(line->values("set"), ElementsAre("[1,2]", "", "", "--keep", "--"));
  EXPECT_EQ(line->value("run_dir"), "{}");
  EXPECT_FALSE(line->has("keep"));
  EXPECT_THAT(line->positional(), ElementsAre("[a,b]", "++", "=", "x=y", "", "--", "--run_dir="));
}

TEST(CommandLineTest, SaysWhichValueIsMissingOrUnwanted) {
  EXPECT_EQ(CommandLine::Parse({"--run-dir"}, kFlags).status().message(), "--run_dir wants a value: --run_dir=DIR");
  for (const std::string wrong : {"--keep=yes", "--keep=", "--keep=true"}) {
    EXPECT_EQ(CommandLine::Parse({wrong}, kFlags).status().message(), "--keep takes no value, got '" + wrong + "'");
  }
}

int RunCaptured(const CommandSyntax& syntax, const std::vector<std::string>& arguments, std::string* output,
                std::string* errors) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = RunCommand(syntax, arguments, [](const CommandLine&) { return 77; });
  *output = ::testing::internal::GetCapturedStdout();
  *errors = ::testing::internal::GetCapturedStderr();
  return code;
}

TEST(CommandLineTest, ACommandRunsWithWhatItWantsAndNothingElse) {
  const CommandSyntax one{"recbots play CONFIG [flags]", kFlags, 1, "configurations"};
  std::string output, errors;
  EXPECT_EQ(RunCaptured(one, {"a", "--keep"}, &output, &errors), 77);
  EXPECT_EQ(output + errors, "");
  EXPECT_EQ(RunCaptured(one, {"--help", "a", "b"}, &output, &errors), 0);
  EXPECT_THAT(output, AllOf(HasSubstr("usage: recbots play CONFIG [flags]\n"), HasSubstr("  --run_dir=DIR "),
                            HasSubstr("folder (default runs)"), HasSubstr("  --help ")));
  EXPECT_EQ(errors, "");
  for (const auto& [arguments, says] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{}, "0 configurations given, want 1: recbots play CONFIG [flags]"},
           {{"a", "b"}, "2 configurations given, want 1"},
           {{"a", "--nonsense"}, "unknown flag --nonsense, want one of: --set, --run_dir, --keep, --help"}}) {
    EXPECT_EQ(RunCaptured(one, arguments, &output, &errors), 2) << says;
    EXPECT_EQ(output, "");
    EXPECT_THAT(errors, HasSubstr(says));
  }
  EXPECT_EQ(RunCaptured({"recbots version", {}}, {"now"}, &output, &errors), 2);
  EXPECT_EQ(errors, "recbots: unexpected argument 'now'\n");
  EXPECT_EQ(RunCaptured({"recbots bench", {}, CommandSyntax::kAnyNumber}, {"a", "b"}, &output, &errors), 77);
}

}  // namespace
}  // namespace recbots

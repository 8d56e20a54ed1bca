// `recbots check`, and what travels in messages or in shared memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "actor/external/conformance.h"
#include "common/rl/step_buffer.h"
#include "tests/actor/external/external_support.h"

namespace recbots {
namespace {

using ::recbots::testing::MakeWorld;
using ::recbots::testing::WorldOptions;
using ::testing::HasSubstr;

// What is found, "" for each promise that is kept.
std::vector<std::string> Troubles(const ExternalOptions& options) {
  const auto findings = ExamineEnvironment(options, {.steps = 60, .users = 6}, {});
  EXPECT_TRUE(findings.ok()) << findings.status();
  std::vector<std::string> troubles;
  for (const ConformanceFinding& finding : *findings) {
    troubles.push_back(finding.trouble.empty() ? "" : finding.promise + ": " + finding.trouble);
  }
  return troubles;
}

TEST(ExternalConformanceTest, FindsNothingWhereAllIsWell) {
  EXPECT_THAT(Troubles(WorldOptions("good")), ::testing::Each(""));
  EXPECT_EQ(Troubles(WorldOptions("good")).size(), 6u);
}

TEST(ExternalConformanceTest, FindsNothingWithoutSharedMemory) {
  ExternalOptions options = WorldOptions("good");
  options.shared_memory = false;
  EXPECT_THAT(Troubles(options), ::testing::Each(""));
}

TEST(ExternalConformanceTest, FindsUsersThatAreAllTheSame) {
  const std::vector<std::string> troubles = Troubles(WorldOptions("same"));
  EXPECT_THAT(troubles, ::testing::Contains(HasSubstr("different streams are different users: all 6 users")));
  EXPECT_THAT(troubles, ::testing::Contains(HasSubstr("different seeds are different users: seeds 1 and 2")));
}

TEST(ExternalConformanceTest, FindsUsersThatDependOnTheOthers) {
  EXPECT_THAT(
      Troubles(WorldOptions("generator")),
      ::testing::Contains(HasSubstr("a user's episodes are the same for any number of users: observation, value 3")));
}

TEST(ExternalConformanceTest, FindsColumnsThatAreWrong) {
  EXPECT_THAT(Troubles(WorldOptions("nan")),
              ::testing::ElementsAre(HasSubstr("columns, rewards and flags are what they must be: the program")));
}

TEST(ExternalConformanceTest, DescribesTheProgramWhateverTheConfigurationSays) {
  ExternalOptions options = WorldOptions("good");
  const ExternalSpecOptions want = options.spec;
  options.spec = {};
  const auto spec = DescribeEnvironmentOf(options, {});
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(SpecDifference(*spec, want), "");
}

TEST(ExternalTransportTest, MessagesAndSharedMemoryCarryTheSame) {
  ExternalOptions in_messages = WorldOptions("good");
  in_messages.shared_memory = false;
  const auto one = MakeWorld(WorldOptions("good"));
  const auto other = MakeWorld(in_messages);
  const auto a = one->MakeEnvironment(16, 5);
  const auto b = other->MakeEnvironment(16, 5);
  StepBuffer x(one->spec(), 16);
  StepBuffer y(one->spec(), 16);
  x.Reset(*a);
  y.Reset(*b);
  int ended = 0;
  for (int t = 0; t < 100; ++t) {
    EXPECT_EQ(x.observation, y.observation);
    EXPECT_EQ(x.candidates, y.candidates);
    for (size_t i = 0; i < x.slates.size(); ++i) x.slates[i] = y.slates[i] = static_cast<int32_t>((i + i / 2) % 4);
    ASSERT_TRUE(x.Step(*a).ok());
    ASSERT_TRUE(y.Step(*b).ok());
    EXPECT_EQ(x.response, y.response);
    EXPECT_EQ(x.reward, y.reward);
    EXPECT_EQ(x.terminated, y.terminated);
    EXPECT_EQ(x.truncated, y.truncated);
    EXPECT_EQ(x.next_observation, y.next_observation);
    EXPECT_EQ(x.next_candidates, y.next_candidates);
    for (size_t i = 0; i < 16; ++i) {
      // The world notes each user's slate in the response, and who it is in the observation.
      EXPECT_EQ(x.response[i * 4 + 1], static_cast<float>(x.slates[i * 2]));
      EXPECT_EQ(x.next_observation[i * 4 + 2], x.observation[i * 4 + 2] + 1)
          << "the step, also where the episode ended";
      ended += x.terminated[i] + x.truncated[i];
    }
    x.Advance();
    y.Advance();
  }
  EXPECT_GT(ended, 100);
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return recbots::testing::HasNumPy() ? RUN_ALL_TESTS() : recbots::testing::kSkipped;
}

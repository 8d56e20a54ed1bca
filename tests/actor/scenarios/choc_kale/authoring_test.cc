// docs/authoring.md shows the code that is compiled: its blocks are the files', and what it says is so.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "actor/client/make_scenario.h"
#include "actor/recsim/model_scenario.h"
#include "actor/scenarios/choc_kale/model.h"
#include "common/config/config.h"
#include "common/rl/step_buffer.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

std::string ReadSource(const std::string& path) {
  std::ifstream file(testing::SourceDir() + "/" + path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Block {
  std::string language;
  std::string text;
};

// The fenced blocks of a page.
std::vector<Block> BlocksOf(const std::string& page) {
  const std::string fence = "```";
  std::vector<Block> blocks;
  for (size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at)) {
    const size_t line_end = page.find('\n', at);
    const size_t end = page.find("\n" + fence, line_end);
    if (end == std::string::npos) {
      ADD_FAILURE() << "a block is not closed";
      return blocks;
    }
    blocks.push_back({page.substr(at + fence.size(), line_end - at - fence.size()),
                      end == line_end ? "" : page.substr(line_end + 1, end - line_end)});
    at = end + 1 + fence.size();
  }
  return blocks;
}

std::string WithoutEmptyLines(const std::string& text) {
  std::string left;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) left += text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return left;
}

TEST(AuthoringGuideTest, ShowsTheWholeScenarioInOrder) {
  const std::string header = ReadSource("actor/scenarios/choc_kale/model.h");
  std::string together;
  for (const Block& block : BlocksOf(ReadSource("docs/authoring.md"))) {
    if (block.language != "cpp") continue;
    EXPECT_NE(header.find(block.text), std::string::npos) << "not in the header:\n" << block.text;
    together += block.text;
  }
  EXPECT_EQ(WithoutEmptyLines(together), WithoutEmptyLines(header));
}

TEST(AuthoringGuideTest, ItsOtherBlocksAreInTheirFiles) {
  const std::string proto = ReadSource("proto/recbots/v1/config.proto");
  const std::string config = ReadSource("deploy/config/choc_kale.textproto");
  const std::string others =
      ReadSource("actor/client/scenarios.h") + ReadSource("tests/actor/scenarios/choc_kale/authoring_test.cc");
  int protos = 0, configs = 0, snippets = 0;
  for (const Block& block : BlocksOf(ReadSource("docs/authoring.md"))) {
    SCOPED_TRACE(block.text);
    if (block.language == "proto") {
      ++protos;
      EXPECT_NE(proto.find(block.text), std::string::npos);
    } else if (block.language == "textproto") {
      ++configs;
      EXPECT_NE(config.find(block.text), std::string::npos);
    } else if (block.language == "c++") {
      ++snippets;
      EXPECT_NE(others.find(block.text), std::string::npos);
    } else {
      EXPECT_TRUE(block.language == "cpp" || block.language == "sh" || block.language == "text") << block.language;
    }
  }
  EXPECT_EQ(protos, 2);
  EXPECT_EQ(configs, 1);
  EXPECT_EQ(snippets, 3);
}

TEST(AuthoringGuideTest, TheShippedConfigurationRuns) {
  const auto config = LoadExperimentConfig(testing::SourceDir() + "/deploy/config/choc_kale.textproto", {});
  ASSERT_TRUE(config.ok()) << config.status();
  const auto scenario = MakeScenario(config->environment(), config->seed());
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ((*scenario)->spec().name, "choc_kale");
  std::vector<std::string> names;
  for (const ReferencePolicy& policy : (*scenario)->MakeReferencePolicies()) names.push_back(policy.name);
  EXPECT_EQ(names, (std::vector<std::string>{"random", "kale", "myopic", "look_ahead"}));
}

TEST(AuthoringGuideTest, SettingsThatAreNotGivenHaveTheDefaultsOfTheStruct) {
  v1::EnvironmentConfig given;
  given.mutable_choc_kale()->set_slate_size(11);
  EXPECT_EQ(MakeScenario(given, 1).status().message(), "environment.choc_kale.slate_size 11, want 1..10");
}

// Satisfied users are offered healthier documents.
class PersonalChocKaleModel : public ChocKaleModel {
 public:
  using ChocKaleModel::ChocKaleModel;

  Document SampleDocument(const User& user, Rng& draws) const {
    return {.kaleness = std::pow(draws.Uniform(), 2 * (1 - user.satisfaction))};
  }
};

TEST(AuthoringGuideTest, CandidatesMayDependOnTheUser) {
  constexpr int kUsers = 2000;
  ChocKaleOptions options;
  options.sensitivity = 1;  // First satisfactions between 1 / (1 + e^5) and 1 / (1 + e^-5).
  options.observation_stddev = 0;
  const auto scenario = ModelScenario<PersonalChocKaleModel>::Create(options, /*seed=*/1).value();
  const auto environment = scenario->MakeEnvironment(kUsers, 0);
  StepBuffer buffer(scenario->spec(), kUsers);
  buffer.Reset(*environment);
  double satisfied = 0, dissatisfied = 0;
  for (size_t i = 0; i < kUsers; ++i) {
    const float* candidates = &buffer.candidates[10 * i];
    for (size_t j = 0; j < 10; ++j) {
      // u^(2 (1 - s)) has the mean 1 / (3 - 2 s).
      const double excess =
          static_cast<double>(candidates[j]) - 1 / (3 - 2 * static_cast<double>(buffer.observation[i]));
      (buffer.observation[i] > 0.5f ? satisfied : dissatisfied) += excess;
    }
  }
  // 20,000 numbers of standard deviation below 0.3.
  EXPECT_NEAR(satisfied / (10 * kUsers), 0, 5 * 0.3 / std::sqrt(10.0 * kUsers));
  EXPECT_NEAR(dissatisfied / (10 * kUsers), 0, 5 * 0.3 / std::sqrt(10.0 * kUsers));
  const auto session = ModelScenario<PersonalChocKaleModel>::Create(options, /*seed=*/1, /*users_per_session=*/2);
  EXPECT_EQ(session.status().message(), "users_per_session 2, want 1 (the candidates of choc_kale depend on the user)");
}

}  // namespace
}  // namespace recbots

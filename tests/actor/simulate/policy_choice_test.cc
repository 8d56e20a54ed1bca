#include "actor/simulate/policy_choice.h"

#include <gmock/gmock.h>

#include "tests/actor/simulate/fake_videos.h"

namespace recbots {
namespace {

using testing::AnyLengthPolicy;
using testing::MakeFakeVideos;

AgentCatalogue Agents() {
  return {{"any_length", "random"}, [](const std::string& name) -> absl::StatusOr<std::unique_ptr<Policy>> {
            if (name == "random") return absl::InternalError("the scenario's comes first");
            return std::make_unique<AnyLengthPolicy>(2);
          }};
}

TEST(ChoosePolicyTest, ReferencesComeFirst) {
  const auto scenario = MakeFakeVideos();
  const AgentCatalogue agents = Agents();
  EXPECT_EQ(ReferenceNames(*scenario), std::vector<std::string>{"random"});
  const auto choice = ChoosePolicy(*scenario, agents, "random");
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_TRUE(choice->is_reference);
  const auto first = choice->make();
  const auto second = choice->make();
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first->get(), second->get());
}

TEST(ChoosePolicyTest, FindsAgents) {
  const auto scenario = MakeFakeVideos();
  const AgentCatalogue agents = Agents();
  const auto choice = ChoosePolicy(*scenario, agents, "any_length");
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_FALSE(choice->is_reference);
  ASSERT_TRUE(choice->make().ok());
}

TEST(ChoosePolicyTest, NamesAllForAnUnknownOne) {
  const auto scenario = MakeFakeVideos();
  const AgentCatalogue agents = Agents();
  const auto choice = ChoosePolicy(*scenario, agents, "rnadom");
  EXPECT_EQ(choice.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(choice.status().message(),
            "policy 'rnadom', want a reference of fake_videos (random) or an agent (any_length, random)");
  EXPECT_EQ(ChoosePolicy(*scenario, {}, "").status().message(), "policy '', want a reference of fake_videos (random)");
}

}  // namespace
}  // namespace recbots

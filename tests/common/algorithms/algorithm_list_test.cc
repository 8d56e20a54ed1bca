#include "common/algorithms/algorithm_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/algorithms/make_policy.h"

namespace recbots {
namespace {

using ::testing::UnorderedElementsAreArray;

TEST(AlgorithmListTest, HasEachAlgorithmOfTheConfigurationOnce) {
  std::vector<std::string> fields;
  const auto* oneof = v1::AlgorithmConfig::descriptor()->FindOneofByName("algorithm");
  for (int i = 0; i < oneof->field_count(); ++i) fields.push_back(oneof->field(i)->name());
  EXPECT_THAT(AlgorithmNames(), UnorderedElementsAreArray(fields)) << "common/algorithms/algorithm_list.h";
}

TEST(AlgorithmListTest, FindsTheRowThatIsChosen) {
  const auto number = [](const v1::AlgorithmConfig& config) {
    const auto transitions = OfChosen(config, [](auto row) { return row.Transitions; });
    return transitions == nullptr ? -1.0 : transitions(config).discount;
  };
  v1::AlgorithmConfig config;
  EXPECT_EQ(number(config), -1);
  config.mutable_wolpertinger()->set_discount(0.25);
  EXPECT_EQ(number(config), 0.25);
  config.mutable_dqn()->mutable_q()->set_discount(0.5);
  EXPECT_EQ(number(config), 0.5);
}

TEST(AlgorithmListTest, NamesAllWhereNoneIsChosen) {
  const absl::Status status = MakePolicy({}, {}, 1, 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const std::string& name : AlgorithmNames()) {
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(name));
  }
}

}  // namespace
}  // namespace recbots

// Every setting of a scenario is said twice: in its Options and, for people, in the message of the configuration.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "actor/client/scenarios.h"
#include "actor/recsim/history.h"
#include "recbots/v1/config.pb.h"
#include "tests/support/compare_settings.h"

namespace recbots {
namespace {

TEST(ScenarioSettingsTest, AreThoseOfTheMessages) {
  std::set<std::string> compared;
  ForEachScenario([&compared]<typename Model>(const RegisteredScenario<Model>& scenario) {
    compared.insert(scenario.name);
    const google::protobuf::FieldDescriptor* const field =
        v1::EnvironmentConfig::descriptor()->FindFieldByName(scenario.name);
    ASSERT_NE(field, nullptr) << scenario.name;
    testing::Compare<typename Model::Options>(*field->message_type());
  });
  std::set<std::string> scenarios;
  const auto& choice = *v1::EnvironmentConfig::descriptor()->FindOneofByName("scenario");
  for (int i = 0; i < choice.field_count(); ++i) scenarios.insert(choice.field(i)->name());
  EXPECT_EQ(compared, scenarios);
}

TEST(ScenarioSettingsTest, OfHistoriesAreThoseOfTheMessage) {
  testing::Compare<HistoryOptions>(*v1::HistoryConfig::descriptor());
}

}  // namespace
}  // namespace recbots

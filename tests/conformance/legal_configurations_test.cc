// Configurations drawn at random within the ranges that config.proto declares: each is refused in words, or is played
// by all references, agents and a policy of every algorithm. No setting that is let in may end the program.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "actor/client/make_scenario.h"
#include "common/base/random.h"
#include "common/config/validate.h"
#include "common/inference/make_policy.h"
#include "common/policies/feedback.h"
#include "common/policies/make_agent.h"

namespace recbots {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kConfigurations = 60;  // Of each scenario.
constexpr int kUsers = 6;            // Of sessions of 1, 2 or 3.
constexpr int kSteps = 12;

// What a program that ends is to say.
std::string current_configuration;

void SayConfiguration(int) {
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, current_configuration.data(), current_configuration.size());
}

class Draw {
 public:
  explicit Draw(uint32_t stream) : rng_(/*seed=*/2026, Purpose::kTest, {.stream = stream}) {}

  bool Chance(double probability) { return rng_.Uniform() < probability; }
  int Index(size_t size) { return static_cast<int>(rng_.Index(static_cast<uint32_t>(size))); }
  // Within the bounds of a field, which are often hit.
  double Number(const FieldDescriptor& field) {
    const auto& options = field.options();
    const double min = options.HasExtension(v1::min) ? options.GetExtension(v1::min) : -10;
    const double max = options.HasExtension(v1::max) ? options.GetExtension(v1::max) : 10;
    if (Chance(0.15)) return min;
    if (Chance(0.15)) return max;
    // Near the lower bound as often as anywhere.
    return Chance(0.5) ? rng_.Uniform(min, max) : min + (max - min) * std::pow(rng_.Uniform(), 12);
  }
  // Sizes stay small: what large ones take is no matter of this test.
  int Size(const FieldDescriptor& field) {
    const auto min = static_cast<int>(field.options().GetExtension(v1::min));
    return min + Index(12);
  }

  // Sets some of the fields, and those of messages within.
  void Fill(Message& message) {
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *message.GetDescriptor()->field(i);
      if (field.is_repeated() || field.containing_oneof() != nullptr || !Chance(0.3)) continue;
      switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
          reflection.SetInt32(&message, &field, IsSize(field) ? Size(field) : static_cast<int>(Number(field)));
          break;
        case FieldDescriptor::CPPTYPE_DOUBLE:
          reflection.SetDouble(&message, &field, Number(field));
          break;
        case FieldDescriptor::CPPTYPE_BOOL:
          reflection.SetBool(&message, &field, Chance(0.5));
          break;
        case FieldDescriptor::CPPTYPE_ENUM:
          reflection.SetEnumValue(&message, &field,
                                  field.enum_type()->value(Index(field.enum_type()->value_count()))->number());
          break;
        case FieldDescriptor::CPPTYPE_MESSAGE:
          Fill(*reflection.MutableMessage(&message, &field));
          break;
        default:
          break;
      }
    }
  }

 private:
  // Of something that is made or gone through whole.
  static bool IsSize(const FieldDescriptor& field) {
    const std::string& name = field.name();
    return absl::StartsWith(name, "num_") || absl::EndsWith(name, "_size") || absl::EndsWith(name, "_units") ||
           name == "length" || name == "clock" || name == "k" || name == "max_episode_steps" || name == "time_budget";
  }

  Rng rng_;
};

// A one-of member of the message, by index.
Message& Choose(Message& message, int index) {
  const FieldDescriptor* const field = message.GetDescriptor()->oneof_decl(0)->field(index);
  return *message.GetReflection()->MutableMessage(&message, field);
}

int NumChoices(const Message& message) { return message.GetDescriptor()->oneof_decl(0)->field_count(); }

void ExpectPlays(const Scenario& scenario, Policy& policy) {
  const std::unique_ptr<Environment> environment = scenario.MakeEnvironment(kUsers, /*first_stream=*/0);
  StepBuffer step(scenario.spec(), kUsers);
  step.Reset(*environment);
  for (int i = 0; i < kSteps; ++i) {
    policy.Act({step.observation, environment->positions(), step.candidates},
               {absl::MakeSpan(step.slates), absl::MakeSpan(step.behaviour_probability),
                absl::MakeSpan(step.position_probability)});
    const absl::Status status = StepAndObserve(*environment, policy, step);
    ASSERT_TRUE(status.ok()) << status;
    step.Advance();
  }
}

// Agents with layers of any size, and with settings as they come.
void PlayAgents(const Scenario& scenario, Draw& draw, int& played) {
  for (const std::string& name : AgentNames()) {
    AgentOptions options;
    for (const std::string& setting : AgentSettingNames(name)) {
      if (!draw.Chance(0.3)) continue;
      const char* const values[] = {"0",    "0.5", "1",         "3",         "1e6", "1e300",
                                    "true", "-1",  "min_count", "lower_arm", "inf"};
      SetAgentOption(options, absl::StrCat(setting, "=", values[draw.Index(std::size(values))])).IgnoreError();
    }
    for (const auto& [key, value] : options.settings) absl::StrAppend(&current_configuration, key, "=", value, " ");
    absl::StrAppend(&current_configuration, name, "\n");
    const auto agent = MakeAgent(name, scenario.spec(), options);
    if (!agent.ok()) {
      EXPECT_EQ(agent.status().code(), absl::StatusCode::kInvalidArgument) << agent.status();
      continue;
    }
    ExpectPlays(scenario, **agent);
    ++played;
  }
}

void PlayAlgorithms(const Scenario& scenario, Draw& draw, int& played) {
  for (int i = 0; i < NumChoices(v1::AlgorithmConfig()); ++i) {
    v1::AlgorithmConfig config;
    draw.Fill(Choose(config, i));
    if (!CheckRanges(config, "algorithm").ok()) continue;
    absl::StrAppend(&current_configuration, config.DebugString());
    const auto policy = MakePolicy(config, scenario.spec(), kUsers, /*seed=*/1);
    if (!policy.ok()) {
      EXPECT_EQ(policy.status().code(), absl::StatusCode::kInvalidArgument) << policy.status();
      continue;
    }
    ExpectPlays(scenario, **policy);
    ++played;
  }
}

class LegalConfigurationsTest : public ::testing::TestWithParam<int> {
 protected:
  LegalConfigurationsTest() { signal(SIGABRT, SayConfiguration); }
  ~LegalConfigurationsTest() override { signal(SIGABRT, SIG_DFL); }
};

TEST_P(LegalConfigurationsTest, ArePlayedOrRefused) {
  int made = 0, played = 0;
  for (uint32_t i = 0; i < kConfigurations; ++i) {
    Draw draw(static_cast<uint32_t>(GetParam()) * kConfigurations + i);
    v1::EnvironmentConfig config;
    config.set_users_per_session(1 + draw.Index(3));
    draw.Fill(Choose(config, GetParam()));
    if (draw.Chance(0.5)) draw.Fill(*config.mutable_history());
    if (draw.Chance(0.3)) config.mutable_history()->add_trace_decay(draw.Chance(0.5) ? 1 : 0.5);
    if (!CheckRanges(config, "environment").ok()) continue;
    current_configuration = config.DebugString();
    SCOPED_TRACE(current_configuration);
    const auto scenario = MakeScenario(config, /*seed=*/i);
    if (!scenario.ok()) {
      ASSERT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument) << scenario.status();
      continue;
    }
    ++made;
    int asked = 0;
    const absl::Status known = (*scenario)->Prepare(Scenario::Known::kReferences, [&asked] { return ++asked > 20000; });
    ASSERT_TRUE(known.ok() || absl::IsCancelled(known)) << known;
    if (known.ok()) {
      for (const ReferencePolicy& reference : (*scenario)->MakeReferencePolicies()) {
        absl::StrAppend(&current_configuration, reference.name, "\n");
        ExpectPlays(**scenario, *reference.policy);
      }
    }
    PlayAgents(**scenario, draw, played);
    PlayAlgorithms(**scenario, draw, played);
    if (HasFatalFailure()) return;
  }
  std::printf("%d configurations made, %d policies played\n", made, played);
  EXPECT_GT(made, 3);
  EXPECT_GT(played, made);
}

INSTANTIATE_TEST_SUITE_P(All, LegalConfigurationsTest, ::testing::Range(0, NumChoices(v1::EnvironmentConfig())),
                         [](const auto& test) {
                           return v1::EnvironmentConfig::descriptor()->oneof_decl(0)->field(test.param)->name();
                         });

}  // namespace
}  // namespace recbots

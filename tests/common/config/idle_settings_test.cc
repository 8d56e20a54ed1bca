// Settings that would do nothing: refused where they are given by hand, with what keeps them idle.
#include "common/config/idle_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "common/config/config.h"

namespace recbots {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

std::string WriteFile(const std::string& text) {
  const std::string path = ::testing::TempDir() + "/idle.textproto";
  std::ofstream(path) << text;
  return path;
}

struct Case {
  std::string file;     // Parts of an experiment besides its scenario, where that is document_browsing.
  std::string setting;  // Does nothing.
  std::string says;     // How its refusal ends.
  std::string with;     // Another setting, with which it counts.
};

const Case kCases[] = {
    {"", "learner.priority_offset=1", "with replay.table.sampler UNIFORM, want PRIORITIZED",
     "replay.table.sampler=PRIORITIZED"},
    {"", "learner.importance_exponent=1", "with replay.table.sampler UNIFORM, want PRIORITIZED",
     "replay.table.sampler=PRIORITIZED"},
    {"", "replay.table.priority_exponent=1", "with replay.table.sampler UNIFORM, want PRIORITIZED",
     "replay.table.sampler=PRIORITIZED"},
    {"replay { more_tables { name: \"more\" } }", "replay.more_tables[0].priority_exponent=1",
     "with replay.more_tables[0].sampler UNIFORM, want PRIORITIZED", "replay.more_tables[0].sampler=PRIORITIZED"},
    {"", "replay.table.rate_limiter.queue_size=100", "with replay.table.rate_limiter.kind RATIO, want QUEUE", ""},
    {"replay { table { max_times_sampled: 1 rate_limiter { kind: QUEUE } } }", "replay.table.rate_limiter.min_size=9",
     "with replay.table.rate_limiter.kind QUEUE, want RATIO", ""},
    {"replay { table { max_times_sampled: 1 rate_limiter { kind: QUEUE } } }", "replay.table.remover=REMOVE_NEWEST",
     "with replay.table.rate_limiter.kind QUEUE, where nothing makes room; want RATIO", ""},
    {"replay { table { rate_limiter { samples_per_insert: 0 } } }", "replay.table.rate_limiter.error_buffer=5000",
     "with replay.table.rate_limiter.samples_per_insert 0, want a ratio",
     "replay.table.rate_limiter.samples_per_insert=4"},
    {"algorithm { dqn { q { target_update_period: 50 } } }", "algorithm.dqn.q.tau=0.1",
     "with algorithm.dqn.q.target_update_period 50, want 0", "algorithm.dqn.q.target_update_period=0"},
    {"algorithm { slate_q {} }", "algorithm.slate_q.click_model.held_out=0.1",
     "with algorithm.slate_q.click_model.learned false, want true", "algorithm.slate_q.click_model.learned=true"},
    {"algorithm { wolpertinger {} }", "algorithm.wolpertinger.target_noise_clip=1",
     "with algorithm.wolpertinger.target_noise 0, want more", "algorithm.wolpertinger.target_noise=0.1"},
    {"algorithm { dqn {} }", "algorithm.optimizer.decay_steps=100",
     "with algorithm.optimizer.schedule CONSTANT, want LINEAR or COSINE", "algorithm.optimizer.schedule=LINEAR"},
    {"algorithm { dqn {} }", "algorithm.optimizer.final_share=0.1",
     "with algorithm.optimizer.schedule CONSTANT, want LINEAR or COSINE", ""},
    {"algorithm { dqn {} network { hidden_layers: 32 } }", "algorithm.dqn.q.second_hidden_units=8",
     "with algorithm.network.hidden_layers of 1 layers, want none", "algorithm.network="},
    {"algorithm { wolpertinger {} network { hidden_layers: [ 32, 16 ] } }", "algorithm.wolpertinger.hidden_units=8",
     "with algorithm.network.hidden_layers of 2 layers, want none", "algorithm.network="},
    {"algorithm { slate_q { proposal {} click_model { learned: true } } network { hidden_layers: 32 } }",
     "algorithm.slate_q.proposal.hidden_units=8", "with algorithm.network.hidden_layers of 1 layers, want none", ""},
    {"algorithm { slate_q { proposal {} click_model { learned: true } } network { hidden_layers: 32 } }",
     "algorithm.slate_q.click_model.hidden_units=8", "with algorithm.network.hidden_layers of 1 layers, want none", ""},
    {"algorithm { dqn {} }", "algorithm.dqn.q.value_atoms=9",
     "with algorithm.dqn.q.value_head SCALAR, want QUANTILE or TWO_HOT", "algorithm.dqn.q.value_head=QUANTILE"},
    {"algorithm { dqn { q { value_head: QUANTILE } } }", "algorithm.dqn.q.value_range=9",
     "with algorithm.dqn.q.value_head QUANTILE, want TWO_HOT", "algorithm.dqn.q.value_head=TWO_HOT"},
    {"algorithm { dqn { q { value_head: TWO_HOT } } }", "algorithm.dqn.q.huber_delta=1",
     "with algorithm.dqn.q.value_head TWO_HOT, want SCALAR or QUANTILE", "algorithm.dqn.q.value_head=SCALAR"},
    {"", "actor.policy_share_spread=8",
     "with actor.policy_share_min and policy_share_max both 0.2, want them to differ", "actor.policy_share_max=0.9"},
    {"", "goal.evaluations=1", "with goal.share_of_optimum and share_of_gap both 0, want one of them to be a goal",
     "goal.share_of_gap=0.5"},
    {"", "environment.history.trace_scale=10", "with environment.history.trace_decay of no numbers, want at least one",
     "environment.history.trace_decay=0.9"},
    {"", "environment.history.remember_user=true", "with environment.history.length 0, want more",
     "environment.history.length=2"},
    {"agents { tabular_q { exploration: MIN_COUNT } }", "agents.tabular_q.exploration_temperature=0.5",
     "with agents.tabular_q.exploration MIN_COUNT, want EPSILON_GREEDY", "agents.tabular_q.exploration=EPSILON_GREEDY"},
    {"agents { tabular_q { eval_mode: true } }", "agents.tabular_q.learning_rate=0.5",
     "with agents.tabular_q.eval_mode true, want false", "agents.tabular_q.eval_mode=false"},
};

TEST(IdleSettingsTest, AreRefusedByHandAndStandInAFile) {
  for (const Case& c : kCases) {
    const std::string path = WriteFile("environment { document_browsing {} } " + c.file);
    const auto refused = LoadExperimentConfig(path, {c.setting});
    const std::string name = c.setting.substr(0, c.setting.find('='));
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr("--set " + name + " has no effect with "));
    EXPECT_THAT(std::string(refused.status().message()), EndsWith(c.says));
    v1::ExperimentConfig config = LoadExperimentConfig(path, {}).value();
    ASSERT_TRUE(ApplyOverride(c.setting, config).ok()) << c.setting;
    const auto in_file = LoadExperimentConfig(WriteFile(PrintExperimentConfig(config)), {});
    EXPECT_TRUE(in_file.ok()) << c.setting << ": " << in_file.status();
    if (c.with.empty()) continue;
    const auto counts = LoadExperimentConfig(path, {c.setting, c.with});
    EXPECT_TRUE(counts.ok()) << c.setting << ": " << counts.status();
  }
}

TEST(IdleSettingsTest, TheVideosOfTheOtherSampler) {
  const std::string path = WriteFile("environment { interest_evolution {} }");
  EXPECT_THAT(
      std::string(LoadExperimentConfig(path, {"environment.interest_evolution.video_quality=2"}).status().message()),
      EndsWith("with environment.interest_evolution.video_sampler CLUSTER_VIDEOS, want UNIFORM_VIDEOS"));
  EXPECT_TRUE(LoadExperimentConfig(path, {"environment.interest_evolution.video_quality=2",
                                          "environment.interest_evolution.video_sampler=UNIFORM_VIDEOS"})
                  .ok());
}

TEST(IdleSettingsTest, WhatALaterOverrideTookAwayIsNotLookedAt) {
  const std::string path = WriteFile("environment { document_browsing {} } algorithm { slate_q {} }");
  const auto config = LoadExperimentConfig(path, {"algorithm.slate_q.click_model.held_out=0.1", "algorithm.dqn={}"});
  EXPECT_TRUE(config.ok()) << config.status();
}

}  // namespace
}  // namespace recbots

#include "common/config/config_fields.h"

#include <gtest/gtest.h>

#include "common/config/config.h"

namespace recbots {
namespace {

v1::ExperimentConfig With(const std::vector<std::string>& overrides) {
  v1::ExperimentConfig config;
  config.mutable_environment()->mutable_document_browsing();
  config.mutable_algorithm()->mutable_wolpertinger();
  for (const std::string& text : overrides) EXPECT_TRUE(ApplyOverride(text, config).ok()) << text;
  return config;
}

TEST(RunDifferenceTest, NamesTheSettingsThatDiffer) {
  EXPECT_EQ(RunDifference(With({}), With({})), "");
  EXPECT_EQ(RunDifference(With({"seed=2"}), With({"actor.users=32"})),
            "actor.users: 64 there, 32 here; seed: 2 there, 1 here");
  EXPECT_EQ(RunDifference(With({}), With({"seed=1", "algorithm.wolpertinger.k=5"})), "") << "defaults, written out";
}

TEST(RunDifferenceTest, WhatMayChangeMayChange) {
  EXPECT_EQ(RunDifference(With({}), With({"goal.max_updates=7", "learner.status_seconds=2", "evaluator.episodes=9",
                                          "actor.max_steps_per_second=10", "learner.publish_updates=3",
                                          "learner.checkpoint.interval_seconds=1", "replay.checkpoint.keep=2"})),
            "");
}

TEST(RunDifferenceTest, AnotherAlgorithmIsManyFieldsOfWhichSixAreNamed) {
  v1::ExperimentConfig other = With({});
  other.mutable_algorithm()->mutable_slate_q();
  const std::string difference = RunDifference(With({}), other);
  EXPECT_EQ(difference.find("algorithm: wolpertinger there, slate_q here; algorithm.slate_q."), 0u) << difference;
  EXPECT_NE(difference.find("; and "), std::string::npos) << difference;
}

TEST(RunDifferenceTest, TablesOfAListAreComparedOneByOne) {
  v1::ExperimentConfig two = With({});
  two.mutable_replay()->add_more_tables()->set_name("second");
  EXPECT_NE(RunDifference(With({}), two).find("replay.more_tables[0].capacity_bytes: not given there, "),
            std::string::npos);
}

}  // namespace
}  // namespace recbots

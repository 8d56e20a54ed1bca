// Which versions of the weights are evaluated, and that an evaluation is of the weights that were given.
#include "actor/loop/weights_evaluator.h"

#include <gtest/gtest.h>

#include <memory>

#include "actor/client/make_scenario.h"
#include "common/algorithms/make_algorithm.h"
#include "common/config/config.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

v1::WeightsHeader Version(uint64_t incarnation, int64_t version, int64_t updates) {
  v1::WeightsHeader header;
  header.set_incarnation(incarnation);
  header.set_version(version);
  header.set_updates(updates);
  return header;
}

class WeightsEvaluatorTest : public ::testing::Test {
 protected:
  std::string WeightsOf(uint64_t seed) const {
    return (*MakeAlgorithm(config_.algorithm(), scenario_->spec(), {.seed = seed}))->EncodeWeights();
  }

  bool stop_ = false;
  const v1::ExperimentConfig config_ =
      LoadExperimentConfig(testing::SourceDir() + "/deploy/config/browse.textproto", {"evaluator.every_updates=50"})
          .value();
  const std::unique_ptr<Scenario> scenario_ = *MakeTrainingScenario(config_);
  const std::unique_ptr<WeightsEvaluator> evaluator_ =
      *WeightsEvaluator::Create(config_, *scenario_, [this] { return stop_; });
};

TEST_F(WeightsEvaluatorTest, EvaluatesTheWeightsGivenBesideTheReferences) {
  ASSERT_TRUE(evaluator_->EvaluateReferences().ok());
  const v1::Evaluation one = evaluator_->Evaluate(Version(7, 1, 0), WeightsOf(1)).value();
  const v1::Evaluation two = evaluator_->Evaluate(Version(7, 2, 60), WeightsOf(2)).value();
  EXPECT_EQ(two.weights_version(), 2);
  EXPECT_EQ(two.incarnation(), 7u);
  EXPECT_EQ(two.updates(), 60);
  EXPECT_NE(one.value(), two.value());
  EXPECT_EQ(two.references_size(), 3);
  EXPECT_LE(two.value(), two.optimum());
  EXPECT_EQ(evaluator_->Evaluate(Version(7, 3, 61), WeightsOf(1))->value(), one.value());
}

TEST_F(WeightsEvaluatorTest, AVersionIsDueWhenEnoughUpdatesWereMadeOrTheLearnerIsAnother) {
  EXPECT_TRUE(evaluator_->Due(Version(7, 1, 0)));
  EXPECT_FALSE(evaluator_->Evaluated(Version(7, 1, 0)));
  ASSERT_TRUE(evaluator_->Evaluate(Version(7, 1, 100), WeightsOf(1)).ok());
  EXPECT_TRUE(evaluator_->Evaluated(Version(7, 1, 100)));
  EXPECT_TRUE(evaluator_->Evaluated(Version(7, 2, 100))) << "the same weights under another number";
  EXPECT_FALSE(evaluator_->Evaluated(Version(8, 1, 100)));
  EXPECT_FALSE(evaluator_->Due(Version(7, 2, 149)));
  EXPECT_TRUE(evaluator_->Due(Version(7, 2, 150)));
  EXPECT_TRUE(evaluator_->Due(Version(8, 1, 0)));
}

TEST_F(WeightsEvaluatorTest, AVersionIsDueWhenSomebodyHasAskedForAnEvaluation) {
  ASSERT_TRUE(evaluator_->Evaluate(Version(7, 1, 100), WeightsOf(1)).ok());
  v1::WeightsHeader asked = Version(7, 2, 101);
  asked.set_evaluations_asked(1);
  EXPECT_TRUE(evaluator_->Due(asked));
  ASSERT_TRUE(evaluator_->Evaluate(asked, WeightsOf(2)).ok());
  v1::WeightsHeader later = Version(7, 3, 102);
  later.set_evaluations_asked(1);
  EXPECT_FALSE(evaluator_->Due(later)) << "once for each time that somebody asks";
}

TEST_F(WeightsEvaluatorTest, WhatWasNotEvaluatedIsStillDue) {
  EXPECT_TRUE(absl::IsInvalidArgument(evaluator_->Evaluate(Version(7, 1, 0), "no weights").status()));
  EXPECT_TRUE(evaluator_->Due(Version(7, 1, 0)));
  EXPECT_FALSE(evaluator_->Evaluated(Version(7, 1, 0)));
}

TEST_F(WeightsEvaluatorTest, StopsWhileTheReferencesAreMeasured) {
  stop_ = true;
  v1::ExperimentConfig played = config_;
  played.mutable_evaluator()->set_exact(false);
  const auto evaluator = WeightsEvaluator::Create(played, *scenario_, [this] { return stop_; });
  EXPECT_TRUE(absl::IsCancelled((*evaluator)->EvaluateReferences()));
  EXPECT_TRUE((*evaluator)->references().empty());
}

}  // namespace
}  // namespace recbots

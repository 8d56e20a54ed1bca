#include "learner/run/result_text.h"

#include <gtest/gtest.h>

#include "tests/learner/run/make_evaluation.h"

namespace recbots {
namespace {

using testing::AddReferences;
using testing::MakeEvaluation;

v1::Evaluation OfVideos() {
  v1::Evaluation evaluation = MakeEvaluation(1, 266.1234);
  evaluation.clear_optimum();
  evaluation.set_value_ci95(0.4119);
  evaluation.set_random_value(160.5);
  AddReferences({{"random", 160.5}, {"myopic", 167.8}, {"fractional", 280.1}}, evaluation);
  return evaluation;
}

TEST(ResultTextTest, TheShareOfTheOptimumGoesFirstWhereItIsKnown) {
  v1::Evaluation evaluation = MakeEvaluation(1, 8.91, /*optimum=*/9);
  EXPECT_EQ(ShortResult(evaluation), "value 8.91 = 99.0 % of optimum (random 1.00)");
  EXPECT_EQ(FullResult(evaluation), "99.00 % of the optimum (value 8.910, random 1.000, optimum 9.000)");
  AddReferences({{"random", 1}, {"row_argmax", 7}, {"optimal", 9}}, evaluation);
  EXPECT_EQ(ShortResult(evaluation), "value 8.91 = 99.0 % of optimum (random 1.00)");
  EXPECT_EQ(FullResult(evaluation),
            "99.00 % of the optimum, 98.88 % of the gap (value 8.910, random 1.000, row_argmax 7.000, optimum 9.000)");
  evaluation.set_value_ci95(0.05);
  EXPECT_EQ(ShortResult(evaluation), "value 8.91 +- 0.05 = 99.0 % of optimum (random 1.00)");
}

TEST(ResultTextTest, OtherwiseTheShareOfTheGapWithTheReferencesByName) {
  EXPECT_EQ(ShortResult(OfVideos()),
            "value 266.1 +- 0.4 = 88.3 % of the gap from random 160.5 to fractional 280.1 (myopic 167.8)");
  EXPECT_EQ(FullResult(OfVideos()),
            "value 266.123 +- 0.412 = 88.31 % of the gap from random 160.500 to fractional 280.100 (myopic 167.800)");
}

TEST(ResultTextTest, SaysWhatThereIsWhereTheReferencesHaveNoGap) {
  v1::Evaluation evaluation = OfVideos();
  evaluation.mutable_references(2)->set_value(100);
  EXPECT_EQ(ShortResult(evaluation), "value 266.1 +- 0.4 (random 160.5)");
  EXPECT_EQ(FullResult(evaluation), "value 266.123 +- 0.412, random 160.500, myopic 167.800, fractional 100.000");
  evaluation.clear_references();
  EXPECT_EQ(FullResult(evaluation), "value 266.123 +- 0.412, random 160.500");
}

TEST(ResultTextTest, AnOptimumThatHasNoSharesIsToldAsAValue) {
  v1::Evaluation evaluation = MakeEvaluation(1, -4, /*optimum=*/-2);
  evaluation.set_random_value(-6);
  EXPECT_EQ(ShortResult(evaluation), "value -4.00 (random -6.00)");
  EXPECT_EQ(FullResult(evaluation), "value -4.000, random -6.000, optimum -2.000");
  AddReferences({{"random", -6}, {"optimal", -2}}, evaluation);
  EXPECT_EQ(ShortResult(evaluation), "value -4.00 = 50.0 % of the gap from random -6.00 to optimal -2.00");
  EXPECT_EQ(FullResult(evaluation), "value -4.000 = 50.00 % of the gap from random -6.000 to optimal -2.000");
}

}  // namespace
}  // namespace recbots

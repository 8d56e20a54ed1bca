// What takes long to compute exactly asks whether to stop, often enough, and what was cut short counts for nothing.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "actor/recsim/history_scenario.h"
#include "actor/recsim/model_scenario.h"
#include "actor/scenarios/document_browsing/acceptance_matrix.h"
#include "actor/scenarios/document_browsing/model.h"
#include "actor/scenarios/interest_exploration/model.h"
#include "actor/scenarios/long_term_satisfaction/exact_values.h"
#include "actor/scenarios/long_term_satisfaction/model.h"

namespace recbots {
namespace {

using Known = Scenario::Known;

// Says yes from the `at`-th time on that it is asked.
class StopAt {
 public:
  explicit StopAt(int64_t at) : at_(at) {}
  StopQuestion question() {
    return [this] { return ++asked_ >= at_; };
  }
  int64_t asked() const { return asked_; }

 private:
  const int64_t at_;
  int64_t asked_ = 0;
};

constexpr int64_t kNever = int64_t{1} << 62;

// Sessions that only the step limit ends, and a limit that takes a minute or more to iterate over.
DocumentBrowsingOptions EndlessBrowsing() {
  DocumentBrowsingOptions options;
  options.num_documents = 300;
  options.exit_probability_accepted = options.exit_probability_refused = 0;
  options.max_episode_steps = DocumentBrowsingOptions::kMaxSteps;
  options.acceptance = GenerateAcceptance(options.num_documents, 0.5, 0.5, /*seed=*/3);
  return options;
}

DocumentBrowsingOptions ShortBrowsing() {
  DocumentBrowsingOptions options = EndlessBrowsing();
  options.max_episode_steps = 20;
  return options;
}

LongTermSatisfactionOptions ShortSatisfaction() {
  LongTermSatisfactionOptions options;
  options.time_budget = 6;
  return options;
}

std::unique_ptr<Scenario> Satisfaction(const LongTermSatisfactionOptions& options) {
  return ModelScenario<LongTermSatisfactionModel>::Create(options, /*seed=*/1).value();
}

// Told to stop at any of the first questions, or in the middle, the scenario says so; asked again without one it knows
// what a scenario knows that was never stopped.
void ExpectStops(const std::function<std::unique_ptr<Scenario>()>& make, Known what) {
  const std::unique_ptr<Scenario> undisturbed = make();
  StopAt never(kNever);
  ASSERT_TRUE(undisturbed->Prepare(what, never.question()).ok());
  ASSERT_GT(never.asked(), 5);
  const std::unique_ptr<Scenario> scenario = make();
  for (const int64_t at : {int64_t{1}, int64_t{2}, int64_t{3}, never.asked() / 2, never.asked()}) {
    StopAt stop(at);
    const std::unique_ptr<Scenario> stopped = make();
    EXPECT_EQ(stopped->Prepare(what, stop.question()).code(), absl::StatusCode::kCancelled) << at;
    // Nothing long comes between the answer and the end.
    EXPECT_LE(stop.asked(), at + 50) << at;
    EXPECT_EQ(stopped->OptimalValue(), undisturbed->OptimalValue()) << at;
    EXPECT_EQ(stopped->RandomValue(), undisturbed->RandomValue()) << at;
  }
  // What is known is not computed again.
  StopAt again(1);
  EXPECT_TRUE(undisturbed->Prepare(what, again.question()).ok());
  EXPECT_EQ(again.asked(), 0);
}

TEST(PrepareTest, DocumentBrowsingStops) {
  ExpectStops([] { return ModelScenario<DocumentBrowsingModel>::Create(ShortBrowsing(), 1).value(); }, Known::kValues);
}

TEST(PrepareTest, DocumentBrowsingStopsWhereItWouldTakeLong) {
  const auto scenario = ModelScenario<DocumentBrowsingModel>::Create(EndlessBrowsing(), 1).value();
  StopAt soon(1000);
  EXPECT_EQ(scenario->Prepare(Known::kReferences, soon.question()).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(soon.asked(), 1000);
  StopAt exact(1000);
  EXPECT_EQ(scenario->ExactValue(std::vector<int32_t>(300), exact.question()).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(exact.asked(), 1000);
}

TEST(PrepareTest, LongTermSatisfactionStops) {
  const auto make = [] { return Satisfaction(ShortSatisfaction()); };
  ExpectStops(make, Known::kValues);
  ExpectStops(make, Known::kReferences);
}

// Between two questions lies one exposure of one step: some hundredths of a step.
TEST(PrepareTest, LongTermSatisfactionAsksWithinEveryStep) {
  StopAt never(kNever);
  const LongTermSatisfactionOptions options = ShortSatisfaction();
  ASSERT_TRUE(Satisfaction(options)->Prepare(Known::kValues, never.question()).ok());
  const int64_t inductions = 2;  // Optimum and random play.
  EXPECT_GT(never.asked(), inductions * 50 * EpisodeSteps(options));
}

// The search among all slates of a long list of clickbait is one step and takes seconds.
TEST(PrepareTest, TheBestOfManyPlacesAsksAsWell) {
  std::vector<double> q(4000);
  for (size_t i = 0; i < q.size(); ++i) q[i] = static_cast<double>(i * 2654435761 % 4099);
  StopAt soon(10);
  ExpectedBest(q, 5, soon.question());
  EXPECT_EQ(soon.asked(), 10);
}

TEST(PrepareTest, InterestExplorationStops) {
  const auto make = [] {
    return ModelScenario<InterestExplorationModel>::Create(InterestExplorationOptions{}, /*seed=*/1).value();
  };
  ExpectStops(make, Known::kValues);
}

TEST(PrepareTest, AHistoryPassesTheQuestionOn) {
  const auto scenario =
      HistoryScenario::Create(ModelScenario<DocumentBrowsingModel>::Create(EndlessBrowsing(), 1).value(), {.clock = 3})
          .value();
  StopAt soon(5);
  EXPECT_EQ(scenario->Prepare(Known::kValues, soon.question()).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(soon.asked(), 5);
}

}  // namespace
}  // namespace recbots

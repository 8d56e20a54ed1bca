#include "actor/recsim/catalogue_of.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "actor/recsim/history_scenario.h"
#include "actor/recsim/model_scenario.h"
#include "actor/scenarios/interest_evolution/model.h"
#include "actor/scenarios/known_q/model.h"
#include "common/rl/step_buffer.h"

namespace recbots {
namespace {

std::unique_ptr<Scenario> Videos(CandidateRefresh refresh, uint64_t seed = 3, int users_per_session = 1) {
  InterestEvolutionOptions options;
  options.candidate_refresh = refresh;
  return ModelScenario<InterestEvolutionModel>::Create(options, seed, users_per_session).value();
}

TEST(CatalogueOfTest, IsWhatEveryUserIsOfferedAtEveryStep) {
  for (const int session : {1, 4}) {
    const std::unique_ptr<Scenario> scenario = Videos(CandidateRefresh::kNever, 3, session);
    const std::shared_ptr<const Catalogue> catalogue = CatalogueOf(*scenario);
    ASSERT_NE(catalogue, nullptr);
    EXPECT_EQ(catalogue->num_items(), scenario->spec().num_candidates);
    EXPECT_EQ(catalogue->num_features(), scenario->spec().num_candidate_features);
    StepBuffer step(scenario->spec(), 8);
    const std::unique_ptr<Environment> environment = scenario->MakeEnvironment(8, /*first_stream=*/40);
    step.Reset(*environment);
    for (size_t i = 0; i < step.slates.size(); ++i) {
      step.slates[i] = static_cast<int32_t>(i % static_cast<size_t>(scenario->spec().slate_size));
    }
    const std::vector<float>& items = catalogue->features();
    for (int i = 0; i < 50; ++i) {
      for (auto user = step.candidates.begin(); user != step.candidates.end(); user += std::ssize(items)) {
        ASSERT_TRUE(std::equal(items.begin(), items.end(), user)) << "step " << i;
      }
      ASSERT_TRUE(step.Step(*environment).ok());
      step.Advance();
    }
  }
}

TEST(CatalogueOfTest, ItsVersionChangesWithTheItems) {
  const std::string version = CatalogueOf(*Videos(CandidateRefresh::kNever))->version();
  EXPECT_EQ(version, CatalogueOf(*Videos(CandidateRefresh::kNever))->version());
  EXPECT_EQ(version, CatalogueOf(*Videos(CandidateRefresh::kNever, 3, /*users_per_session=*/4))->version());
  EXPECT_NE(version, CatalogueOf(*Videos(CandidateRefresh::kNever, /*seed=*/4))->version());
  EXPECT_EQ(Catalogue({0, 1, 2, 3, 4, 5}, 2).version().substr(0, 30), "3 items of 2 features, crc32c ");
}

TEST(CatalogueOfTest, ThereIsNoneWhereCandidatesChangeOrHaveNoFeatures) {
  EXPECT_EQ(CatalogueOf(*Videos(CandidateRefresh::kEveryStep)), nullptr);
  EXPECT_EQ(CatalogueOf(*Videos(CandidateRefresh::kEveryEpisode)), nullptr);
  EXPECT_EQ(CatalogueOf(*ModelScenario<KnownQModel>::Create({}, 3).value()), nullptr);
}

TEST(CatalogueOfTest, HistoryChangesNoItem) {
  const std::unique_ptr<Scenario> remembers =
      HistoryScenario::Create(Videos(CandidateRefresh::kNever), {.clock = 5}).value();
  EXPECT_EQ(CatalogueOf(*remembers)->version(), CatalogueOf(*Videos(CandidateRefresh::kNever))->version());
}

}  // namespace
}  // namespace recbots

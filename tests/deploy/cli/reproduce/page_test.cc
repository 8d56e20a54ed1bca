#include "deploy/cli/reproduce/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/cli/figures/page_text.h"
#include "deploy/cli/reproduce/orderings.h"
#include "deploy/cli/reproduce/row_values.h"
#include "tests/deploy/cli/reproduce/made_up_results.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MakeReproduction;
using testing::MakeResult;
using ::testing::Not;

constexpr char kPage[] =
    R"page(# SlateQ: published results beside ours

Written by `recbots reproduce slateq` (deploy/cli/reproduce); change nothing here by hand.

![Reward over environment steps](slateq.svg)

## The paper's table
Ie et al. 2019 (arXiv:1905.12767, section 7), interest evolution with 10 candidates and slates of 3. As in the code it came
with, no click is worth nothing. TS, GS, OS: top-k, greedy, optimal slates when serving; TT, GT, OT when learning; MYOP looks
no step ahead; FSQ values whole slates. Where the paper has two figures, the second is from its runs of FSQ.

|  | policy | paper | ours | difference | within | quality, paper | quality, ours | seeds | gap closed |
|---|---|---|---|---|---|---|---|---|---|
| E1 | Random | 159.2 / 160.6 | 160.5 +- 0.6 | -0.1 % | yes (0.5 %) | -0.593 | -0.500 | 160.2, 160.5, 160.8 | 0.4 % |
| E2 | MYOP-TS | 166.3 | 168.0 +- 2.5 | +1.0 % | yes (1.5 %) | -0.543 | -0.500 | 167.0, 168.0, 169.0 | 6.7 % |
| E3 | SARSA-TS | 168.4 | 170.0 +- 1.2 | +1.0 % | yes (1.5 %) | -0.491 | -0.500 | 169.5, 170.0, 170.5 | 8.3 % |
| E9 | QL-OT-OS | 174.6 | 180.0 +- 2.5 | +3.1 % | **no** (1.5 %) | -0.306 | -0.500 | 179.0, 180.0, 181.0 | 16.7 % |
| E10 | FSQ | 164.2 | 165.0 +- 2.5 | +0.5 % | - | -0.507 | -0.500 | 164.0, 165.0, 166.0 | 4.2 % |

The order MYOP < TS < GS/OS holds: MYOP 168.0 to 168.0, TS 170.0 to 170.0, GS/OS 180.0 to 180.0.
On the same users: random 160.0, myopic 168.0, best_constant 200.0, optimal 280.0. *Gap closed* goes from random to optimal.

## Beyond the paper
The same decomposition with a value of no click, discount 1. The bot sees a video's topic alone; the best known policy is
told its quality, and what a minute of the user's time is worth.

|  | configuration | env steps | wanted of every seed | ours | seeds | held | quality | random | myopic | best known | gap closed |
|---|---|---|---|---|---|---|---|---|---|---|---|
| no click has a value | `interest_evolution` | 300,000 | >= 250 | 252.0 +- 2.5 | 251.0, 252.0, 253.0 | yes | -0.500 | 160.0 | 168.0 | 280.0 | 76.7 % |
| clicks learnt from the data | `interest_evolution_learned_clicks` | 300,000 | - | 244.5 +- 57.2 | 240.0, 249.0 | - | -0.500 | 160.0 | 168.0 | 280.0 | 70.4 % |

## Clicks learnt from the data
Log-likelihood of the clicks of rows that were held out, in nats per slate, at the end of a run.

|  | seed | learnt from clicks | true model |
|---|---|---|---|
| clicks learnt from the data | 1 | -1.2346 | -1.2000 |

## Candidates from a proposal
Wolpertinger for slates: an actor points into the space of videos, and the slate is composed of the nearest candidates
alone (`interest_evolution_proposal`).

| candidates valued | ours | seeds | share of all | gap closed |
|---|---|---|---|---|
| 5 % | 200.0 +- 0.5 | 200.0 | 80.0 % | 33.3 % |
| 10 % | 230.0 +- 0.5 | 230.0 | 92.0 % | 58.3 % |
| 20 % | 244.0 +- 0.5 | 244.0 | 97.6 % | 70.0 % |
| 100 % | 250.0 +- 0.5 | 250.0 | 100.0 % | 75.0 % |

The published order, 5 % below 10 % and 10 % not above all candidates, holds; 20 % has at least 97 % of all: holds.
On the same users: random 160.0, myopic 168.0, best_constant 200.0, optimal 280.0. *Gap closed* goes from random to optimal.

## Long-term satisfaction
What the bot sees of a user's exposure is the history of the episode. The optimum knows it. Returns are
so noisy that 100,000 users are played.

|  | random | best constant | optimum | ours | seeds: share of the gap above the constant | wanted | held |
|---|---|---|---|---|---|---|---|
| long-term satisfaction, hard | 160.0 | 200.0 | 280.0 | 268.0 +- 9.9 | 80.0 %, 85.0 %, 90.0 % | >= 80.0 % | yes |

## Interest exploration
Clicks per impression in per cent; wanted is what UCB1 has, which meets every user as a stranger too.

|  | random | best known | wanted | ours | seeds | held |
|---|---|---|---|---|---|---|
| interest exploration X1 | 15.50 | 29.25 | >= 24.3 | 60.50 +- 6.35 | 60.00, 61.00 | yes |

## What other libraries ask of themselves
Rewards at which their own tests of SlateQ pass, and ours in the same setting after as many steps.

| library and its test | env steps | its bar | random | ours | seeds | held | above random, against its bar |
|---|---|---|---|---|---|---|---|
| ReAgent, slate_q_recsim_online: m = 10, k = 3 | 300,000 | 154.0 | 160.0 | 180.0 +- 0.5 | 180.0 | yes | the bar is below random |
| RLlib, interest-evolution-50-candidates: m = 50, k = 2 | 300,000 | 162.0 | 160.0 | 180.0 +- 0.0 | 180.0, 180.0, 180.0 | yes | 10.0 times |

## Wall time in the cluster
`recbots cluster deploy/config/interest_evolution.textproto`, alone on the machine: replay, learner, actor and evaluator.

|  | env steps | seconds of the run | wanted | held | start to end | reward |
|---|---|---|---|---|---|---|
| all roles as processes | 300,000 | 100.0 | <= 120 | yes | 103.5 | 250.0 +- 0.5 |

## Runs that failed
Their figures are missing above.

| experiment | what happened |
|---|---|
| ours/learned-clicks | seed 3: ended with code 1: `out of luck` |

## How it was measured
`recbots reproduce slateq` on 2026-11-27: 3 seed(s), 2 run(s) at a time on 2 processor(s) (Some processor, family 1, model 2), 2 h 3 min in all, 4 runs of an earlier time not counted.

Every run is `recbots train CONFIG` with another seed. Its last weights are played greedily on 5,000 users whom
no training has met, other users for each seed, the same for all policies. +- is the 95 % confidence interval of the mean over
seeds, from their spread (Student's t), which holds the chance of users and of training; with one seed it is that of users alone.
)page";

TEST(PageTest, HasEveryTable) { EXPECT_EQ(ReproductionPage(MakeReproduction(), "slateq.svg"), kPage); }

TEST(PageTest, LeavesOutWhatWasNotRun) {
  Reproduction reproduction = MakeReproduction();
  reproduction.results = {MakeResult("paper/fsq", {164})};
  const std::string page = ReproductionPage(reproduction, "");
  EXPECT_THAT(page, HasSubstr("| E10 | FSQ | 164.2 | 164.0 +- 0.5 |"));
  for (const char* part : {"![", "## Beyond", "## Clicks", "## Candidates", "## Long", "## Interest", "## What",
                           "## Wall", "## Runs", "The order", "quick look"}) {
    EXPECT_THAT(page, Not(HasSubstr(part)));
  }
}

TEST(PageTest, SaysThatItIsAQuickLook) {
  Reproduction reproduction = MakeReproduction();
  reproduction.scale = 0.05;
  EXPECT_THAT(ReproductionPage(reproduction, ""), HasSubstr("every run had 0.05 of its training steps. These are not"));
}

TEST(PageTest, ARowOfWhichEveryRunFailedHasNoFigures) {
  Reproduction reproduction = MakeReproduction();
  reproduction.results.clear();
  for (const char* name : {"paper/ql-ot-os", "ours/300k", "proposal/5-percent", "long-term-satisfaction",
                           "interest-exploration", "libraries/reagent", "cluster/300k"}) {
    reproduction.results.push_back(MakeResult(name, {}));
    reproduction.results.back().references.clear();
    reproduction.results.back().failures = {"seed 1: ended with code 2"};
  }
  const std::string page = ReproductionPage(reproduction, "");
  EXPECT_THAT(page, HasSubstr("| E9 | QL-OT-OS | 174.6 | - | - | - | -0.306 | - | - | - |"));
  EXPECT_THAT(page, HasSubstr("| cluster/300k | seed 1: ended with code 2 |"));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(PageTest, PlotsTheCurvesThatAreMeantToBe) {
  const Plot plot = ReproductionPlot(MakeReproduction());
  std::vector<std::string> labels, levels;
  for (const PlotSeries& series : plot.series) labels.push_back(series.label);
  for (const PlotLevel& level : plot.levels) levels.push_back(level.label);
  EXPECT_THAT(labels, ElementsAre("SARSA-TS as in the paper", "QL-OT-OS as in the paper", "FSQ as in the paper",
                                  "no click has a value"));
  EXPECT_THAT(levels, ElementsAre("random 160.0", "myopic 168.0", "best known 280.0"));
  EXPECT_DOUBLE_EQ(plot.series[1].y.back(), 180);
  EXPECT_DOUBLE_EQ(plot.series[1].low.back(), 179);
  EXPECT_DOUBLE_EQ(plot.series[1].high.back(), 181);
}

TEST(RowValuesTest, EverySeedHasToHoldTheBar) {
  EXPECT_EQ(HoldsBar(MakeResult("ours/300k", {250, 260, 255})), true);
  EXPECT_EQ(HoldsBar(MakeResult("ours/300k", {249.9, 260, 255})), false);
  EXPECT_EQ(HoldsBar(MakeResult("ours/300k", {})), std::nullopt);
  EXPECT_EQ(HoldsBar(MakeResult("ours/no-history", {300})), std::nullopt);
  EXPECT_EQ(HoldsBar(MakeResult("long-term-satisfaction", {264})), true);  // 64 of 80.
  EXPECT_EQ(HoldsBar(MakeResult("long-term-satisfaction", {263})), false);
  ExperimentResult cluster = MakeResult("cluster/300k", {250});
  EXPECT_EQ(HoldsBar(cluster), true);  // Seconds: the fewer the better.
  cluster.seeds[0].train_seconds = 121;
  EXPECT_EQ(HoldsBar(cluster), false);
}

TEST(RowValuesTest, TheNearestPublishedFigureCounts) {
  EXPECT_NEAR(*DifferenceToPublished(MakeResult("paper/random", {160.4})), -0.2 / 160.6, 1e-9);
  EXPECT_EQ(WithinTolerance(MakeResult("paper/random", {160.4})), true);
  EXPECT_EQ(WithinTolerance(MakeResult("paper/random", {162})), false);
  EXPECT_EQ(WithinTolerance(MakeResult("paper/fsq", {164})), std::nullopt);
  EXPECT_EQ(DifferenceToPublished(MakeResult("ours/300k", {250})), std::nullopt);
}

TEST(OrderingsTest, EveryOneOfAGroupHasToBeBelowEveryOneOfTheNext) {
  const ExperimentResult myopic = MakeResult("paper/myop-gs", {168}), top_k = MakeResult("paper/ql-ot-ts", {169}),
                         greedy = MakeResult("paper/sarsa-gs", {172}), optimal = MakeResult("paper/ql-ot-os", {168.5}),
                         random = MakeResult("paper/random", {160});
  EXPECT_EQ(PaperOrderText({&random, &myopic, &top_k, &greedy}),
            "The order MYOP < TS < GS/OS holds: MYOP 168.0 to 168.0, TS 169.0 to 169.0, GS/OS 172.0 to 172.0.\n");
  EXPECT_THAT(PaperOrderText({&myopic, &top_k, &greedy, &optimal}), HasSubstr("MYOP < TS < GS/OS **does not hold**"));
  EXPECT_EQ(PaperOrderText({&random, &myopic}), "");
}

TEST(OrderingsTest, ProposalsComeNearerTheMoreTheyRetrieve) {
  std::vector<ExperimentResult> results = {
      MakeResult("proposal/5-percent", {200}), MakeResult("proposal/10-percent", {199}),
      MakeResult("proposal/20-percent", {243}), MakeResult("proposal/100-percent", {250})};
  std::vector<const ExperimentResult*> rows;
  for (const ExperimentResult& result : results) rows.push_back(&result);
  EXPECT_EQ(
      ProposalOrderText(rows),
      "The published order, 5 % below 10 % and 10 % not above all candidates, **does not hold**; 20 % has at least "
      "97 % of all: holds.\n");
  rows.pop_back();
  EXPECT_EQ(ProposalOrderText(rows), "");
}

TEST(PageTextTest, NumbersAreReadable) {
  EXPECT_EQ(FixedText(std::nullopt, 1), "-");
  EXPECT_EQ(IntervalText({174.26, 0.449}, 1), "174.3 +- 0.4");
  EXPECT_EQ(PercentText(0.116), "11.6 %");
  EXPECT_EQ(PercentText(0.0123, /*sign=*/true), "+1.2 %");
  EXPECT_EQ(CountText(3000000), "3,000,000");
  EXPECT_EQ(DurationText(59.6), "1 min 0 s");
  EXPECT_EQ(DurationText(5040), "1 h 24 min");
  EXPECT_EQ(DurationText(3), "3 s");
}

}  // namespace
}  // namespace recbots

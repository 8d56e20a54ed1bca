#include "deploy/cli/reproduce/page.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "deploy/cli/figures/page_text.h"
#include "deploy/cli/reproduce/orderings.h"
#include "deploy/cli/reproduce/row_values.h"

namespace recbots {
namespace {

constexpr int kPlotPoints = 200;

// The paragraphs above the tables.
constexpr char kPaperIntro[] =
    R"(Ie et al. 2019 (arXiv:1905.12767, section 7), interest evolution with 10 candidates and slates of 3. As in the code it came
with, no click is worth nothing. TS, GS, OS: top-k, greedy, optimal slates when serving; TT, GT, OT when learning; MYOP looks
no step ahead; FSQ values whole slates. Where the paper has two figures, the second is from its runs of FSQ.)";
constexpr char kOursIntro[] =
    R"(The same decomposition with a value of no click, discount 1. The bot sees a video's topic alone; the best known policy is
told its quality, and what a minute of the user's time is worth.)";
constexpr char kClicksIntro[] =
    R"(Log-likelihood of the clicks of rows that were held out, in nats per slate, at the end of a run.)";
constexpr char kProposalIntro[] =
    R"(Wolpertinger for slates: an actor points into the space of videos, and the slate is composed of the nearest candidates
alone (`interest_evolution_proposal`).)";
constexpr char kLongTermIntro[] =
    R"(What the bot sees of a user's exposure is the history of the episode. The optimum knows it. Returns are
so noisy that 100,000 users are played.)";
constexpr char kExplorationIntro[] =
    R"(Clicks per impression in per cent; wanted is what UCB1 has, which meets every user as a stranger too.)";
constexpr char kLibrariesIntro[] =
    R"(Rewards at which their own tests of SlateQ pass, and ours in the same setting after as many steps.)";
constexpr char kClusterIntro[] =
    R"(`recbots cluster deploy/config/interest_evolution.textproto`, alone on the machine: replay, learner, actor and evaluator.)";

// The rest of the sentence that begins with the number of users.
constexpr char kMethod[] =
    R"( users whom
no training has met, other users for each seed, the same for all policies. +- is the 95 % confidence interval of the mean over
seeds, from their spread (Student's t), which holds the chance of users and of training; with one seed it is that of users alone.
)";

std::vector<const ExperimentResult*> InSection(const Reproduction& reproduction, Section section) {
  std::vector<const ExperimentResult*> results;
  for (const ExperimentResult& result : reproduction.results) {
    if (result.experiment.section == section) results.push_back(&result);
  }
  return results;
}

// A heading, a paragraph, a table and the text below it; empty if the table is.
std::string SectionText(const std::string& heading, const std::string& before, const MarkdownTable& table,
                        const std::string& after = "") {
  if (table.empty()) return "";
  return absl::StrCat("\n## ", heading, "\n", before, before.empty() ? "" : "\n\n", table.Text(),
                      after.empty() ? "" : "\n", after);
}

std::string ReferenceText(const ExperimentResult& result, const std::string& name, int decimals = 1) {
  const ReferenceResult* const reference = result.Find(name);
  return reference == nullptr ? "-" : FixedText(reference->played.reward, decimals);
}

std::optional<double> GapClosed(const ExperimentResult& result) {
  return ShareFromReference(result, RowInterval(result).mean, "random");
}

// "On the same users: random 160.4, myopic 167.7, mean_quality 264.1, fractional 280.2."
std::string ReferencesText(const ExperimentResult& result) {
  if (result.references.empty()) return "";
  std::vector<std::string> parts;
  for (const ReferenceResult& reference : result.references) {
    parts.push_back(absl::StrCat(reference.name, " ", FixedText(reference.played.reward, 1)));
  }
  return absl::StrCat("On the same users: ", absl::StrJoin(parts, ", "), ". *Gap closed* goes from random to ",
                      result.references.back().name, ".\n");
}

std::string PaperSection(const Reproduction& reproduction) {
  MarkdownTable table({"", "policy", "paper", "ours", "difference", "within", "quality, paper", "quality, ours",
                       "seeds", "gap closed"});
  const std::vector<const ExperimentResult*> results = InSection(reproduction, Section::kPaper);
  for (const ExperimentResult* result : results) {
    const Experiment& experiment = result->experiment;
    std::vector<std::string> published;
    for (const double value : experiment.published) published.push_back(FixedText(value, 1));
    const std::optional<bool> within = WithinTolerance(*result);
    table.Add({experiment.id, experiment.title, absl::StrJoin(published, " / "), IntervalText(RowInterval(*result), 1),
               PercentText(DifferenceToPublished(*result), /*sign=*/true),
               within.has_value() ? absl::StrCat(YesText(within), " (", PercentText(experiment.tolerance), ")") : "-",
               FixedText(experiment.published_quality, 3), FixedText(MeanQuality(*result), 3),
               ListText(SeedValues(*result), 1), PercentText(GapClosed(*result))});
  }
  std::string after = PaperOrderText(results);
  if (!results.empty()) after += ReferencesText(*results.front());
  return SectionText("The paper's table", kPaperIntro, table, after);
}

std::string OursSection(const Reproduction& reproduction) {
  MarkdownTable table({"", "configuration", "env steps", "wanted of every seed", "ours", "seeds", "held", "quality",
                       "random", "myopic", "best known", "gap closed"});
  for (const ExperimentResult* result : InSection(reproduction, Section::kOurs)) {
    const Experiment& experiment = result->experiment;
    table.Add({experiment.title, absl::StrCat("`", experiment.config, "`"), CountText(result->env_steps),
               experiment.bar.has_value() ? absl::StrCat(">= ", FixedText(experiment.bar, 0)) : "-",
               IntervalText(RowInterval(*result), 1), ListText(SeedValues(*result), 1), YesText(HoldsBar(*result)),
               FixedText(MeanQuality(*result), 3), ReferenceText(*result, "random"), ReferenceText(*result, "myopic"),
               result->references.empty() ? "-" : FixedText(result->references.back().played.reward, 1),
               PercentText(GapClosed(*result))});
  }
  return SectionText("Beyond the paper", kOursIntro, table);
}

std::string ClicksSection(const Reproduction& reproduction) {
  MarkdownTable table({"", "seed", "learnt from clicks", "true model"});
  for (const ExperimentResult& result : reproduction.results) {
    for (const SeedResult& seed : result.seeds) {
      const auto learnt = seed.losses.find("click_log_likelihood");
      const auto given = seed.losses.find("click_log_likelihood_given");
      if (learnt == seed.losses.end()) continue;
      table.Add({result.experiment.title, absl::StrCat(seed.seed), FixedText(learnt->second, 4),
                 given == seed.losses.end() ? "-" : FixedText(given->second, 4)});
    }
  }
  return SectionText("Clicks learnt from the data", kClicksIntro, table);
}

std::string ProposalSection(const Reproduction& reproduction) {
  const std::vector<const ExperimentResult*> results = InSection(reproduction, Section::kProposal);
  MarkdownTable table({"candidates valued", "ours", "seeds", "share of all", "gap closed"});
  const ExperimentResult* all = nullptr;
  for (const ExperimentResult* result : results) {
    if (result->experiment.candidate_share == 1 && !result->seeds.empty()) all = result;
  }
  for (const ExperimentResult* result : results) {
    const double mean = RowInterval(*result).mean;
    table.Add({result->experiment.title, IntervalText(RowInterval(*result), 1), ListText(SeedValues(*result), 1),
               all == nullptr ? "-" : PercentText(mean / RowInterval(*all).mean), PercentText(GapClosed(*result))});
  }
  std::string after = ProposalOrderText(results);
  if (!results.empty()) after += ReferencesText(*results.front());
  return SectionText("Candidates from a proposal", kProposalIntro, table, after);
}

std::string LongTermSection(const Reproduction& reproduction) {
  MarkdownTable table({"", "random", "best constant", "optimum", "ours", "seeds: share of the gap above the constant",
                       "wanted", "held"});
  for (const ExperimentResult* result : InSection(reproduction, Section::kLongTerm)) {
    std::vector<std::string> shares;
    for (const double share : SeedValues(*result)) shares.push_back(PercentText(share));
    table.Add({result->experiment.title, ReferenceText(*result, "random"), ReferenceText(*result, "best_constant"),
               ReferenceText(*result, "optimal"), IntervalText(RowInterval(*result), 1), absl::StrJoin(shares, ", "),
               absl::StrCat(">= ", PercentText(result->experiment.bar)), YesText(HoldsBar(*result))});
  }
  return SectionText("Long-term satisfaction", kLongTermIntro, table);
}

std::string ExplorationSection(const Reproduction& reproduction) {
  MarkdownTable table({"", "random", "best known", "wanted", "ours", "seeds", "held"});
  const auto clicks = [](const ReferenceResult& reference) { return FixedText(reference.played.click_percent, 2); };
  for (const ExperimentResult* result : InSection(reproduction, Section::kExploration)) {
    const bool known = !result->references.empty();
    table.Add({result->experiment.title, known ? clicks(result->references.front()) : "-",
               known ? clicks(result->references.back()) : "-",
               absl::StrCat(">= ", FixedText(result->experiment.bar, 1)), IntervalText(RowInterval(*result), 2),
               ListText(SeedValues(*result), 2), YesText(HoldsBar(*result))});
  }
  return SectionText("Interest exploration", kExplorationIntro, table);
}

// How far the result is above random play, as a multiple of how far the bar is.
std::string FactorText(const ExperimentResult& result) {
  const ReferenceResult* const random = result.Find("random");
  if (random == nullptr || result.seeds.empty()) return "-";
  const double asked = *result.experiment.bar - random->played.reward;
  if (!(asked > 0)) return "the bar is below random";
  return absl::StrFormat("%.1f times", (RowInterval(result).mean - random->played.reward) / asked);
}

std::string LibrariesSection(const Reproduction& reproduction) {
  MarkdownTable table({"library and its test", "env steps", "its bar", "random", "ours", "seeds", "held",
                       "above random, against its bar"});
  for (const ExperimentResult* result : InSection(reproduction, Section::kLibraries)) {
    table.Add({result->experiment.title, CountText(result->env_steps), FixedText(result->experiment.bar, 1),
               ReferenceText(*result, "random"), IntervalText(RowInterval(*result), 1),
               ListText(SeedValues(*result), 1), YesText(HoldsBar(*result)), FactorText(*result)});
  }
  return SectionText("What other libraries ask of themselves", kLibrariesIntro, table);
}

std::string ClusterSection(const Reproduction& reproduction) {
  MarkdownTable table({"", "env steps", "seconds of the run", "wanted", "held", "start to end", "reward"});
  for (const ExperimentResult* result : InSection(reproduction, Section::kCluster)) {
    table.Add({result->experiment.title, CountText(result->env_steps), ListText(SeedValues(*result), 1),
               absl::StrCat("<= ", FixedText(result->experiment.bar, 0)), YesText(HoldsBar(*result)),
               result->seeds.empty() ? "-" : FixedText(result->seeds.front().command_seconds, 1),
               IntervalText(RowInterval(*result), 1)});
  }
  return SectionText("Wall time in the cluster", kClusterIntro, table);
}

std::string FailuresSection(const Reproduction& reproduction) {
  MarkdownTable table({"experiment", "what happened"});
  for (const ExperimentResult& result : reproduction.results) {
    for (const std::string& failure : result.failures) table.Add({result.experiment.name, failure});
  }
  return SectionText("Runs that failed", "Their figures are missing above.", table);
}

std::string MethodSection(const Reproduction& reproduction) {
  std::string text = absl::StrCat("\n## How it was measured\n`", reproduction.command, "` on ", reproduction.date, ": ",
                                  reproduction.num_seeds, " seed(s), ", reproduction.jobs, " run(s) at a time on ",
                                  reproduction.num_processors, " processor(s) (", reproduction.processor, "), ",
                                  DurationText(reproduction.wall_seconds), " in all");
  if (reproduction.num_reused > 0)
    absl::StrAppend(&text, ", ", reproduction.num_reused, " runs of an earlier time not counted");
  absl::StrAppend(&text, ".\n\nEvery run is `recbots train CONFIG` with another seed. Its last weights are played ",
                  "greedily on ", CountText(reproduction.episodes), kMethod);
  return text;
}

}  // namespace

std::string ReproductionPage(const Reproduction& reproduction, const std::string& plot_file) {
  std::string page =
      "# SlateQ: published results beside ours\n\nWritten by `recbots reproduce slateq` (deploy/cli/reproduce); change "
      "nothing here by hand.\n";
  if (reproduction.scale != 1) {
    absl::StrAppendFormat(&page,
                          "\n**A quick look: every run had %g of its training steps. These are not the results.**\n",
                          reproduction.scale);
  }
  if (!plot_file.empty()) absl::StrAppend(&page, "\n![Reward over environment steps](", plot_file, ")\n");
  absl::StrAppend(&page, PaperSection(reproduction), OursSection(reproduction), ClicksSection(reproduction),
                  ProposalSection(reproduction), LongTermSection(reproduction), ExplorationSection(reproduction));
  absl::StrAppend(&page, LibrariesSection(reproduction), ClusterSection(reproduction), FailuresSection(reproduction),
                  MethodSection(reproduction));
  return page;
}

Plot ReproductionPlot(const Reproduction& reproduction) {
  Plot plot;
  plot.title = "Interest evolution, 10 candidates, slates of 3: mean and range of the seeds";
  plot.x_label = "environment steps";
  plot.y_label = "reward of an episode, greedy";
  for (const ExperimentResult& result : reproduction.results) {
    if (!result.experiment.plotted) continue;
    std::vector<Curve> curves;
    for (const SeedResult& seed : result.seeds) curves.push_back(seed.curve);
    CurveBand band = MakeBand(curves, kPlotPoints);
    if (band.mean.empty()) continue;
    plot.series.push_back(
        {absl::StrCat(result.experiment.title, result.experiment.section == Section::kPaper ? " as in the paper" : ""),
         std::move(band.env_steps), std::move(band.mean), std::move(band.low), std::move(band.high)});
    if (!plot.levels.empty() || result.references.empty()) continue;
    for (const char* name : {"random", "myopic"}) {
      const ReferenceResult* const reference = result.Find(name);
      if (reference != nullptr) {
        plot.levels.push_back(
            {absl::StrCat(name, " ", FixedText(reference->played.reward, 1)), reference->played.reward});
      }
    }
    const double best = result.references.back().played.reward;
    plot.levels.push_back({absl::StrCat("best known ", FixedText(best, 1)), best});
  }
  return plot;
}

}  // namespace recbots
